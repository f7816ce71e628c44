"""Everything is killed, at any moment, and run again: same bytes, no half file, no lost work."""

import json
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import pytest

from tests.interruption.experiments import EXPERIMENTS, IMAGES, MINI, SAVE_SECONDS, Experiment
from tests.interruption.harness import (
    ATTEMPTS,
    FAULTS,
    Snakemake,
    Watcher,
    check_nothing_repeated_but_the_last_interval,
    check_same,
    prepare_faults,
    rearm,
    trainings,
)
from tests.mini_tree import artefacts

pytestmark = pytest.mark.long


class Training(NamedTuple):
    """A job that trains: its folder of results and its output files there."""

    experiment: Experiment
    rule: str
    folder: str
    outputs: tuple[str, ...] = ("model.safetensors", "settings.json", "metrics.tsv")

    @property
    def target(self) -> str:
        return f"{self.experiment.results}/{self.folder}/{self.outputs[0]}"

    @property
    def usage(self) -> str:
        """Return a file of another job, which has its folder above all trainings'."""
        return f"{self.experiment.results}/config.json"


TRANSLATOR = Training(MINI, "train_translator", "translators/all/1")
HEAD_FILES = ("head.safetensors", "head.json", "metrics.tsv")
HEAD = Training(IMAGES, "train_head", "devise/head/1", HEAD_FILES)
LAST_STEP = 12  # of those after which a training is killed
# Snakemake waits for its jobs when it is asked to stop.
WAITED_FOR = {"to": "snakemake", "signal": signal.SIGTERM}


