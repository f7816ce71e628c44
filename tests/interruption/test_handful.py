"""A handful of killed runs for the normal suite; test_kills.py has the rest."""

import shutil
import signal
from pathlib import Path

from tests.interruption.harness import (
    FAULTS,
    Snakemake,
    Watcher,
    check_nothing_repeated_but_the_last_interval,
    check_same,
    prepare_faults,
)
from tests.mini_tree import RESULTS, artefacts

TRANSLATOR, TABLES = f"{RESULTS}/translators/all/1", f"{RESULTS}/tables"
TARGETS = (f"{TRANSLATOR}/model.safetensors", f"{TABLES}/leaks.tsv")
FAULTS_OF = {
    "describe_corpus": [{"seconds": 60}],  # it is quicker, so it is killed when all is written
    "train_translator": [
        {"step": 5, "signal": signal.SIGTERM},
        {"save": 1, "where": "half"},  # its last state is half written
        {"step": 3, "to": "snakemake", "signal": signal.SIGKILL},
    ],
}


def without_targets(finished: Path, target: Path) -> Path:
    """Return a copy of a finished tree in which a translator and a table are to be made."""
    tree = shutil.copytree(finished, target)
    shutil.rmtree(tree / TRANSLATOR)
    for path in (tree / TABLES).glob("leaks.*"):
        path.unlink()
    return tree


def test_jobs_killed_in_every_way_end_with_the_same_bytes(finished: Path, tmp_path: Path):
    tree = without_targets(finished, tmp_path / "tree")
    count = prepare_faults(tree, FAULTS_OF)
    with Watcher(tree, artefacts(finished)) as watcher:
        # The second one starts at once: the training may still save.
        runs = (Snakemake(tree, *TARGETS, "--retries", "3", cores=1) for _ in range(2))
        first, second = (run.end() for run in runs)
    assert (first[0], second[0]) == (-signal.SIGKILL, 0), first[1] + second[1]
    assert len([*(tree / FAULTS).glob("*.done")]) == count
    assert "error: training was stopped by SIGTERM in epoch 1, its state is saved" in first[1]
    assert "Removed the locks of a Snakemake that was killed." in second[1]
    assert watcher.wrong == set()
    steps, repeated = check_nothing_repeated_but_the_last_interval(tree, seconds=300)
    assert steps == 5 + 2 * repeated  # all but the five before the first state came twice
    check_same(tree, finished)
