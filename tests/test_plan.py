"""What a job does when the configuration or the code is not as it was planned."""

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake.exceptions import WorkflowError

from workflow.plan import PLAN, hold_to_plan


@pytest.fixture(autouse=True)
def unplanned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Restore the environment after each test."""
    monkeypatch.setenv(PLAN, "")
    monkeypatch.delenv(PLAN)


def parsed(config: dict[str, Any], *scripts: Path, main: bool) -> Any:
    """Return the parts of Snakemake's workflow that matter here; ``given`` gets the params."""
    given: dict[str, Any] = {}
    rules = [
        SimpleNamespace(
            script=script.name,
            basedir=SimpleNamespace(
                join=lambda _, script=script: SimpleNamespace(
                    get_path_or_uri=lambda secret_free: str(script)
                )
            ),
            set_params=given.update,
        )
        for script in scripts
    ]
    settings = SimpleNamespace(deployment_method=[])
    return SimpleNamespace(
        config=config, is_main_process=main, rules=rules, deployment_settings=settings, given=given
    )


def test_a_job_starts_when_only_the_order_of_keys_is_another():
    hold_to_plan(parsed({"seeds": [1, 2], "device": "cpu"}, main=True))
    hold_to_plan(parsed({"device": "cpu", "seeds": [1, 2]}, main=False))


def test_a_job_ends_when_the_configuration_changed_since_it_was_planned():
    hold_to_plan(parsed({"beam": 2}, main=True))
    with pytest.raises(WorkflowError, match=r"^the configuration changed after the workflow"):
        hold_to_plan(parsed({"beam": 3}, main=False))


def test_a_job_has_the_code_that_was_planned(tmp_path: Path):
    script = tmp_path / "job.py"
    script.write_text("print(1)\n")
    planning = parsed({}, script, main=True)
    hold_to_plan(planning)
    script.write_text("print(2)\n")
    running = parsed({}, script, main=False)
    hold_to_plan(running)
    assert running.given["code"](None) == planning.given["code"]
    assert json.loads(os.environ[PLAN])["code"] == planning.given["code"]["modules"]


def test_each_new_run_makes_its_own_plan():
    hold_to_plan(parsed({"beam": 2}, main=True))
    hold_to_plan(parsed({"beam": 3}, main=True))
    hold_to_plan(parsed({"beam": 3}, main=False))


def test_a_job_that_is_handed_no_environment_starts():
    hold_to_plan(parsed({}, main=False))
    assert PLAN not in os.environ