def seconds_of_rules(tree: Path, results: str) -> dict[str, list[float]]:
    """Return the seconds of each rule's jobs, as their records have them."""
    seconds: dict[str, list[float]] = {}
    for path in sorted((tree / results / "manifest").rglob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        seconds.setdefault(record["rule"], []).append(record["seconds"])
    return seconds


def living(tree: Path) -> list[str]:
    """Return the command lines of the processes that run in ``tree``."""
    here = [p for p in psutil.process_iter(["cwd", "cmdline"]) if p.info["cwd"] == str(tree)]
    return [" ".join(process.info["cmdline"] or ()) for process in here]


def without_training(undisturbed: Path, target: Path, training: Training) -> Path:
    """Return a copy in which one training and one quick job are missing."""
    tree = shutil.copytree(undisturbed, target)
    (tree / training.usage).unlink()
    for name in training.outputs:
        (tree / training.experiment.results / training.folder / name).unlink()
    return tree


def train(tree: Path, training: Training, *arguments: str) -> tuple[int, str]:
    """Return the exit status and the words of a run that is to do one training.

    The other job comes first: that it is done must cost a broken-off training nothing.
    """
    targets = (training.target, training.usage, *arguments, "--prioritize", training.usage)
    return Snakemake(tree, *targets, cores=1, config=training.experiment.config).end()


def kill_until_done(
    experiment: Experiment, tree: Path, rules: dict[str, list[float]], chance: random.Random
) -> tuple[int, int, str]:
    """Return how often Snakemake was killed, and the status and words of the last one.

    It is started again until all outputs exist and each rule has had its fault.
    """
    # So many jobs between two kills that enough are left for the last one.
    most = sum(map(len, rules.values())) // (experiment.own_kills + 2)
    kills, status, shown, left = 0, 1, "", list(rules)
    for _ in range(ATTEMPTS):
        again = ["--forcerun", *left] if status == 0 else []
        arguments = [*experiment.targets, "--retries", "1", "--keep-going", *again]
        run = Snakemake(tree, *arguments, config=experiment.config)
        enough = kills == experiment.own_kills
        if not enough and run.wait_for("Finished jobid", chance.randint(1, most)):
            time.sleep(chance.uniform(0, 3))
            kills += run.process.poll() is None
            run.signal(signal.SIGKILL)
        status, shown = run.end()
        left = rearm(tree)  # a Snakemake that was killed took its jobs along
        if status == 0 and not left:
            break
    return kills, status, shown


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=[one.name for one in EXPERIMENTS])
def test_every_rule_and_snakemake_itself_are_killed_and_the_results_are_the_same(
    experiment: Experiment,
    run_of: Callable[[Experiment], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    undisturbed, results = run_of(experiment), experiment.results
    tree, chance = experiment.tree(tmp_path / "tree"), random.Random(4)
    rules = seconds_of_rules(undisturbed, results)
    faults = {rule: [{"seconds": chance.uniform(0, max(s))}] for rule, s in rules.items()}
    count = prepare_faults(tree, faults)
    with Watcher(tree, artefacts(undisturbed, results), results) as watcher:
        kills, status, shown = kill_until_done(experiment, tree, rules, chance)
    assert status == 0, shown
    assert len([*(tree / FAULTS).glob("*.done")]) == count
    assert kills == experiment.own_kills
    assert watcher.wrong == set()
    assert living(tree) == []
    size = check_same(tree, undisturbed, results)
    with capsys.disabled():
        print(f"\n{count} rules and Snakemake {kills} times; {size} bytes; {watcher.looks} looks")


def fifteen_kills(chance: random.Random) -> list[dict[str, Any]]:
    """Return faults: 3 while a state is written, 4 at some time, the others at some step."""
    faults: list[dict[str, Any]]
    faults = [{"save": 2, "where": where} for where in ("half", "whole", "renamed")]
    faults += [{"seconds": chance.uniform(0, 3)} for _ in range(4)]
    while len(faults) < 15:
        faults.append({"step": chance.randint(1, LAST_STEP)})
    chance.shuffle(faults)
    return faults


@pytest.mark.parametrize("training", [TRANSLATOR, HEAD], ids=lambda one: one.rule)
def test_a_training_is_killed_15_times_and_repeats_the_last_interval_only(
    training: Training,
    run_of: Callable[[Experiment], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    undisturbed, results = run_of(training.experiment), training.experiment.results
    tree = without_training(undisturbed, tmp_path / "tree", training)
    prepare_faults(tree, {training.rule: fifteen_kills(random.Random(5))})
    with Watcher(tree, artefacts(undisturbed, results), results) as watcher:
        status, shown = train(tree, training, "--retries", "20")
    assert status == 0, shown
    assert len([*(tree / FAULTS).glob("*.done")]) == 15, shown
    assert watcher.wrong == set()
    processes = [{note.pid for note in notes} for notes in trainings(tree).values()]
    assert [len(pids) > 1 for pids in processes] == [True]
    done, repeated = check_nothing_repeated_but_the_last_interval(tree, SAVE_SECONDS)
    size = check_same(tree, undisturbed, results)
    with capsys.disabled():
        print(f"\n15 kills; {repeated} of {done} steps repeated; {size} bytes")


@pytest.fixture
def hangup() -> Iterator[None]:
    """Undo nohup for the children: it makes them ignore that the terminal is closed."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hangup")
@pytest.mark.parametrize(
    ("training", "fault"),
    [
        pytest.param(TRANSLATOR, {"to": "group", "signal": signal.SIGINT}, id="Ctrl-C"),
        pytest.param(
            TRANSLATOR, {"to": "group", "signal": signal.SIGHUP}, id="the terminal is closed"
        ),
        pytest.param(TRANSLATOR, {"to": "group", "signal": signal.SIGTERM}, id="SIGTERM to all"),
        pytest.param(TRANSLATOR, WAITED_FOR, id="SIGTERM to Snakemake"),
        pytest.param(
            TRANSLATOR, {"to": "snakemake", "signal": signal.SIGKILL}, id="SIGKILL to Snakemake"
        ),
        pytest.param(TRANSLATOR, {"signal": signal.SIGTERM}, id="SIGTERM to a translator's job"),
        pytest.param(HEAD, {"signal": signal.SIGTERM}, id="SIGTERM to a head's job"),
    ],
)
def test_after_a_signal_no_step_is_repeated(
    training: Training,
    run_of: Callable[[Experiment], Path],
    tmp_path: Path,
    fault: dict[str, object],
):
    undisturbed, results = run_of(training.experiment), training.experiment.results
    tree = without_training(undisturbed, tmp_path / "tree", training)
    place = {"step": LAST_STEP}
    prepare_faults(tree, {training.rule: [place | fault]})
    first, second = (train(tree, training) for _ in range(2))
    assert (first[0] != 0, second[0]) == (True, 0), first[1] + second[1]
    assert ("Nothing to be done" in second[1]) is (fault == WAITED_FOR)
    assert check_nothing_repeated_but_the_last_interval(tree, SAVE_SECONDS)[1] == 0
    check_same(tree, undisturbed, results)
