"""A handful of killed runs for the normal suite; test_kills.py has the rest."""

import shutil
import signal
from pathlib import Path

from tests.interruption.harness import (
    Snakemake,
    Watcher,
    check_nothing_repeated_but_the_last_interval,
    check_same,
    prepare_faults,
)
from tests.mini_tree import RESULTS, artefacts

TRANSLATOR = f"{RESULTS}/translators/all/1"


def without_one_training(finished: Path, target: Path) -> Path:
    """Return a copy of a finished tree in which one translator is to be trained."""
    tree = shutil.copytree(finished, target)
    shutil.rmtree(tree / TRANSLATOR)
    return tree


def test_a_training_killed_in_every_way_goes_on_and_ends_with_the_same_bytes(
    finished: Path, tmp_path: Path
):
    tree = without_one_training(finished, tmp_path / "tree")
    faults = [
        {"step": 5, "signal": signal.SIGTERM},
        {"save": 1, "where": "half"},  # its last state is half written
        {"step": 3, "to": "snakemake", "signal": signal.SIGKILL},
    ]
    prepare_faults(tree, {"train_translator": faults})
    target = f"{TRANSLATOR}/model.safetensors"
    with Watcher(tree, artefacts(finished)) as watcher:
        first = Snakemake(tree, target, "--retries", "3", cores=1).end()
        second = Snakemake(tree, target, cores=1).end()  # at once: the training may still save
    assert (first[0], second[0]) == (-signal.SIGKILL, 0), first[1] + second[1]
    assert "error: training was stopped by SIGTERM in epoch 1, its state is saved" in first[1]
    assert "The locks of a Snakemake that was killed are removed." in second[1]
    assert watcher.wrong == set()
    steps, repeated = check_nothing_repeated_but_the_last_interval(tree, seconds=300)
    assert steps == 5 + 2 * repeated  # all but the five before the first state came twice
    check_same(tree, finished)
