"""What a job does when the configuration is not as it was planned."""

import os
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake.exceptions import WorkflowError

from workflow.plan import VARIABLE, hold_to_plan


@pytest.fixture(autouse=True)
def unplanned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restore the environment after each test."""
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.delenv(VARIABLE)


def parsed(config: dict[str, Any], *, main: bool) -> Any:
    """Return the parts of Snakemake's workflow that matter here."""
    return SimpleNamespace(config=config, is_main_process=main)


def test_a_job_starts_when_only_the_order_of_keys_is_another():
    hold_to_plan(parsed({"seeds": [1, 2], "device": "cpu"}, main=True))
    hold_to_plan(parsed({"device": "cpu", "seeds": [1, 2]}, main=False))


def test_a_job_ends_when_the_configuration_changed_since_it_was_planned():
    hold_to_plan(parsed({"beam": 2}, main=True))
    with pytest.raises(WorkflowError, match=r"^the configuration changed after the workflow"):
        hold_to_plan(parsed({"beam": 3}, main=False))


def test_each_new_run_makes_its_own_plan():
    hold_to_plan(parsed({"beam": 2}, main=True))
    hold_to_plan(parsed({"beam": 3}, main=True))
    hold_to_plan(parsed({"beam": 3}, main=False))


def test_a_job_that_is_handed_no_environment_starts():
    hold_to_plan(parsed({}, main=False))
    assert VARIABLE not in os.environ
