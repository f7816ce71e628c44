"""The command ``wordbridge why``: Snakemake's plan, the causes, the time."""

import hashlib
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake.persistence import NO_PARAMS_CHANGE, ParamsChange

from wordbridge.job import seconds_path
from wordbridge.why import Cause, PlannedJob, causes, duration, format_plan, recorded_seconds

SIZE = Cause("parameter", "size", 2, 3)
CODE = Cause("code", "wordbridge/toy.py", "aa", "bb")


def job(name: str, *causes: Cause, after: str = "", seconds: float | None = 2) -> PlannedJob:
    """Return a planned job; ``after`` has names of jobs with commas between them."""
    return PlannedJob(
        name=name,
        rule=name.partition(" ")[0],
        causes=causes,
        after=tuple(filter(None, after.split(","))),
        seconds=seconds,
    )


def lines(*jobs: PlannedJob) -> list[str]:
    return format_plan(jobs).splitlines()


def test_an_up_to_date_tree_is_one_line():
    assert lines() == ["up to date: no job would run"]


def test_jobs_are_listed_with_their_causes_or_the_jobs_before_them():
    plan = [
        job("train 1", SIZE, CODE),
        job("train 2", SIZE, CODE),
        job("score 1", after="train 1"),
        job("score 2", after="train 2"),
        job("table", Cause("deleted", "table.tsv"), after="score 1,score 2"),
        job("page", after="table,score 1", seconds=70),
    ]
    assert lines(*plan) == [
        "train 1 2: parameter: size: 2 -> 3; code: wordbridge/toy.py: aa -> bb",
        "score 1 2: after train",
        "table: deleted: table.tsv",
        "page: after table, score",
        "6 jobs: about 1 min 20 s one after the other",
    ]


def test_jobs_of_one_rule_with_other_causes_have_a_line_of_their_own():
    assert lines(job("train 1", SIZE), job("train 2", CODE))[:2] == [
        "train 1: parameter: size: 2 -> 3",
        "train 2: code: wordbridge/toy.py: aa -> bb",
    ]


def test_lists_are_values_too():
    longer = Cause("parameter", "betas", [1, 2], [1, 2, 3])
    assert lines(job("train 1", longer), job("train 2", longer))[0] == (
        "train 1 2: parameter: betas: [1, 2] -> [1, 2, 3]"
    )
    assert str(Cause("parameter", "", [1], [2])) == "parameter: [1] -> [2]"  # a whole param


def test_new_jobs_have_no_file_names():
    plan = [job(f"fetch {name}", Cause("new", f"{name}.txt"), seconds=None) for name in ("a", "b")]
    assert lines(*plan) == [
        "fetch a b: not made yet",
        "2 jobs: no record of their time, because no job of these rules has run in this experiment",
    ]
    assert lines(*plan, job("train 1", SIZE))[-1] == (
        "3 jobs: at least 2 s one after the other; no record of fetch"
    )


def test_added_and_removed_inputs_are_named():
    plan = [
        job("table", Cause("inputs", "a.txt", "a.txt", None), Cause("inputs", "b.txt", None, "b"))
    ]
    assert lines(*plan)[0] == "table: input removed: a.txt; input added: b.txt"


def test_many_causes_and_jobs_are_cut():
    many = [Cause("parameter", f"key{number}", 1, 2) for number in range(9)]
    assert lines(job("train", *many))[0].endswith("key5: 1 -> 2; and 3 more")
    assert lines(*(job(f"train {seed}", SIZE) for seed in range(8)))[0].startswith(
        "train (8 jobs): parameter"
    )


