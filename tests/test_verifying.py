"""The command ``wordbridge verify``."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.manifest.manifest_toys import RESULTS, UPPER, write_record, write_tree
from wordbridge.cli import app
from wordbridge.manifest.exceptions import EXCEPTIONS


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
