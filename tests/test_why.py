"""Causes once each, what they hit, what follows, how long.

Snakemake's own plan: what it says when it cannot make one.

What makes one job stale, from what Snakemake recorded of it.

How long jobs take, from benchmarks and from what outlives them.
"""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake.persistence import NO_PARAMS_CHANGE, ParamsChange

from wordbridge.job import seconds_path
from wordbridge.why import Cause, Durations, PlannedJob, causes, duration, explain, lines

SIZE = Cause("parameter", "size", 2, 3)
CODE = Cause("code", "wordbridge/toy.py", "aa", "bb")


def job(name: str, *causes: Cause, after: str = "", seconds: float | None = 2) -> PlannedJob:
    """Return a needed job whose output has its name; ``after`` has names, with commas between."""
    rule, _, seed = name.partition(" ")
    return PlannedJob(
        name=name,
        rule=rule,
        wildcards={"seed": seed} if seed else {},
        outputs=(f"{name}.txt",),
        after=tuple(filter(None, after.split(","))),
        needed=True,
        causes=causes,
        seconds=seconds,
    )


def said(*jobs: PlannedJob) -> list[str]:
    return list(lines(explain(jobs)))


def test_an_up_to_date_tree_is_one_line():
    done = job("read", seconds=None)
    assert said(PlannedJob(**vars(done) | {"needed": False})) == ["up to date: nothing to be made"]


def test_a_cause_is_told_once_with_all_it_hits_and_all_that_follows():
    plan = [
        job("read"),
        job("train 1", SIZE, after="read"),
        job("train 2", SIZE, after="read"),
        job("score 1", after="train 1"),
        job("score 2", after="train 2"),
        job("table", after="score 1,score 2"),
    ]
    plan[0] = PlannedJob(**vars(plan[0]) | {"needed": False})
    assert said(*plan) == [
        "parameter: size: 2 -> 3",
        "    makes stale: train 1 2",
        "    then 3 jobs: score (2), table",
        "5 jobs: about 10 s one after the other, 6 s at least with many cores",
    ]


def test_causes_that_hit_the_same_jobs_are_one_group_and_the_first_job_to_run_comes_first():
    plan = [job("read", CODE), job("train", CODE, SIZE, after="read")]
    assert said(*plan)[:5] == [
        "code: wordbridge/toy.py: aa -> bb",
        "    makes stale: read, train",
        "parameter: size: 2 -> 3",
        "    makes stale: train",
        "2 jobs: about 4 s one after the other",
    ]
    both = [job("train", CODE, SIZE)]
    assert said(*both)[:3] == [
        "code: wordbridge/toy.py: aa -> bb",
        "parameter: size: 2 -> 3",
        "    makes stale: train",
    ]


def test_values_that_are_lists_are_compared_as_well():
    longer = Cause("parameter", "betas", [1, 2], [1, 2, 3])
    assert said(job("train 1", longer), job("train 2", longer))[0] == (
        "parameter: betas: [1, 2] -> [1, 2, 3]"
    )


def test_what_was_never_made_is_told_by_rule_with_what_it_is_made_from():
    plan = [
        job("fetch en", Cause("new", "fetch en.txt"), seconds=None),
        job("train 1", Cause("new", "train 1.txt"), after="fetch en", seconds=70),
        job("train 2", Cause("new", "train 2.txt"), after="fetch en", seconds=70),
    ]
    assert said(*plan) == [
        "not made yet",
        "    fetch en",
        "    train 1 2  from fetch  (2 min 20 s)",
        "3 jobs: about 2 min 20 s one after the other, 1 min 10 s at least with many cores; "
        "not known of 1 job: fetch",
    ]


def test_deleted_files_are_named_while_they_are_few_and_told_by_rule_when_they_are_many():
    def lost(name: str, after: str = "") -> PlannedJob:
        return job(name, Cause("deleted", f"{name}.txt"), after=after)

    few = [lost("train 1"), job("score 1", after="train 1"), lost("table", after="score 1")]
    assert said(*few)[:4] == [
        "deleted: train 1.txt",
        "deleted: table.txt",
        "    makes stale: train 1, table",
        "    then 1 job: score",
    ]
    many = [lost(f"train {seed}") for seed in range(8)]
    assert said(*many)[:2] == ["deleted: 8 files", "    train (8)  (16 s)"]


