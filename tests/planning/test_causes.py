"""What makes one job stale, from what Snakemake recorded of it."""

import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake.persistence import NO_PARAMS_CHANGE, ParamsChange

from wordbridge.planning.causes import causes
from wordbridge.planning.jobs import Cause

OUTPUT = "results/table.tsv"
CODE = {"modules": {"toy.py": "aa", "wordbridge/cut.py": "bb"}, "versions": {"numpy": "2.1"}}
SETTINGS = {"size": 3, "rules": {"lower": True}}
ALL = ("mtime", "params", "input", "software-env")


def asked(
    recorded: dict[str, Any] | None = None,
    reason: dict[str, Any] | None = None,
    params: tuple[object, ...] = (SETTINGS, CODE),
    inputs: tuple[str, ...] = ("raw.txt",),
    triggers: tuple[str, ...] = ALL,
) -> list[Cause]:
    """Return the causes of a job whose last run left ``recorded``, None if it never ran."""
    old = {"params": [repr(SETTINGS), repr(CODE)], "input": ["raw.txt"], "input_checksums": {}}
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
    assert asked({}, params=({"size": 4, "rules": {"lower": True, "cut": 2}}, CODE)) == [
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
    assert asked({"params": [*old, repr(CODE)]}, params=(*new, CODE)) == expected


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
    assert asked({}, params=({"size": 4}, CODE), inputs=("x",), triggers=("mtime",)) == []
