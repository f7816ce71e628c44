"""Jobs of a real Slurm, on this machine: side by side, cancelled, out of time, continued.

Where Slurm or munge is missing, or somebody else than root runs these tests, they skip. Where
both are there and do not start, they fail, unless ``WORDBRIDGE_NO_SLURM=1`` states that this
container forbids it.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import yaml

from tests.cluster import one_machine
from tests.cluster.jobs import Job, ask, of_rule, records, together
from tests.image_tree import CONFIG as IMAGE_CONFIG
from tests.image_tree import RESULTS as IMAGES
from tests.image_tree import SHARDS, write_sources
from tests.interruption.harness import (
    FAULTS,
    check_nothing_repeated_but_the_last_interval,
    check_same,
    prepare_faults,
    trainings,
)
from tests.mini_tree import RESULTS, copy_of_checkout, options

Workflow = Callable[..., subprocess.CompletedProcess[str]]

FORBIDDEN = "WORDBRIDGE_NO_SLURM"  # the variable of the docstring
# What is special about a Slurm without accounts and with short jobs; on a cluster only the profile.
# The node claims 8 cores; all those that a test may use can be one, and jobs would get no more.
SLURM = ["--workflow-profile", "profiles/slurm", "--cores", "8", "--slurm-no-account"]
SLURM += ["--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks", "3"]
# Snakemake, but the plugin looks after its jobs each second. Else it waits ten seconds more each
# time that none has ended.
IMPATIENT = """
import snakemake_executor_plugin_slurm as plugin
from snakemake.cli import main

plugin.Executor.next_seconds_between_status_checks = property(lambda self: 1, lambda *_: None)
main()
"""
OWN = "own.yaml"  # on top of the mini experiment's configuration
TRAINED = f"{RESULTS}/translators/baseline"
MIDDLE = 3  # a step in the first of two epochs
NEVER = 3600  # seconds: no state is saved before somebody asks for it by SIGTERM
PATIENCE = 900.0  # seconds; a busy machine takes long to import torch


@pytest.fixture(scope="module")
def slurm() -> Iterator[dict[str, str]]:
    """Return the variables that lead to a running Slurm."""
    with tempfile.TemporaryDirectory(prefix="slurm-") as name:  # short, as a socket's path must be
        folder = Path(name)
        start(folder)
        try:
            path = f"{folder}/bin:{os.environ['PATH']}"
            yield {"SLURM_CONF": f"{folder}/slurm.conf", "PATH": path}
        finally:
            one_machine.stop(folder)


def start(folder: Path) -> None:
    """Start a Slurm in ``folder``; skip the test, with the reason, where none can run.

    Raises RuntimeError when one is installed and does not start.
    """
    if reason := one_machine.missing():
        pytest.skip(reason)
    if os.environ.get(FORBIDDEN):
        pytest.skip(f"no Slurm: {FORBIDDEN} states that this container forbids it")
    try:
        one_machine.start(folder)
    except RuntimeError as error:
        error.add_note(f"If this container forbids it, {FORBIDDEN}=1 lets these tests skip.")
        raise


def until(reached: Callable[[], object], run: Future[None] | None = None) -> None:
    """Wait for something to happen, while Snakemake runs: if it fails before, with its error."""
    deadline = time.monotonic() + PATIENCE
    while not reached():
        if run and run.done():
            run.result()
            raise AssertionError("Snakemake ended too early")
        assert time.monotonic() < deadline, f"nothing happened for {PATIENCE:.0f} s"
        time.sleep(0.1)


def submit(workflow: Workflow, tree: Path, *arguments: str, env: dict[str, str]) -> None:
    """Run a checkout's workflow as jobs of a Slurm to which ``env`` leads."""
    run = (*SLURM, *arguments)
    workflow(tree, *run, snakefile=tree / "Snakefile", env=env, program=("-c", IMPATIENT))


def runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


# ---- Slurm itself --------------------------------------------------------------------------------


