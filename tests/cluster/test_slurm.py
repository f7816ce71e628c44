"""Trainings as jobs of a real Slurm, on this machine: side by side, broken off, continued."""

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import numpy as np
import psutil
import pytest
import yaml

from tests.cluster import one_machine
from tests.mini_tree import CONFIG, RESULTS, artefacts, copy_of_checkout
from tests.picture_tree import CONFIG as PICTURE_CONFIG
from tests.picture_tree import RESULTS as PICTURES
from tests.picture_tree import SHARDS, write_sources
from wordbridge.corpus.ids import pack, write_ids

Workflow = Callable[..., subprocess.CompletedProcess[str]]
Job = dict[str, str]

OWN = "own.yaml"  # on top of the mini experiment's configuration
# What is special about a Slurm without accounts and with short jobs; on a cluster only the profile.
SLURM = ["--workflow-profile", "profiles/slurm", "--cores", "all", "--slurm-no-account"]
SLURM += ["--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks"]
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
    """Start a Slurm in ``folder``; skip the test, and say why, where that is not possible."""
    if reason := one_machine.missing():
        pytest.skip(reason)
    try:
        one_machine.start(folder)
    except RuntimeError as error:
        pytest.skip(str(error))


def ask(slurm: dict[str, str], *command: str) -> str:
    """Return what one of Slurm's commands says."""
    env = os.environ | slurm
    return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout


def records(slurm: dict[str, str], tree: Path) -> list[Job]:
    """Return what Slurm knows about each job of ``tree``, ended ones too, in their order."""
    lines = ask(slurm, "scontrol", "show", "job", "--details", "--oneliner").splitlines()
    jobs = [dict(re.findall(r"(\S+?)=(.*?)(?=\s+\S+?=|\s*$)", line)) for line in lines]
    mine = [job for job in jobs if job.get("WorkDir") == str(tree)]
    return sorted(mine, key=lambda job: int(job["JobId"]))


def until(reached: Callable[[], object], run: Future[None] | None = None) -> None:
    """Wait for something to happen, while Snakemake runs: if it fails before, with its error."""
    deadline = time.monotonic() + PATIENCE
    while not reached():
        if run and run.done():
            run.result()
            raise AssertionError("Snakemake ended too early")
        assert time.monotonic() < deadline, f"nothing happened for {PATIENCE:.0f} s"
        time.sleep(0.1)


def started(tree: Path, variant: str, seed: int) -> bool:
    log = tree / f"logs/mini/train_translator/{variant}/{seed}.log"
    return log.exists() and "epoch" in log.read_text()


