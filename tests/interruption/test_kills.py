"""Everything is killed, at any moment, and run again: same bytes, no half file, no lost work."""

import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.interruption.experiments import EXPERIMENTS, MINI, PICTURES, SAVE_SECONDS, Experiment
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
from tests.mini_tree import artefacts

pytestmark = pytest.mark.long

TRANSLATOR, HEAD = "translators/all/1", "devise/head/1"
TRAINED = ("model.safetensors", "settings.json", "metrics.tsv")


def benchmarks(tree: Path, results: str) -> dict[str, list[float]]:
    """Return the seconds of each rule's jobs."""
    root = tree / results / "benchmarks"
    seconds: dict[str, list[float]] = {}
    for path in sorted(root.rglob("*.tsv")):
        rule = path.relative_to(root).parts[0].removesuffix(".tsv")
        seconds.setdefault(rule, []).append(float(path.read_text().splitlines()[1].split("\t")[0]))
    return seconds


def living(tree: Path) -> list[str]:
    """Return the command lines of the processes that run in ``tree``."""
    here = [p for p in psutil.process_iter(["cwd", "cmdline"]) if p.info["cwd"] == str(tree)]
    return [" ".join(process.info["cmdline"] or ()) for process in here]


def without_training(undisturbed: Path, target: Path, experiment: Experiment, model: str) -> Path:
    """Return a copy in which one training is to be done."""
    tree = shutil.copytree(undisturbed, target)
    for name in TRAINED:
        (tree / experiment.results / model / name).unlink()
    return tree


def kill_until_done(
    experiment: Experiment, tree: Path, rules: dict[str, list[float]], chance: random.Random
) -> tuple[int, int, str]:
    """Return how often Snakemake was killed, and the status and words of the last one.

    It is started again until all is made and each rule has had its fault.
    """
    # So many jobs between two kills that enough are left for the last one.
    most = sum(map(len, rules.values())) // (experiment.own_kills + 2)
    own, status, shown, left = 0, 1, "", list(rules)
    for _ in range(ATTEMPTS):
        again = ["--forcerun", *left] if status == 0 else []
        arguments = [*experiment.targets, "--retries", "1", "--keep-going", *again]
        run = Snakemake(tree, *arguments, config=experiment.config)
        enough = own == experiment.own_kills
        if not enough and run.wait_for("Finished jobid", chance.randint(1, most)):
            time.sleep(chance.uniform(0, 3))
            own += run.process.poll() is None
            run.signal(signal.SIGKILL)
        status, shown = run.end()
        left = rearm(tree)  # a Snakemake that was killed took its jobs along
        if status == 0 and not left:
            break
    return own, status, shown


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=[one.name for one in EXPERIMENTS])
def test_every_rule_and_snakemake_itself_are_killed_and_the_results_are_the_same(
    experiment: Experiment,
    run_of: Callable[[Experiment], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    undisturbed, results = run_of(experiment), experiment.results
    tree, chance = experiment.tree(tmp_path / "tree"), random.Random(4)
    rules = benchmarks(undisturbed, results)
    faults = {rule: [{"seconds": chance.uniform(0, max(s))}] for rule, s in rules.items()}
    count = prepare_faults(tree, faults)
    with Watcher(tree, artefacts(undisturbed, results), results) as watcher:
        own, status, shown = kill_until_done(experiment, tree, rules, chance)
    assert status == 0, shown
    assert len([*(tree / FAULTS).glob("*.done")]) == count
    assert own == experiment.own_kills
    assert watcher.wrong == set()
    assert living(tree) == []
    size = check_same(tree, undisturbed, results)
    with capsys.disabled():
        print(f"\n{count} rules and Snakemake {own} times; {size} bytes; {watcher.looks} looks")


@pytest.mark.parametrize(
    ("experiment", "rule", "model"),
    [
        pytest.param(MINI, "train_translator", TRANSLATOR, id="translator"),
        pytest.param(PICTURES, "train_devise", HEAD, id="head"),
    ],
)
def test_a_training_is_killed_15_times_and_repeats_the_last_interval_only(
    experiment: Experiment,
    rule: str,
    model: str,
    run_of: Callable[[Experiment], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    undisturbed, results = run_of(experiment), experiment.results
    tree = without_training(undisturbed, tmp_path / "tree", experiment, model)
    chance = random.Random(5)
    faults = [{"save": 2, "where": where} for where in ("half", "whole", "renamed")]
    faults += [{"step": chance.randint(1, 12)} for _ in range(8)]
    faults += [{"seconds": chance.uniform(0, 3)} for _ in range(4)]
    chance.shuffle(faults)
    prepare_faults(tree, {rule: faults})
    with Watcher(tree, artefacts(undisturbed, results), results) as watcher:
        target = f"{results}/{model}/{TRAINED[0]}"
        run = Snakemake(tree, target, "--retries", "20", cores=1, config=experiment.config)
        status, shown = run.end()
    assert status == 0, shown
    assert len([*(tree / FAULTS).glob("*.done")]) == 15, shown
    assert watcher.wrong == set()
    done, repeated = check_nothing_repeated_but_the_last_interval(tree, SAVE_SECONDS)
    size = check_same(tree, undisturbed, results)
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
    tree = without_training(undisturbed, tmp_path / "tree", MINI, TRANSLATOR)
    prepare_faults(tree, {"train_translator": [{"step": 30, **fault}]})
    target = f"{MINI.results}/{TRANSLATOR}/{TRAINED[0]}"
    first, second = (Snakemake(tree, target, cores=1).end() for _ in range(2))
    assert (first[0] != 0, second[0]) == (True, 0), first[1] + second[1]
    # Snakemake waits for its jobs when it is asked to stop.
    waited = fault == {"to": "snakemake", "signal": signal.SIGTERM}
    assert ("Nothing to be done" in second[1]) is waited
    assert check_nothing_repeated_but_the_last_interval(tree, SAVE_SECONDS)[1] == 0
    check_same(tree, undisturbed)