def test_a_slurm_that_is_installed_and_does_not_start_is_a_failure_unless_it_is_forbidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(folder: Path) -> None:
        raise RuntimeError("munged ended")

    monkeypatch.setattr(one_machine, "start", fail)
    monkeypatch.delenv(FORBIDDEN, raising=False)
    monkeypatch.setattr(one_machine, "missing", lambda: "no Slurm: expected munged, found none")
    with pytest.raises(pytest.skip.Exception, match="expected munged"):
        start(tmp_path)
    monkeypatch.setattr(one_machine, "missing", lambda: None)
    with pytest.raises(RuntimeError, match="munged ended") as failed:
        start(tmp_path)
    assert any(FORBIDDEN in note for note in failed.value.__notes__)
    monkeypatch.setenv(FORBIDDEN, "1")
    with pytest.raises(pytest.skip.Exception, match=FORBIDDEN):
        start(tmp_path)


def test_slurm_starts_and_stops_twice_and_ends_its_jobs_and_daemons():
    with tempfile.TemporaryDirectory(prefix="slurm-") as name:
        folder = Path(name)
        start(folder)
        slurm = {"SLURM_CONF": f"{folder}/slurm.conf"}
        ask(slurm, "sbatch", "--output=/dev/null", "--wrap=sleep 600")
        until(lambda: "R" in ask(slurm, "squeue", "--noheader", "--format=%t"))
        daemons = {path.name: path.read_text() for path in folder.glob("*.pid")}
        one_machine.start(folder)
        assert {path.name: path.read_text() for path in folder.glob("*.pid")} == daemons
        assert daemons.keys() == {f"{name}.pid" for name in one_machine.DAEMONS}
        one_machine.stop(folder)
        one_machine.stop(folder)
        assert not any(runs(int(pid)) for pid in daemons.values())
        assert list(folder.glob("spool/job*")) == []


# ---- Trainings -----------------------------------------------------------------------------------


def without_trainings(finished: Path, target: Path, *seeds: int) -> Path:
    """Return a copy of a finished tree in which translators are to be trained."""
    tree = shutil.copytree(finished, target)
    for seed in seeds:
        shutil.rmtree(tree / TRAINED / str(seed))
    return tree


def train(
    workflow: Workflow, slurm: dict[str, str], tree: Path, resource: str, *seeds: int
) -> None:
    """Let Slurm train what is missing, with one resource set, and with the faults in the tree."""
    paths = (tree / FAULTS, tree / "workflow/scripts")
    env = slurm | {"PYTHONPATH": os.pathsep.join(map(str, paths))}
    arguments = [*options(), "--set-resources", f"train_translator:{resource}", "--"]
    arguments += [f"{TRAINED}/{seed}/model.safetensors" for seed in seeds]
    submit(workflow, tree, *arguments, env=env)


def log_of(tree: Path, seed: int | str) -> Path:
    return tree / f"logs/mini/train_translator/baseline/{seed}.log"


def stopped(tree: Path) -> dict[str, int]:
    """Return the numbers of stopped trainings by the numbers of their jobs."""
    there = [psutil.Process(notes[0].pid) for notes in trainings(tree).values()]
    still = [one for one in there if one.status() == psutil.STATUS_STOPPED]
    return {one.environ()["SLURM_JOB_ID"]: one.pid for one in still}


def test_a_preempted_training_saves_its_state_continues_and_gives_the_same_bytes(
    slurm: dict[str, str], finished: Path, tmp_path: Path, workflow: Workflow
):
    tree = without_trainings(finished, tmp_path / "shared folder", 1, 2)
    # Slurm wakes what it ends, so that no training is quicker than this test.
    prepare_faults(tree, {"train_translator": [{"step": MIDDLE, "signal": signal.SIGSTOP}] * 2})
    with ThreadPoolExecutor(1) as other:
        done = other.submit(train, workflow, slurm, tree, "gpu=1", 1, 2)
        until(lambda: len(stopped(tree)) == 2, done)
        first, second = records(slurm, tree)
        os.kill(stopped(tree)[second["JobId"]], signal.SIGCONT)
        ask(slurm, "scontrol", "requeue", first["JobId"])
        done.result()
    assert_side_by_side(first, second)
    assert [job["Restarts"] for job in records(slurm, tree)] == ["1", "0"]
    log = log_of(tree, first["Comment"][-1]).read_text()
    assert f"resuming after epoch 0, batch {MIDDLE}, step {MIDDLE}" in log
    assert check_nothing_repeated_but_the_last_interval(tree, NEVER)[1] == 0
    check_same(tree, finished)


