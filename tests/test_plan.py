"""What a job of a cluster does when code or configuration are not as they were planned."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake.exceptions import WorkflowError

from workflow.plan import VARIABLE, hold_to_plan


@pytest.fixture
def scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with scripts of two rules, in a process that is to run the first one."""
    for name in ("first", "second"):
        (tmp_path / f"{name}.py").write_text(f"{name} = 1\n")
    command = ["snakemake", "--target-jobs", "first:seed=1", "--allowed-rules", "first", "second"]
    monkeypatch.setattr(sys, "argv", command)
    monkeypatch.setenv(VARIABLE, "{}")
    return tmp_path


def parsed(scripts: Path, config: dict[str, Any], *, remote: bool) -> Any:
    """Return the parts of Snakemake's workflow that matter here."""
    place = SimpleNamespace(
        join=lambda name: SimpleNamespace(get_path_or_uri=lambda secret_free: str(scripts / name))
    )
    rules = [
        *(SimpleNamespace(name=n, script=f"{n}.py", basedir=place) for n in ("first", "second")),
        SimpleNamespace(name="all", script=None, basedir=place),
    ]
    return SimpleNamespace(rules=rules, config=config, remote_exec=remote)


def edit(scripts: Path, name: str) -> None:
    with (scripts / f"{name}.py").open("a") as file:
        file.write("edited = True\n")


def test_a_job_of_a_cluster_starts_when_nothing_changed_but_other_rules(scripts: Path):
    hold_to_plan(parsed(scripts, {"seeds": [1, 2], "device": "cpu"}, remote=False))
    edit(scripts, "second")
    hold_to_plan(parsed(scripts, {"device": "cpu", "seeds": [1, 2]}, remote=True))


def test_a_job_of_a_cluster_ends_when_its_code_changed_since_it_was_planned(scripts: Path):
    hold_to_plan(parsed(scripts, {}, remote=False))
    edit(scripts, "first")
    with pytest.raises(WorkflowError, match=r"^code of first changed after the workflow"):
        hold_to_plan(parsed(scripts, {}, remote=True))


def test_a_job_of_a_cluster_ends_when_the_configuration_changed_since_it_was_planned(
    scripts: Path,
):
    hold_to_plan(parsed(scripts, {"beam": 2}, remote=False))
    with pytest.raises(WorkflowError, match=r"^configuration changed after the workflow"):
        hold_to_plan(parsed(scripts, {"beam": 3}, remote=True))


def test_each_new_run_makes_its_own_plan(scripts: Path):
    hold_to_plan(parsed(scripts, {}, remote=False))
    edit(scripts, "first")
    hold_to_plan(parsed(scripts, {}, remote=False))
    hold_to_plan(parsed(scripts, {}, remote=True))


def test_a_job_whose_cluster_hands_over_no_environment_starts(
    scripts: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv(VARIABLE)
    hold_to_plan(parsed(scripts, {}, remote=True))
    assert VARIABLE not in os.environ
