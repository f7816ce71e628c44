"""Two trees of results: the same bytes, or which jobs departed and in what they differ."""

import shutil
from pathlib import Path

import pytest

from tests.manifest.manifest_toys import RESULTS, TABLE, UPPER, facts, write_record, write_tree
from wordbridge.errors import InputError
from wordbridge.manifest.comparison import compare
from wordbridge.manifest.exceptions import EXCEPTIONS


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return write_tree(tmp_path / "a longer name")


def test_files_that_may_vary_are_not_compared(results: Path, other: Path):
    for folder in [one.folder for one in EXCEPTIONS]:
        (other / folder / "own").write_text("of this run")
    (other / "timings/upper.json").write_text("[]")
    made = compare(results, other)
    assert made.same
    assert made.files == 2


def test_the_folder_of_all_experiments_may_be_named(results: Path, other: Path):
    assert compare(results, other.parent).other == str(other)


def test_the_first_job_that_departs_is_told_from_those_that_follow(results: Path, other: Path):
    (other / "upper/1.txt").write_text("ABD")
    (other / "table.tsv").write_text("ABD\t3\n")
    changes = {
        "device": "a GPU",
        "params": {"settings": {"case": {"of": "numbers"}, "size": 3}},
        "versions": {"numpy": "2.2"},
    }
    write_record(other.parents[1], UPPER | changes)
    first, second = compare(results, other).departures
    assert (first.job, first.paths, first.follows) == (
        "upper 1",
        (f"{RESULTS}/upper/1.txt",),
        False,
    )
    assert list(map(str, first.facts)) == [
        "params.settings.case.of: letters -> numbers",
        "versions.numpy: 2.1 -> 2.2",
        "device: cpu -> a GPU",
    ]
    assert (second.job, second.follows, second.facts) == ("table", True, ())


def test_all_files_of_a_job_tell_what_it_read_and_what_made_them_there(results: Path, other: Path):
    """The first of a job's files may be one that the other side has no record of."""
    both = UPPER | {"outputs": {**UPPER["outputs"], f"{RESULTS}/upper/2.txt": facts("abc")}}
    for place in (results, other):
        (place / "upper/2.txt").write_text("abc")
    write_record(results.parents[1], both)
    second = {"outputs": {f"{RESULTS}/upper/2.txt": facts("abd")}, "python": "3.13.1"}
    write_record(other.parents[1], both | second)
    (other / "upper/1.txt").write_text("ABD")
    (other / "upper/2.txt").write_text("abd")
    (found,) = compare(results, other).departures
    assert found.paths == (f"{RESULTS}/upper/1.txt", f"{RESULTS}/upper/2.txt")
    assert list(map(str, found.facts)) == ["python: 3.11.7 -> 3.13.1"]


def test_files_of_one_side_only_are_named(results: Path, other: Path):
    (results / "table.tsv").unlink()
    (other / "upper/1.txt").unlink()
    made = compare(results, other)
    assert not made.same
    assert (made.only_here, made.only_there) == (("upper/1.txt",), ("table.tsv",))


def test_a_file_that_nobody_can_read_is_named(results: Path, other: Path):
    (other / "upper/1.txt").unlink()
    (other / "upper/1.txt").symlink_to("nowhere")
    with pytest.raises(InputError, match=r"upper/1\.txt: expected a file to compare, got 'No such"):
        compare(results, other)


def test_a_differing_file_without_a_record_is_named_too(results: Path, other: Path):
    for place in (results, other):
        shutil.rmtree(place / "manifest")
        write_record(place.parents[1], TABLE)
    (other / "upper/1.txt").write_text("ABD")
    (found,) = compare(results, other).departures
    assert (found.job, found.follows) == ("no recorded job", False)
