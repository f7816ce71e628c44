"""The run that nobody disturbed, with a training that is long enough to be killed in."""

from pathlib import Path

import pytest

from tests.interruption.harness import Snakemake
from tests.mini_tree import CONFIG, copy_of_checkout, edit

SAVE_SECONDS = 0.2


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkout in which the mini experiment has run; look at it only."""
    tree = copy_of_checkout(tmp_path_factory.mktemp("undisturbed") / "tree")
    longer = f"training:\n      epochs: 40\n      save_seconds: {SAVE_SECONDS}"
    edit(tree / CONFIG, "training:\n      epochs: 2", longer)
    status, shown = Snakemake(tree).end()
    assert status == 0, shown
    return tree