def test_json_has_all_jobs():
    plan = [job("fetch a", Cause("new", "a.txt"), seconds=None), job("train 1", SIZE, after="x")]
    values = json.loads(format_plan(plan, as_json=True))
    assert (values["seconds"], values["untimed"]) == (2, ["fetch"])
    assert values["jobs"][1] == {
        "name": "train 1",
        "rule": "train",
        "causes": [["parameter", "size", 2, 3]],
        "after": ["x"],
        "seconds": 2,
    }


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.1, "1 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (3599, "59 min 59 s"), (7380, "2 h 3 min")],
)
def test_durations_have_two_units(seconds: float, text: str):
    assert duration(seconds) == text


ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--nonsense"], r"snakemake cannot plan this: unrecognized arguments: --nonsense"),
        (
            ["--config", "device=abacus"],
            r"snakemake cannot plan .* device: expected .* got .abacus.*",
        ),
        (["absent.tsv"], r"snakemake cannot plan this: No rule to produce absent.tsv .*"),
        (
            ["--list-rules"],
            r"snakemake cannot plan this: expected options .* got one that plans .*",
        ),
    ],
)
def test_an_error_is_one_line_of_snakemake(
    tmp_path: Path,
    python: Callable[..., subprocess.CompletedProcess[str]],
    arguments: list[str],
    message: str,
):
    mini = ["--snakefile", ROOT / "Snakefile", "--configfile", ROOT / "tests/mini/config.yaml"]
    command = ["-c", "from wordbridge.cli import app; app()", "why"]
    run = python(
        *(*command, *mini, "--directory", tmp_path, *arguments),
        cwd=tmp_path,
        path=ROOT / "workflow/scripts",
    )
    assert (run.returncode, run.stdout) == (1, "")
    assert re.fullmatch(f"error: {message}\n", run.stderr)


OUTPUT = "results/table.tsv"
RECORDED_CODE = {
    "modules": {"toy.py": "aa", "wordbridge/cut.py": "bb"},
    "versions": {"numpy": "2.1"},
}
SETTINGS = {"size": 3, "rules": {"lower": True}}
ALL = ("mtime", "params", "input", "software-env")


def causes_of(
    recorded: dict[str, Any] | None = None,
    reason: dict[str, Any] | None = None,
    params: tuple[object, ...] = (SETTINGS, RECORDED_CODE),
    inputs: tuple[str, ...] = ("raw.txt",),
    triggers: tuple[str, ...] = ALL,
) -> list[Cause]:
    """Return the causes of a job with what Snakemake recorded; None if the job never ran."""
    old = {
        "params": [repr(SETTINGS), repr(RECORDED_CODE)],
        "input": ["raw.txt"],
        "input_checksums": {},
    }
    metadata = None if recorded is None else SimpleNamespace(**old | recorded)
    now = {repr(value) for value in params}
    before = set(metadata.params) if metadata else now
    change = (
        ParamsChange(before - now, now - before, {OUTPUT}) if before != now else NO_PARAMS_CHANGE
    )
    stored = SimpleNamespace(
        metadata=lambda path: metadata,
        params_changed=lambda job: change,
        input_changed=lambda job, path: metadata.input != sorted(inputs),
        software_stack_changed=lambda job: iter([False]),
    )
    flags = dict.fromkeys(["forced", "code_changed"], False)
    flags |= {name: set() for name in ("missing_output", "incomplete_output", "updated_input")}
    flags |= {"updated_input_run": set()} | (reason or {})
    workflow = SimpleNamespace(
        persistence=stored,
        rerun_triggers=triggers,
        dag=SimpleNamespace(reason=lambda job: SimpleNamespace(**flags)),
    )
    job = SimpleNamespace(output=[OUTPUT], input=list(inputs), non_derived_params=params)
    return list(causes(job, workflow))


def test_a_job_that_only_follows_has_no_cause():
    assert causes_of({}, {"updated_input_run": {"raw.txt"}}) == []


def test_changed_keys_have_old_and_new_values():
    assert causes_of(
        {}, params=({"size": 4, "rules": {"lower": True, "cut": 2}}, RECORDED_CODE)
    ) == [Cause("parameter", "rules.cut", "none", 2), Cause("parameter", "size", 3, 4)]


def test_modules_and_versions_are_different_causes():
    code = {"modules": {"toy.py": "aa", "wordbridge/new.py": "cc"}, "versions": {"numpy": "2.2"}}
    assert causes_of({}, params=(SETTINGS, code)) == [
        Cause("code", "wordbridge/cut.py", "bb", "none"),
        Cause("code", "wordbridge/new.py", "none", "cc"),
        Cause("version", "numpy", "2.1", "2.2"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([], (SETTINGS,), [Cause("parameter", "", "none", SETTINGS)]),
        (["{'size': nan}"], ({"size": 1},), [Cause("parameter", "", "{'size': nan}", {"size": 1})]),
        ([repr(SETTINGS), "7"], (8, SETTINGS), [Cause("parameter", "", 7, 8)]),
    ],
    ids=["none before", "no literal", "one of two"],
)
def test_other_params_are_compared_in_pairs(
    old: list[str], new: tuple[object, ...], expected: list[Cause]
):
    assert (
        causes_of({"params": [*old, repr(RECORDED_CODE)]}, params=(*new, RECORDED_CODE)) == expected
    )


