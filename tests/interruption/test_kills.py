"""Everything is killed, at any moment, and run again: same bytes, no half file, no lost work."""

import random
import shutil
import signal
import time
from pathlib import Path

import pytest

from tests.interruption.conftest import SAVE_SECONDS
from tests.interruption.harness import (
    ATTEMPTS,
    FAULTS,
    Snakemake,
    Watcher,
    check_nothing_repeated_but_the_last_interval,
    check_same,
    prepare_faults,
    rearm,
)
from tests.mini_tree import CONFIG, RESULTS, artefacts, copy_of_checkout

pytestmark = pytest.mark.long

MODEL = f"{RESULTS}/translators/all/1"
STATES = "resources/state"


def benchmarks(tree: Path) -> dict[str, float]:
    """Return each rule's seconds in its longest job."""
    root = tree / RESULTS / "benchmarks"
    seconds: dict[str, float] = {}
    for path in root.rglob("*.tsv"):
        rule = path.relative_to(root).parts[0].removesuffix(".tsv")
        taken = float(path.read_text().splitlines()[1].split("\t")[0])
        seconds[rule] = max(taken, seconds.get(rule, 0))
    return seconds


def without_training(undisturbed: Path, target: Path) -> Path:
    """Return a copy in which one training is to be done."""
    tree = shutil.copytree(undisturbed, target)
    shutil.rmtree(tree / MODEL)
    return tree


def test_every_rule_and_snakemake_itself_are_killed_and_the_results_are_the_same(
    undisturbed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    tree, chance = copy_of_checkout(tmp_path / "tree"), random.Random(4)
    shutil.copy(undisturbed / CONFIG, tree / CONFIG)
    rules = benchmarks(undisturbed)
    faults = {rule: [{"seconds": chance.uniform(0, s)}] for rule, s in rules.items()}
    count = prepare_faults(tree, faults)
    own, attempts, status, left = 0, 0, 1, list(rules)
    with Watcher(tree, artefacts(undisturbed)) as watcher:
        while (status != 0 or left) and attempts < ATTEMPTS:
            attempts += 1
            again = ["--forcerun", *left] if status == 0 else []
            run = Snakemake(tree, "--retries", "1", "--keep-going", *again)
            if own < 5 and run.wait_for("Finished jobid", chance.randint(1, 6)):
                time.sleep(chance.uniform(0, 3))
                own += run.process.poll() is None
                run.signal(signal.SIGKILL)
            status, shown = run.end()
            left = rearm(tree)  # a Snakemake that was killed took its jobs along
    assert status == 0, shown
    assert len([*(tree / FAULTS).glob("*.done")]) == count
    assert own == 5
    assert watcher.wrong == set()
    size = check_same(tree, undisturbed)
    with capsys.disabled():
        print(f"\n{count} rules and Snakemake {own} times; {size} bytes; {watcher.looks} looks")


def test_a_training_is_killed_15_times_and_repeats_the_last_interval_only(
    undisturbed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    tree, chance = without_training(undisturbed, tmp_path / "tree"), random.Random(5)
    faults = [{"save": 2, "where": where} for where in ("half", "whole", "renamed")]
    faults += [{"step": chance.randint(1, 12)} for _ in range(8)]
    faults += [{"seconds": chance.uniform(0, 3)} for _ in range(4)]
    chance.shuffle(faults)
    prepare_faults(tree, {"train_translator": faults})
    with Watcher(tree, artefacts(undisturbed)) as watcher:
        target = f"{MODEL}/model.safetensors"
        status, shown = Snakemake(tree, target, "--retries", "20", cores=1).end()
    assert status == 0, shown
    assert len([*(tree / FAULTS).glob("*.done")]) == 15, shown
    assert watcher.wrong == set()
    done, repeated = check_nothing_repeated_but_the_last_interval(tree, SAVE_SECONDS)
    size = check_same(tree, undisturbed)
    with capsys.disabled():
        print(f"\n15 kills; {repeated} of {done} steps repeated; {size} bytes")


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"to": "group", "signal": signal.SIGINT}, id="Ctrl-C"),
        pytest.param({"to": "group", "signal": signal.SIGHUP}, id="the terminal is closed"),
        pytest.param({"to": "group", "signal": signal.SIGTERM}, id="SIGTERM to all"),
        pytest.param({"to": "snakemake", "signal": signal.SIGTERM}, id="SIGTERM to Snakemake"),
        pytest.param({"to": "snakemake", "signal": signal.SIGKILL}, id="SIGKILL to Snakemake"),
        pytest.param({"to": "job", "signal": signal.SIGTERM}, id="SIGTERM to the job"),
    ],
)
def test_after_a_signal_no_step_is_repeated(
    undisturbed: Path, tmp_path: Path, fault: dict[str, object]
):
    tree = without_training(undisturbed, tmp_path / "tree")
    prepare_faults(tree, {"train_translator": [{"step": 30, **fault}]})
    target = f"{MODEL}/model.safetensors"
    first, second = (Snakemake(tree, target, cores=1).end() for _ in range(2))
    assert (first[0] != 0, second[0]) == (True, 0), first[1] + second[1]
    # Snakemake waits for its jobs when it is asked to stop.
    waited = fault == {"to": "snakemake", "signal": signal.SIGTERM}
    assert ("Nothing to be done" in second[1]) is waited
    assert check_nothing_repeated_but_the_last_interval(tree, SAVE_SECONDS)[1] == 0
    check_same(tree, undisturbed)
