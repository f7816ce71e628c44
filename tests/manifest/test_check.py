"""Which files are not as their jobs recorded them."""

import os
import shutil
from pathlib import Path

import pytest

from tests.manifest.manifest_toys import RESULTS, TABLE, TEXTS, UPPER, facts, write_record
from wordbridge.errors import InputError
from wordbridge.manifest.check import Finding, check
from wordbridge.manifest.records import read_manifest

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
