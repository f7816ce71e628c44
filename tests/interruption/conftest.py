"""The run that nobody disturbed, with a training that is long enough to be killed in."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interruption.harness import Snakemake
from tests.mini_tree import CONFIG, copy_of_checkout, edit

SAVE_SECONDS = 0.2


@pytest.fixture(autouse=True)
def _nothing_is_left_running() -> Iterator[None]:
    """Kill what a failed test has not ended."""
    yield
    for run in Snakemake.started:
        if run.process.poll() is None:
            os.killpg(run.process.pid, signal.SIGKILL)
            run.process.wait()
    Snakemake.started.clear()


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkout in which the mini experiment has run; look at it only."""
    tree = copy_of_checkout(tmp_path_factory.mktemp("undisturbed") / "tree")
    longer = f"training:\n      epochs: 40\n      save_seconds: {SAVE_SECONDS}"
    edit(tree / CONFIG, "training:\n      epochs: 2", longer)
    status, shown = Snakemake(tree).end()
    assert status == 0, shown
    return tree
