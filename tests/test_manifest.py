"""The command ``wordbridge verify`` and its three reports."""

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
    VOLATILE_FOLDERS,
    Difference,
    Report,
    check,
    compare,
    differences,
    format_report,
    read_manifest,
    trace,
)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return write_tree(tmp_path / "checkout")


def verify(*words: str | Path) -> tuple[int, list[str]]:
    """Return the exit status of ``wordbridge verify WORDS`` and its lines."""
    run = CliRunner().invoke(app, ["verify", *map(str, words)])
    return run.exit_code, run.output.splitlines()


def test_an_intact_experiment_is_one_line(results: Path):
    status, lines = verify(results)
    assert (status, lines) == (
        0,
        [f"{results}: 3 files of 2 jobs (0.0 MB) are as recorded; "
         "benchmarks/, manifest/ have no records"],
    )  # fmt: skip


def test_an_intact_experiment_shows_the_number_formats_of_its_trainings(results: Path):
    for seed, precision in (("1", "float32"), ("2", "bfloat16")):
        text = json.dumps({"precision": precision})
        path = results / "translators" / "all" / seed / "settings.json"
        path.parent.mkdir(parents=True)
        path.write_text(text)
        outputs = {f"{RESULTS}/translators/all/{seed}/settings.json": facts(text)}
        changes = {"wildcards": {"seed": seed}, "inputs": {}, "outputs": outputs}
        write_record(results.parents[1], TABLE | changes)
    status, (line,) = verify(results)
    assert status == 0
    assert line.endswith("; trainings computed in bfloat16; trainings computed in float32")


def test_a_differing_file_has_its_rule_and_a_remedy(results: Path):
    (results / "table.tsv").write_text("")
    (results / "strange").write_text("")
    status, lines = verify(results)
    assert status == 1
    assert lines[0].split() == ["changed", f"{RESULTS}/table.tsv", "table"]
    assert lines[1].split() == ["unknown", f"{RESULTS}/strange"]
    assert "`snakemake --force FILE`" in lines[2]
    assert lines[-1].startswith(f"{results}: 2 differences from the manifest of 4 files of 2 jobs")


def test_json_is_one_object(results: Path):
    (results / "table.tsv").unlink()
    status, (line,) = verify(results, "--json")
    values = json.loads(line)
    assert status == 1
    assert (values["files"], values["ok"]) == (2, False)
    (finding,) = values["findings"]
    assert finding == {
        "kind": "missing",
        "path": f"{RESULTS}/table.tsv",
        "rule": "table",
        "detail": "",
    }


def test_a_comparison_explains_the_first_differing_job(results: Path, tmp_path: Path):
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
    values = json.loads(verify(results, "--against", other, "--json")[1][0])
    assert values["jobs"][0]["differences"] == [["python", "3.11.7", "3.13.1"]]


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


def test_experiments_behind_links_are_checked(several: Path, tmp_path: Path):
    shutil.move(several / "by", tmp_path / "disk")
    (several / "by").symlink_to(tmp_path / "disk")
    shutil.move(several / "again", tmp_path / "again")
    (several / "again").symlink_to(tmp_path / "again")
    assert [line.partition(":")[0] for line in verify(several)[1]] == [
        str(several / name) for name in ("again", "by/hand", "toy")
    ]


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


def test_a_name_that_is_not_utf_8_is_escaped(results: Path):
    (results / "\udcff").write_text("")
    status, (line, *_) = verify(results)
    assert (status, line.split()) == (1, ["unknown", f"{RESULTS}/\\udcff"])


def test_a_trace_lists_the_jobs_behind_a_file(results: Path):
    status, lines = verify("--trace", results / "table.tsv")
    assert status == 0
    assert [line.split("  ")[0] for line in lines if line[0] != " "] == [
        "fetch letters",
        "upper 1",
        "table",
        f"{RESULTS}/table.tsv",
    ]
    values = json.loads(verify("--trace", results / "table.tsv", "--json")[1][0])
    assert [job["rule"] for job in values["jobs"]] == ["fetch", "upper", "table"]


def test_trace_and_against_exclude_each_other():
    status, (line,) = verify("--trace", "x", "--against", "y")
    assert status == 1
    assert line.startswith("error: verify: expected")
    assert "got --trace and --against; leave --against out" in line


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


def findings(results: Path) -> list[list[str]]:
    """Return kind, path, rule and detail of each finding, without the empty ones."""
    return [list(filter(None, f.values())) for f in check(results).values["findings"]]


def jobs_of(report: Report) -> list[str]:
    """Return the lines of a trace that name jobs."""
    return [line.split("  ")[0] for line in report.lines[:-1] if line[0] != " "]