def assert_side_by_side(first: Job, second: Job) -> None:
    """Check two trainings while both ran: what they asked for, and that each has its own GPU."""
    for job in (first, second):
        assert job["JobState"] == "RUNNING"
        assert job["CPUs/Task"] == "1"
        assert job["TimeLimit"] == "12:00:00"
        assert job["MinMemoryNode"] == "4000M"
        assert job["TresPerJob"] == "gres:gpu:1"
    assert {job["GRES"] for job in (first, second)} == {"gpu:1(IDX:0)", "gpu:1(IDX:1)"}


@pytest.mark.long
def test_a_training_saves_its_state_before_its_time_is_over_and_is_submitted_again(
    slurm: dict[str, str], finished: Path, tmp_path: Path, workflow: Workflow
):
    tree = without_trainings(finished, tmp_path / "shared folder", 1)
    prepare_faults(tree, {"train_translator": [{"step": MIDDLE, "waits": True}]})
    train(workflow, slurm, tree, "runtime=2", 1)
    first, second = records(slurm, tree)
    assert (first["JobState"], second["JobState"]) == ("FAILED", "COMPLETED")
    assert first["TimeLimit"] == "00:02:00" > first["RunTime"]
    assert f"resuming after epoch 0, batch {MIDDLE}, step {MIDDLE}" in log_of(tree, 1).read_text()
    assert check_nothing_repeated_but_the_last_interval(tree, NEVER)[1] == 0
    check_same(tree, finished)


# ---- All of it -----------------------------------------------------------------------------------


def started(tree: Path, seed: int) -> bool:
    log = log_of(tree, seed)
    return log.exists() and "epoch" in log.read_text()


@pytest.mark.long
def test_the_whole_workflow_survives_a_cancelled_and_a_preempted_training(
    slurm: dict[str, str], tmp_path: Path, workflow: Workflow
):
    config = {
        "run": {"variants": ["baseline"]},
        "range_test": {"variants": []},
        "threads": {"decoding": 2},
        "variant_defaults": {"training": {"checkpoint_seconds": NEVER}},
        "variants": {"baseline": {"training": {"epochs": 40}}},
    }
    tree, alone = (copy_of_checkout(tmp_path / name) for name in ("shared folder", "alone"))
    for place in (tree, alone):
        (place / OWN).write_text(yaml.safe_dump(config), encoding="utf-8")
    with ThreadPoolExecutor(1) as other:
        done = other.submit(submit, workflow, tree, *options(), OWN, env=slurm)
        until(lambda: all(started(tree, seed) for seed in (1, 2)), done)
        tried = of_rule(records(slurm, tree), "train_translator")
        ask(slurm, "scancel", tried["baseline_1"][0]["JobId"])
        ask(slurm, "sbatch", "--partition=urgent", "--exclusive", "--output=/dev/null", "--wrap=:")
        workflow(alone, *options(), OWN, "--cores", "2", snakefile=alone / "Snakefile")
        done.result()
    tried = of_rule(records(slurm, tree), "train_translator")
    assert tried.keys() == {"baseline_1", "baseline_2"}
    assert together([tried["baseline_1"][0], tried["baseline_2"][0]])
    assert [job["JobState"] for job in tried["baseline_1"]] == ["CANCELLED", "COMPLETED"]
    for seed in (1, 2):
        assert "resuming after epoch" in log_of(tree, seed).read_text()
    translations = of_rule(records(slurm, tree), "translate_questions").values()
    assert {job["CPUs/Task"] for tries in translations for job in tries} == {"2"}
    assert of_rule(records(slurm, tree), "fetch_resource") == {}  # the login node has the network
    check_same(tree, alone)


@pytest.mark.long
def test_feature_shards_are_separate_jobs_that_run_at_the_same_time(
    slurm: dict[str, str], tmp_path: Path, workflow: Workflow
):
    tree, alone = tmp_path / "shared folder", tmp_path / "alone"
    shards = [f"{IMAGES}/features/toy/{shard}.npy" for shard in range(SHARDS)]
    for place in (tree, alone):
        write_sources(copy_of_checkout(place))
    arguments = [*options(IMAGE_CONFIG), "--", *shards]
    submit(workflow, tree, *arguments, env=slurm)
    workflow(alone, "--cores", "2", *arguments, snakefile=alone / "Snakefile")
    jobs = of_rule(records(slurm, tree), "extract_features")
    assert jobs.keys() == {f"toy_{shard}" for shard in range(SHARDS)}
    assert together([tries[-1] for tries in jobs.values()])
    check_same(tree, alone, IMAGES)