def test_a_new_input_is_no_cause_of_its_own_when_a_new_job_makes_it_but_a_lost_one_is():
    new = job("score 3", Cause("new", "score 3.txt"))
    added = Cause("inputs", "score 3.txt", None, "score 3.txt")
    lost = Cause("inputs", "score 1.txt", "score 1.txt", None)
    assert explain([new, job("table", added, after="score 3")]).groups[0].follow == ("table",)
    assert "table" not in {
        name
        for group in explain([new, job("table", added, after="score 3")]).groups
        for name in group.hit
    }
    assert said(job("table", lost))[0] == "other set of inputs: without score 1.txt"


def test_without_any_earlier_run_the_time_is_said_to_be_unknown():
    assert said(job("train", CODE, seconds=None))[-1] == (
        "1 job: how long is not known, because no job of these rules has run here"
    )


def test_many_causes_are_cut():
    causes = [Cause("parameter", f"key{number}", 1, 2) for number in range(9)]
    assert said(job("train", *causes))[6] == "and 3 more, see --json"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.1, "1 s"), (59.4, "59 s"), (59.6, "1 min 0 s"), (3599, "59 min 59 s"), (7380, "2 h 3 min")],
)
def test_durations_read_as_people_say_them(seconds: float, text: str):
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
        (["--list-rules"], r"expected targets and options .* snakemake plans nothing; .*"),
    ],
)
def test_an_error_is_one_line_without_what_snakemake_says_anyway(
    tmp_path: Path, arguments: list[str], message: str
):
    mini = ["--snakefile", ROOT / "Snakefile", "--configfile", ROOT / "tests/mini/config.yaml"]
    command = [sys.executable, "-c", "from wordbridge.cli import app; app()", "why"]
    told = subprocess.run(
        [*command, *mini, "--directory", tmp_path, *arguments],
        env=os.environ | {"PYTHONPATH": str(ROOT / "workflow/scripts")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, told.stdout) == (1, "")
    assert re.fullmatch(f"error: {message}\n", told.stderr)


OUTPUT = "results/table.tsv"
CODE_CAUSES = {"modules": {"toy.py": "aa", "wordbridge/cut.py": "bb"}, "versions": {"numpy": "2.1"}}
SETTINGS = {"size": 3, "rules": {"lower": True}}
ALL = ("mtime", "params", "input", "software-env")


def asked(
    recorded: dict[str, Any] | None = None,
    reason: dict[str, Any] | None = None,
    params: tuple[object, ...] = (SETTINGS, CODE_CAUSES),
    inputs: tuple[str, ...] = ("raw.txt",),
    triggers: tuple[str, ...] = ALL,
) -> list[Cause]:
    """Return the causes of a job whose last run left ``recorded``, None if it never ran."""
    old = {
        "params": [repr(SETTINGS), repr(CODE_CAUSES)],
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
    given = dict.fromkeys(["forced", "code_changed"], False)
    given |= {name: set() for name in ("missing_output", "incomplete_output", "updated_input")}
    given |= {"updated_input_run": set()} | (reason or {})
    workflow = SimpleNamespace(
        persistence=stored,
        rerun_triggers=triggers,
        dag=SimpleNamespace(reason=lambda job: SimpleNamespace(**given)),
    )
    job = SimpleNamespace(output=[OUTPUT], input=list(inputs), non_derived_params=params)
    return list(causes(job, workflow))


def test_a_job_that_only_follows_has_no_cause():
    assert asked({}, {"updated_input_run": {"raw.txt"}}) == []


def test_keys_are_named_with_their_old_and_new_values():
    assert asked({}, params=({"size": 4, "rules": {"lower": True, "cut": 2}}, CODE_CAUSES)) == [
        Cause("parameter", "rules.cut", "none", 2),
        Cause("parameter", "size", 3, 4),
    ]


def test_modules_and_versions_are_told_apart():
    code = {"modules": {"toy.py": "aa", "wordbridge/new.py": "cc"}, "versions": {"numpy": "2.2"}}
    assert asked({}, params=(SETTINGS, code)) == [
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
def test_other_params_are_paired_as_far_as_they_go(
    old: list[str], new: tuple[object, ...], expected: list[Cause]
):
    assert asked({"params": [*old, repr(CODE_CAUSES)]}, params=(*new, CODE_CAUSES)) == expected


def test_an_input_with_other_bytes_is_named_with_both_digests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Path("raw.txt").write_text("new")
    digest = hashlib.sha256(b"new").hexdigest()[:12]
    reason = {"updated_input": {"raw.txt", "made.txt"}, "updated_input_run": {"made.txt"}}
    checksums = {"raw.txt": "sha256:" + "0" * 64}
    assert asked({"input_checksums": checksums}, reason) == [
        Cause("input", "raw.txt", "0" * 12, digest)
    ]
    assert asked({}, reason) == [Cause("input", "raw.txt")]  # too large to have been hashed
    missing = {"missing_output": {OUTPUT}}
    assert asked(None, reason | missing) == [Cause("new", OUTPUT)]


def test_added_and_lost_inputs_are_named():
    assert asked({}, inputs=("other.txt",)) == [
        Cause("inputs", "raw.txt", "raw.txt", None),
        Cause("inputs", "other.txt", None, "other.txt"),
    ]


def test_outputs_that_are_gone_are_told_from_those_that_never_were():
    reason = {"missing_output": {OUTPUT}}
    assert asked({}, reason) == [Cause("deleted", OUTPUT)]
    assert asked(None, reason) == [Cause("new", OUTPUT)]


def test_what_is_forced_or_broken_off_is_said():
    found = asked({}, {"forced": True, "incomplete_output": {OUTPUT}})
    assert found == [Cause("forced", "asked for"), Cause("incomplete", OUTPUT)]


def test_what_snakemake_is_told_to_overlook_is_no_cause():
    assert asked({}, params=({"size": 4}, CODE_CAUSES), inputs=("x",), triggers=("mtime",)) == []


CONFIG = {"pathvars": {"results": "results/toy"}}


def job_durations(variant: str, seed: str, rule: str = "train") -> SimpleNamespace:
    return SimpleNamespace(
        rule=SimpleNamespace(name=rule),
        wildcards_dict={"variant": variant, "seed": seed},
        benchmark=f"results/toy/benchmarks/{rule}/{variant}/{seed}.tsv",
        output=[f"results/toy/{rule}/{variant}/{seed}"],
    )


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a checkout in which three trainings ran."""
    monkeypatch.chdir(tmp_path)
    for name, seconds in (("plain/1", 10), ("plain/2", 20), ("large/1", 300)):
        path = tmp_path / f"results/toy/benchmarks/train/{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"s\th:m:s\n{seconds}\t0\n")
    return tmp_path


JOBS = [job_durations("plain", "1"), job_durations("plain", "2"), job_durations("large", "1")]


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        (job_durations("plain", "2"), 20),
        (job_durations("plain", "3"), 15),
        (job_durations("large", "2"), (20 + 300) / 2),
        (job_durations("other", "7"), 110),
        (job_durations("plain", "1", rule="score"), None),
    ],
    ids=["same job", "same variant", "something in common", "same rule", "another rule"],
)
def test_the_jobs_most_alike_say_how_long(ran: Path, asked, seconds: float | None):
    assert Durations(JOBS, CONFIG).of(asked) == seconds


@pytest.mark.parametrize("variant", ["new", "plain"])
def test_what_a_job_has_kept_counts_before_a_benchmark(ran: Path, variant: str):
    kept = ran / seconds_path("results/toy", "train", {"variant": variant, "seed": "1"})
    kept.parent.mkdir(parents=True)
    kept.write_text("41.5\n")
    durations = Durations([*JOBS, job_durations("new", "1")], CONFIG)
    assert durations.of(job_durations(variant, "1")) == 41.5


@pytest.mark.parametrize("text", ["", "s\n", "x\n1\n", "s\nlong\n"])
def test_a_damaged_benchmark_says_nothing(ran: Path, text: str):
    (ran / "results/toy/benchmarks/train/plain/1.tsv").write_text(text)
    assert Durations([job_durations("plain", "1")], CONFIG).of(job_durations("plain", "1")) is None
