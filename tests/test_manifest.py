"""The command ``wordbridge verify``.

Which files are not as their jobs recorded them.

Two trees of results: the same bytes, or which jobs departed and in what they differ.

What a file comes from.

Nested values compared.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.manifest_toys import RESULTS, TABLE, TEXTS, UPPER, facts, write_record, write_tree
from wordbridge.cli import app
from wordbridge.errors import InputError
from wordbridge.manifest import (
    EXCEPTIONS,
    Difference,
    Finding,
    check,
    compare,
    differences,
    lineage_lines,
    read_manifest,
    shown,
    trace,
)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return write_tree(tmp_path / "checkout")


def verify(*words: str | Path) -> tuple[int, list[str]]:
    """Return the exit status of ``wordbridge verify WORDS`` and its lines."""
    run = CliRunner().invoke(app, ["verify", *map(str, words)])
    return run.exit_code, run.output.splitlines()


def test_what_is_as_recorded_is_one_line(results: Path):
    status, lines = verify(results)
    assert (status, lines) == (
        0,
        [f"{results}: 3 files of 2 jobs (0.0 MB) are as recorded; "
         "benchmarks/, manifest/ have no records"],
    )  # fmt: skip


def test_what_is_not_is_named_with_its_rule_and_what_to_do(results: Path):
    (results / "table.tsv").write_text("")
    (results / "strange").write_text("")
    status, lines = verify(results)
    assert status == 1
    assert lines[0].split() == ["changed", f"{RESULTS}/table.tsv", "table"]
    assert lines[1].split() == ["unknown", f"{RESULTS}/strange"]
    assert "`snakemake --force FILE`" in lines[2]
    assert lines[-1].startswith(f"{results}: 2 differences from the manifest of 4 files of 2 jobs")


def test_json_has_the_same_in_one_object(results: Path):
    (results / "table.tsv").unlink()
    status, (line,) = verify(results, "--json")
    told = json.loads(line)
    assert status == 1
    assert told["files"] == 2
    (found,) = told["findings"]
    assert found == {
        "kind": "missing",
        "path": f"{RESULTS}/table.tsv",
        "rule": "table",
        "detail": "",
    }


def test_two_trees_are_compared_and_the_first_departure_is_explained(results: Path, tmp_path: Path):
    other = write_tree(tmp_path / "other")
    assert verify(results, "--against", other)[0] == 0
    (other / "upper/1.txt").write_text("ABD")
    write_record(other.parents[1], UPPER | {"python": "3.13.1"})
    status, lines = verify(results, "--against", other.parent)
    assert status == 1
    assert lines[:2] == [
        f"upper 1  differs by itself: {RESULTS}/upper/1.txt",
        "    python: 3.11.7 -> 3.13.1",
    ]
    assert lines[-1].endswith("not compared: benchmarks/, manifest/, timings/")
    told = json.loads(verify(results, "--against", other, "--json")[1][0])
    assert told["departures"][0]["facts"] == [["python", "3.11.7", "3.13.1"]]


@pytest.fixture
def several(results: Path) -> Path:
    """Return a folder with three experiments, one of them deeper, and something else."""
    for name in ("again", "by/hand"):
        shutil.copytree(results, results.parent / name)
    (results.parent / "notes").mkdir()
    return results.parent


def test_all_experiments_of_a_folder_are_checked(several: Path):
    status, lines = verify(several)
    assert status == 0
    assert [line.partition(":")[0] for line in lines] == [
        str(several / name) for name in ("again", "by/hand", "toy")
    ]
    (several / "by/hand/table.tsv").unlink()
    status, lines = verify(several, "--json")
    assert (status, [len(json.loads(line)["findings"]) for line in lines]) == (1, [0, 1, 0])


def test_all_experiments_are_compared_with_those_of_the_same_names(several: Path, tmp_path: Path):
    other = shutil.copytree(several.parent, tmp_path / "other") / "results"
    assert verify(several, "--against", other)[0] == 0
    (other / "again/table.tsv").write_text("")
    status, lines = verify(several, "--against", other)
    assert status == 1
    assert lines[0].endswith(f"differs by itself: {RESULTS}/table.tsv")
    shutil.rmtree(other / "again")
    status, (line,) = verify(several, "--against", other)
    assert (status, "got again on one side only; name one exp" in line) == (1, True)


def test_a_name_that_is_no_text_is_shown(results: Path):
    (results / "\udcff").write_text("")
    status, (line, *_) = verify(results)
    assert (status, line.split()) == (1, ["unknown", f"{RESULTS}/\\udcff"])


def test_the_past_of_a_file_is_told(results: Path):
    status, lines = verify("--trace", results / "table.tsv")
    assert status == 0
    assert [line.split("  ")[0] for line in lines if line[0] != " "] == [
        "fetch letters",
        "upper 1",
        "table",
        f"{RESULTS}/table.tsv",
    ]
    told = json.loads(verify("--trace", results / "table.tsv", "--json")[1][0])
    assert [job["rule"] for job in told["jobs"]] == ["fetch", "upper", "table"]


def test_the_exceptions_are_told_with_their_reasons():
    status, lines = verify("--exceptions")
    assert status == 0
    assert lines == [f"{one.folder + '/':13}{one.reason}" for one in EXCEPTIONS]


@pytest.mark.parametrize(
    ("options", "got"),
    [
        (["--trace", "x", "--against", "y"], "got --trace and --against; leave --against out"),
        (["--exceptions", "--trace", "x"], "got --trace and --exceptions; leave --exceptions out"),
        (["--exceptions", "--json"], "expected --exceptions or --json, got --exceptions and"),
    ],
)
def test_one_question_at_a_time(options: list[str], got: str):
    status, (line,) = verify(*options)
    assert (status, line.startswith("error: verify: expected"), got in line) == (1, True, True)


def test_a_folder_without_results_is_an_error_of_one_line(tmp_path: Path):
    status, lines = verify(tmp_path / "absent")
    assert (status, len(lines)) == (1, 1)
    assert lines[0].startswith(f"error: {tmp_path / 'absent'}: expected the results of an exp")


def test_nothing_slow_is_imported(results: Path):
    program = (
        "import sys\nfrom wordbridge.cli import app\n"
        "try:\n    app()\n"
        "finally:\n    print({'torch', 'snakemake', 'numpy', 'pandas'} & {*sys.modules})\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, "verify", results], capture_output=True, text=True
    )
    assert ran.stdout.splitlines()[-1] == "set()"


UPPER_FILE = f"{RESULTS}/upper/1.txt"


def findings(results: Path) -> list[Finding]:
    return list(check(read_manifest(results)).findings)


def test_all_files_are_as_recorded_wherever_the_results_lie(results: Path, tmp_path: Path):
    moved = shutil.copytree(results, tmp_path / "elsewhere")
    for place in (results, moved):
        made = check(read_manifest(place))
        assert made.findings == ()
        assert (made.files, made.jobs) == (3, 2)  # not the benchmark, not the download
        assert made.bytes == sum(len(TEXTS[name]) for name in TEXTS if RESULTS in name)


def test_a_byte_that_changed_is_found_though_the_size_is_the_same(results: Path):
    (results / "upper/1.txt").write_text("ABD")
    assert findings(results) == [Finding("changed", UPPER_FILE, "upper 1")]


def test_a_file_that_is_gone_is_missing_and_a_strange_one_unknown(results: Path):
    (results / "upper/1.txt").rename(results / "upper/2.txt")
    assert findings(results) == [
        Finding("missing", UPPER_FILE, "upper 1"),
        Finding("unknown", f"{RESULTS}/upper/2.txt", ""),
    ]


def test_files_of_a_folder_that_may_vary_are_recorded_all_the_same(results: Path):
    (results / "timings/upper.json").write_text("[]")
    assert [one.kind for one in findings(results)] == ["changed"]


def test_a_table_of_an_earlier_run_is_outdated(results: Path):
    (results / "upper/1.txt").write_text("ABCD")
    again = UPPER | {"outputs": {**UPPER["outputs"], UPPER_FILE: facts("ABCD")}}
    write_record(results.parents[1], again)
    (found,) = findings(results)
    assert found == Finding(
        "outdated", f"{RESULTS}/table.tsv", "table", f"read another {UPPER_FILE}"
    )


def test_the_last_record_that_names_a_file_counts(results: Path):
    earlier = TABLE | {"rule": "old", "ended": "2025-01-01T00:00:00+00:00"}
    write_record(
        results.parents[1], earlier | {"outputs": {f"{RESULTS}/table.tsv": facts("other")}}
    )
    assert findings(results) == []


def test_a_file_that_nobody_can_read_is_named_with_the_reason(results: Path):
    (results / "upper/1.txt").unlink()
    (results / "upper/1.txt").symlink_to("nowhere")
    os.mkfifo(results / "pipe")
    assert findings(results) == [
        Finding("unreadable", f"{RESULTS}/pipe", "", "no plain file"),
        Finding("unreadable", UPPER_FILE, "upper 1", "No such file or directory"),
    ]


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda folder: shutil.rmtree(folder), "with its manifest, got none"),
        (lambda folder: shutil.rmtree(folder.parent), "with its manifest, got no such folder"),
        (lambda folder: (folder / "table.json").write_text("{"), "table.json: expected the record"),
        (lambda folder: (folder / "table.json").write_text("[1]"), "table.json: expected the rec"),
        (lambda folder: (folder / "folder.json").mkdir(), "folder.json: expected the rec"),
        (lambda folder: (folder / "gone.json").symlink_to("x"), "gone.json: expected the rec"),
    ],
)
def test_without_a_whole_manifest_nothing_is_compared(results: Path, harm, message: str):
    harm(results / "manifest")
    with pytest.raises(InputError, match=message):
        read_manifest(results)


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


def test_a_table_is_traced_to_the_download_and_each_job_stands_after_what_it_read(results: Path):
    made = trace(results / "table.tsv")
    assert [job.name for job in made.jobs] == ["fetch letters", "upper 1", "table"]
    assert made.intact
    assert made.sources == ()


def test_a_path_from_within_the_results_is_found(results: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(results / "upper")
    assert [job.name for job in trace(Path("1.txt")).jobs] == ["fetch letters", "upper 1"]


def test_what_no_job_recorded_is_a_source(results: Path):
    shutil.rmtree(results.parents[1] / "resources/manifest")
    assert trace(results / "table.tsv").sources == ("resources/files/letters",)


def test_a_changed_file_is_not_intact(results: Path):
    (results / "table.tsv").write_text("")
    made = trace(results / "table.tsv")
    assert not made.intact
    assert list(lineage_lines(made))[-1].endswith("CHANGED since its job wrote it")


def test_the_lines_name_parameters_code_versions_and_files(results: Path):
    text = "\n".join(lineage_lines(trace(results / "upper/1.txt")))
    for words in ("upper 1", "2.5 s, 71 MB on cpu", "'size': 3", "numpy 2.1", *list(TEXTS)[:2]):
        assert words in text


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent", "got no such file"),
        ("strange", "got one that is in no record; `snakemake --force results/toy/strange`"),
        ("../strange", "below a results folder with a manifest, got none"),
    ],
)
def test_other_files_have_no_lineage(results: Path, name: str, message: str):
    for path in (results / "strange", results.parent / "strange"):
        path.write_text("")
    with pytest.raises(InputError, match=message):
        trace(results / name)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1, "b": {"c": 2}}, {"b": {"c": 2}, "a": 1}, []),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 3, "c": 2}}, [("a.b", 1, 3)]),
        ({"a": 1}, {"b": 2}, [("a", 1, "none"), ("b", "none", 2)]),
        ({"a": [1, 2]}, {"a": [2, 1]}, [("a", [1, 2], [2, 1])]),
        ({"a": {"b": 1}}, {"a": None}, [("a", {"b": 1}, None)]),
        ({"a": 1}, {"a": True}, []),
        (3, 4, [("", 3, 4)]),
    ],
)
def test_only_the_keys_that_differ_are_named(old: object, new: object, expected: list[object]):
    assert list(differences(old, new)) == expected


def test_a_difference_reads_as_old_and_new():
    assert str(Difference("a.b", 2, "x")) == "a.b: 2 -> x"


def test_long_values_are_cut():
    assert shown("x" * 60) == "x" * 60
    assert shown(["y" * 70]) == "['" + "y" * 55 + "..."