def test_a_changed_input_has_both_digests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("raw.txt").write_text("new")
    digest = hashlib.sha256(b"new").hexdigest()[:12]
    reason = {"updated_input": {"raw.txt", "made.txt"}, "updated_input_run": {"made.txt"}}
    checksums = {"raw.txt": "sha256:" + "0" * 64}
    assert causes_of({"input_checksums": checksums}, reason) == [
        Cause("input", "raw.txt", "0" * 12, digest)
    ]
    assert causes_of({}, reason) == [Cause("input", "raw.txt")]  # too large to have been hashed
    assert causes_of(None, reason) == [Cause("input", "raw.txt")]  # outputs copied without records
    missing = {"missing_output": {OUTPUT}}
    assert causes_of(None, reason | missing) == [Cause("new", OUTPUT)]


def test_added_and_removed_inputs_are_causes():
    assert causes_of({}, inputs=("other.txt",)) == [
        Cause("inputs", "raw.txt", "raw.txt", None),
        Cause("inputs", "other.txt", None, "other.txt"),
    ]


def test_an_added_input_that_is_newer_is_no_changed_one():
    reason, inputs = {"updated_input": {"new.txt"}}, ("raw.txt", "new.txt")
    assert causes_of({}, reason, inputs=inputs) == [Cause("inputs", "new.txt", None, "new.txt")]
    by_time = causes_of({}, reason, inputs=inputs, triggers=("mtime",))
    assert by_time == [Cause("input", "new.txt")]


def test_deleted_and_new_outputs_are_different_causes():
    reason = {"missing_output": {OUTPUT}}
    assert causes_of({}, reason) == [Cause("deleted", OUTPUT)]
    assert causes_of(None, reason) == [Cause("new", OUTPUT)]


def test_forced_and_incomplete_jobs_are_causes():
    actual = causes_of({}, {"forced": True, "incomplete_output": {OUTPUT}})
    assert actual == [Cause("forced", ""), Cause("incomplete", OUTPUT)]


def test_triggers_that_are_off_are_no_causes():
    assert (
        causes_of({}, params=({"size": 4}, RECORDED_CODE), inputs=("x",), triggers=("mtime",)) == []
    )


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a checkout in which three trainings ran, and a job without wildcards."""
    monkeypatch.chdir(tmp_path)
    for name, seconds in (("train/plain/1", 10), ("train/plain/2", 20), ("train/large/1", 300)):
        rule, *wildcards = name.split("/")
        path = seconds_path("results/toy", rule, dict(enumerate(wildcards)))  # type: ignore[arg-type]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{seconds}\n")
    seconds_path("results/toy", "split", {}).write_text("4.5\n")
    return tmp_path


@pytest.mark.usefixtures("records")
@pytest.mark.parametrize(
    ("rule", "wildcards", "seconds"),
    [
        ("train", ["plain", "2"], 20),
        ("train", ["plain", "3"], 110),
        ("train", ["other", "7"], 110),
        ("split", [], 4.5),
        ("score", ["plain", "1"], None),
    ],
    ids=["same job", "same variant", "same rule", "no wildcards", "another rule"],
)
def test_the_time_is_the_jobs_or_its_rules(rule: str, wildcards: list[str], seconds: float | None):
    names = dict(zip(("variant", "seed"), wildcards, strict=False))
    assert recorded_seconds("results/toy", rule, names) == seconds


@pytest.mark.parametrize("text", ["", "s\n", "x\n1\n", "s\nlong\n"])
def test_a_damaged_time_is_ignored(records: Path, text: str):
    path = records / seconds_path("results/toy", "train", {"variant": "large", "seed": "1"})
    path.write_text(text)
    assert recorded_seconds("results/toy", "train", {"variant": "large", "seed": "1"}) is None
    assert recorded_seconds("results/toy", "train", {"variant": "other", "seed": "1"}) == 15