def test_all_files_are_as_recorded_wherever_the_results_lie(results: Path, tmp_path: Path):
    moved = shutil.copytree(results, tmp_path / "elsewhere")
    for folder in (results, moved):
        report = check(folder)
        assert report.ok
        values = report.values
        assert (values["files"], values["jobs"]) == (3, 2)  # not the benchmark, not the download
        assert values["bytes"] == sum(len(TEXTS[name]) for name in TEXTS if RESULTS in name)


def test_a_changed_byte_is_found_in_a_file_of_the_same_size(results: Path):
    (results / "upper/1.txt").write_text("ABD")
    assert findings(results) == [["changed", UPPER_FILE, "upper 1"]]


def test_a_renamed_file_is_missing_and_unknown(results: Path):
    (results / "upper/1.txt").rename(results / "upper/2.txt")
    assert findings(results) == [
        ["missing", UPPER_FILE, "upper 1"],
        ["unknown", f"{RESULTS}/upper/2.txt"],
    ]


def test_volatile_files_are_checked_against_their_records(results: Path):
    (results / "timings/upper.json").write_text("[]")
    assert [finding[0] for finding in findings(results)] == ["changed"]


def test_a_table_of_an_earlier_run_is_outdated(results: Path):
    (results / "upper/1.txt").write_text("ABCD")
    again = UPPER | {"outputs": {**UPPER["outputs"], UPPER_FILE: facts("ABCD")}}
    write_record(results.parents[1], again)
    assert findings(results) == [
        ["outdated", f"{RESULTS}/table.tsv", "table", f"read another {UPPER_FILE}"]
    ]
    remedy = "run snakemake, or delete it if its job is not planned now"
    assert verify(results)[1][1].endswith(remedy)


def test_the_last_record_that_names_a_file_counts(results: Path):
    earlier = TABLE | {"rule": "old", "ended": "2025-01-01T00:00:00+00:00"}
    write_record(
        results.parents[1], earlier | {"outputs": {f"{RESULTS}/table.tsv": facts("other")}}
    )
    assert findings(results) == []


def test_an_unreadable_file_has_a_reason(results: Path):
    (results / "upper/1.txt").unlink()
    (results / "upper/1.txt").symlink_to("nowhere")
    os.mkfifo(results / "pipe")
    assert findings(results) == [
        ["unreadable", f"{RESULTS}/pipe", "no plain file"],
        ["unreadable", UPPER_FILE, "upper 1", "No such file or directory"],
    ]


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: shutil.rmtree(folder), "with its manifest, got none"),
        (lambda folder: shutil.rmtree(folder.parent), "with its manifest, got no such folder"),
        (lambda folder: (folder / "table.json").write_text("{"), "table.json: expected the record"),
        (lambda folder: (folder / "table.json").write_text("[1]"), "table.json: expected the rec"),
        (lambda folder: (folder / "folder.json").mkdir(), "folder.json: expected the rec"),
        (lambda folder: (folder / "gone.json").symlink_to("x"), "gone.json: expected the rec"),
    ],
)
def test_a_damaged_manifest_is_an_error(results: Path, damage, message: str):
    damage(results / "manifest")
    with pytest.raises(InputError, match=message):
        read_manifest(results)


@pytest.fixture
def other(tmp_path: Path) -> Path:
    return write_tree(tmp_path / "a longer name")


def test_volatile_folders_are_not_compared(results: Path, other: Path):
    for folder in VOLATILE_FOLDERS:
        (other / folder / "own").write_text("of this run")
    (other / "timings/upper.json").write_text("[]")
    report = compare(results, other)
    assert report.ok
    assert report.values["files"] == 2


def test_the_other_folder_may_hold_the_experiment(results: Path, other: Path):
    assert compare(results, other.parent).values["other"] == str(other)


def test_the_first_differing_job_comes_before_those_that_follow(results: Path, other: Path):
    (other / "upper/1.txt").write_text("ABD")
    (other / "table.tsv").write_text("ABD\t3\n")
    changes = {
        "device": "a GPU",
        "params": {"settings": {"case": {"of": "numbers"}, "size": 3}},
        "versions": {"numpy": "2.2"},
    }
    write_record(other.parents[1], UPPER | changes)
    first, second = compare(results, other).values["jobs"]
    assert (first["job"], first["paths"], first["follows"]) == ("upper 1", [UPPER_FILE], False)
    assert list(map(str, first["differences"])) == [
        "params.settings.case.of: letters -> numbers",
        "versions.numpy: 2.1 -> 2.2",
        "device: cpu -> a GPU",
    ]
    assert (second["job"], second["follows"], second["differences"]) == ("table", True, [])


