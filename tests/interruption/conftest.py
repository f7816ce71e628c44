"""Undisturbed runs, and the end of runs that a failed test leaves behind."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.interruption.experiments import MINI, Experiment
from tests.interruption.harness import Snakemake


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
def run_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Experiment], Path]:
    """Return the checkout in which an experiment has run, once; look at it only."""
    trees: dict[str, Path] = {}

    def finished(experiment: Experiment) -> Path:
        if experiment.name not in trees:
            tree = experiment.tree(tmp_path_factory.mktemp(experiment.name) / "tree")
            status, shown = Snakemake(tree, *experiment.targets, config=experiment.config).end()
            assert status == 0, shown
            trees[experiment.name] = tree
        return trees[experiment.name]

    return finished


@pytest.fixture(scope="session")
def undisturbed(run_of: Callable[[Experiment], Path]) -> Path:
    """Return the checkout in which the mini experiment has run; look at it only."""
    return run_of(MINI)