def runs(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


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


def checkout(target: Path, config: dict[str, object]) -> Path:
    """Return a copy of the checkout with ``config`` in a file of its own."""
    tree = copy_of_checkout(target)
    (tree / OWN).write_text(yaml.safe_dump(config), encoding="utf-8")
    return tree


def write_training_inputs(target: Path) -> None:
    """Write made-up texts and embeddings where rules would put them."""
    random = np.random.default_rng(3)
    parts = ["train"] * 60 + ["valid"] * 7 + ["test"] * 5
    for language, words, dim in [("fr", 23, 11), ("en", 19, 10)]:
        texts = [[*random.integers(4, words, random.integers(2, 7)), 2] for _ in parts]
        for noun in ("ids", "embeddings"):
            (target / RESULTS / noun).mkdir(parents=True, exist_ok=True)
        write_ids(pack(texts, parts), target / RESULTS / f"ids/{language}.npz")
        matrix = random.standard_normal((words, dim), dtype=np.float32)
        np.save(target / RESULTS / f"embeddings/{language}.npy", matrix)


def outputs(seed: int) -> list[str]:
    names = ["model.safetensors", "settings.json", "metrics.tsv"]
    return [f"{RESULTS}/translators/baseline/{seed}/{name}" for name in names]


# Without the rules for the made-up inputs, these are files like any other.
TRAINING = ["--configfile", CONFIG, OWN, "--allowed-rules", "train_translator"]


def test_a_preempted_training_saves_its_state_continues_and_gives_the_same_bytes(
    slurm: dict[str, str], tmp_path: Path, workflow: Workflow
):
    run = {"variants": ["baseline"], "seeds": [1, 2]}
    training = {"epochs": 40, "save_seconds": NEVER}
    config = {"run": run, "variant_defaults": {"training": training}}
    tree, alone = (checkout(tmp_path / name, config) for name in ("shared folder", "alone"))
    write_training_inputs(tree)
    write_training_inputs(alone)
    log = tree / "logs/mini/train_translator/baseline/1.log"
    gpu = ["--set-resources", "train_translator:gpu=1"]

    def train(checkout: Path, seeds: list[int], *options: str) -> None:
        targets = [outputs(seed)[0] for seed in seeds]
        arguments = [*options, *TRAINING, "--", *targets]
        workflow(checkout, *arguments, snakefile=checkout / "Snakefile", env=slurm)

    with ThreadPoolExecutor(1) as other:
        done = other.submit(train, tree, [1, 2], *SLURM, "8", *gpu)
        until(lambda: started(tree, "baseline", 1), done)
        first, second = records(slurm, tree)
        if first["Comment"].endswith("_2"):
            first, second = second, first
        ask(slurm, "scontrol", "requeue", first["JobId"])
        train(alone, [1])
        done.result()
    assert "continuing at epoch" in log.read_text()
    for name in outputs(1):
        assert (tree / name).read_bytes() == (alone / name).read_bytes(), name
    again, undisturbed = sorted(records(slurm, tree), key=lambda job: -int(job["Restarts"]))
    assert (again["Restarts"], undisturbed["Restarts"]) == ("1", "0")
    assert_side_by_side(first, second)


def assert_side_by_side(first: Job, second: Job) -> None:
    """Check two trainings while both ran: what they asked for, and that each has its own GPU."""
    for job in (first, second):
        assert job["JobState"] == "RUNNING"
        assert job["CPUs/Task"] == "1"
        assert job["TimeLimit"] == "12:00:00"
        assert job["MinMemoryNode"] == "4000M"
        assert job["TresPerJob"] == "gres:gpu:1"
    assert {job["GRES"] for job in (first, second)} == {"gpu:1(IDX:0)", "gpu:1(IDX:1)"}


# ---- All of it -----------------------------------------------------------------------------------


def together(jobs: list[Job]) -> bool:
    """Return whether there was a time at which all of ``jobs`` ran."""
    latest_start = max(datetime.fromisoformat(job["StartTime"]) for job in jobs)
    return latest_start < min(datetime.fromisoformat(job["EndTime"]) for job in jobs)


def of_rule(jobs: list[Job], rule: str) -> dict[str, list[Job]]:
    """Return the jobs of a rule by their wildcards, each with its retries."""
    found: dict[str, list[Job]] = {}
    for job in jobs:
        name, _, wildcards = job["Comment"].partition("_wildcards_")
        if name == f"rule_{rule}":
            found.setdefault(wildcards, []).append(job)
    return found


@pytest.mark.long
def test_the_whole_workflow_survives_a_cancelled_and_a_preempted_training(
    slurm: dict[str, str], tmp_path: Path, workflow: Workflow
):
    config = {
        "run": {"variants": ["baseline"]},
        "range_test": {"variants": []},
        "threads": {"decoding": 2},
        "variant_defaults": {"training": {"save_seconds": NEVER}},
        "variants": {"baseline": {"training": {"epochs": 40}}},
    }
    tree, alone = (checkout(tmp_path / name, config) for name in ("shared folder", "alone"))

    def run(place: Path, *options: str) -> None:
        arguments = [*options, "--configfile", CONFIG, OWN]
        workflow(place, *arguments, snakefile=place / "Snakefile", env=slurm)

    with ThreadPoolExecutor(1) as other:
        done = other.submit(run, tree, *SLURM, "3")
        until(lambda: all(started(tree, "baseline", seed) for seed in (1, 2)), done)
        trainings = of_rule(records(slurm, tree), "train_translator")
        ask(slurm, "scancel", trainings["baseline_1"][0]["JobId"])
        ask(slurm, "sbatch", "--partition=urgent", "--exclusive", "--output=/dev/null", "--wrap=:")
        run(alone, "--cores", "2")
        done.result()
    trainings = of_rule(records(slurm, tree), "train_translator")
    assert trainings.keys() == {"baseline_1", "baseline_2"}
    assert together([trainings["baseline_1"][0], trainings["baseline_2"][0]])
    assert [job["JobState"] for job in trainings["baseline_1"]] == ["CANCELLED", "COMPLETED"]
    for seed in (1, 2):
        log = tree / f"logs/mini/train_translator/baseline/{seed}.log"
        assert "continuing at epoch" in log.read_text()
    translations = of_rule(records(slurm, tree), "translate_questions").values()
    assert {job["CPUs/Task"] for tries in translations for job in tries} == {"2"}
    assert of_rule(records(slurm, tree), "fetch_resource") == {}  # the login node has the network
    expected, found = artefacts(alone), artefacts(tree)
    assert set(found) == set(expected)
    assert {name for name in found if found[name] != expected[name]} == set()


@pytest.mark.long
def test_feature_shards_are_jobs_of_their_own_that_run_side_by_side(
    slurm: dict[str, str], tmp_path: Path, workflow: Workflow
):
    tree, alone = tmp_path / "shared folder", tmp_path / "alone"
    shards = [f"{PICTURES}/features/toy/{shard}.npy" for shard in range(SHARDS)]
    for place, options in ((tree, [*SLURM, "3"]), (alone, ["--cores", "2"])):
        write_sources(copy_of_checkout(place))
        arguments = [*options, "--configfile", PICTURE_CONFIG, "--", *shards]
        workflow(place, *arguments, snakefile=place / "Snakefile", env=slurm)
    jobs = of_rule(records(slurm, tree), "extract_features")
    assert jobs.keys() == {f"toy_{shard}" for shard in range(SHARDS)}
    assert together([tries[-1] for tries in jobs.values()])
    assert artefacts(tree, PICTURES) == artefacts(alone, PICTURES)