def test_the_records_of_all_files_of_a_job_are_compared(results: Path, other: Path):
    """The first of a job's files may be one that the other side has no record of."""
    both = UPPER | {"outputs": {**UPPER["outputs"], f"{RESULTS}/upper/2.txt": facts("abc")}}
    for folder in (results, other):
        (folder / "upper/2.txt").write_text("abc")
    write_record(results.parents[1], both)
    second = {"outputs": {f"{RESULTS}/upper/2.txt": facts("abd")}, "python": "3.13.1"}
    write_record(other.parents[1], both | second)
    (other / "upper/1.txt").write_text("ABD")
    (other / "upper/2.txt").write_text("abd")
    (job,) = compare(results, other).values["jobs"]
    assert job["paths"] == [f"{RESULTS}/upper/1.txt", f"{RESULTS}/upper/2.txt"]
    assert list(map(str, job["differences"])) == ["python: 3.11.7 -> 3.13.1"]


def test_files_of_one_side_only_are_listed(results: Path, other: Path):
    (results / "table.tsv").unlink()
    (other / "upper/1.txt").unlink()
    report = compare(results, other)
    assert not report.ok
    assert report.values["only_here"] == ["upper/1.txt"]
    assert report.values["only_there"] == ["table.tsv"]


def test_an_unreadable_file_cannot_be_compared(results: Path, other: Path):
    (other / "upper/1.txt").unlink()
    (other / "upper/1.txt").symlink_to("nowhere")
    with pytest.raises(OSError, match=r"No such file .*upper/1\.txt"):
        compare(results, other)


def test_a_differing_file_may_have_no_record(results: Path, other: Path):
    for folder in (results, other):
        shutil.rmtree(folder / "manifest")
        write_record(folder.parents[1], TABLE)
    (other / "upper/1.txt").write_text("ABD")
    (job,) = compare(results, other).values["jobs"]
    assert (job["job"], job["follows"]) == ("no recorded job", False)


def test_a_trace_starts_with_the_download_and_ends_with_the_file(results: Path):
    report = trace(results / "table.tsv")
    assert jobs_of(report) == ["fetch letters", "upper 1", "table"]
    assert report.ok
    assert report.values["sources"] == []


def test_a_relative_path_is_traced(results: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(results / "upper")
    assert jobs_of(trace(Path("1.txt"))) == ["fetch letters", "upper 1"]


@pytest.mark.parametrize("folder", [Path(RESULTS), Path(RESULTS).parent])
def test_downloads_are_found_if_the_results_are_on_another_disk(
    results: Path, tmp_path: Path, folder: Path
):
    here, disk = results.parents[1] / folder, tmp_path / "other/disk"
    shutil.move(here, disk)
    here.symlink_to(disk)
    assert jobs_of(trace(results / "table.tsv")) == ["fetch letters", "upper 1", "table"]


def test_downloads_are_found_through_a_link_to_the_results(results: Path, tmp_path: Path):
    (tmp_path / "link").symlink_to(results)
    assert jobs_of(trace(tmp_path / "link/table.tsv")) == ["fetch letters", "upper 1", "table"]


@pytest.mark.parametrize("is_relative", [False, True])
def test_downloads_of_results_outside_the_working_folder_are_in_it(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_relative: bool
):
    monkeypatch.chdir(results.parents[1])
    path = tmp_path / "disk/table.tsv"
    shutil.copytree(results, path.parent, ignore=shutil.ignore_patterns("manifest"))
    folder = "../disk" if is_relative else str(path.parent)
    outputs = {f"{folder}/table.tsv": facts(TEXTS[f"{RESULTS}/table.tsv"])}
    fetched = {name: facts(TEXTS[name]) for name in ["resources/files/letters"]}
    job = TABLE | {"results": folder, "inputs": fetched, "outputs": outputs}
    write_record(results.parents[1], job)
    assert jobs_of(trace(path)) == ["fetch letters", "table"]


def test_an_input_without_a_record_is_a_source(results: Path):
    shutil.rmtree(results.parents[1] / "resources/manifest")
    assert trace(results / "table.tsv").values["sources"] == ["resources/files/letters"]


def test_a_changed_file_is_not_intact(results: Path):
    (results / "table.tsv").write_text("")
    report = trace(results / "table.tsv")
    assert not report.ok
    assert report.lines[-1].endswith("CHANGED since its job wrote it")


def test_a_trace_shows_cost_files_and_checksums(results: Path):
    text = format_report(trace(results / "upper/1.txt"))
    digests = [facts(TEXTS[name])["sha256"][:12] for name in list(TEXTS)[:2]]
    for words in ("upper 1", "2.5 s, 71 MB on cpu", *list(TEXTS)[:2], *digests):
        assert words in text


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("absent", "got no such file"),
        ("strange", "got one that is in no record; `snakemake --force results/toy/strange`"),
        ("../strange", "results of an experiment with its manifest, got none"),
    ],
)
def test_other_files_have_no_trace(results: Path, name: str, message: str):
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
def test_only_differing_keys_are_listed(old: object, new: object, expected: list[object]):
    assert list(differences(old, new)) == expected


def test_a_difference_shows_the_old_and_the_new_value():
    assert str(Difference("a.b", 2, "x")) == "a.b: 2 -> x"
