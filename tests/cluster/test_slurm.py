"""Trainings as jobs of a real Slurm, on this machine: side by side, broken off, continued."""

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.cluster import one_machine
from wordbridge.corpus.ids import pack, write_ids

Workflow = Callable[..., subprocess.CompletedProcess[str]]
Job = dict[str, str]

ROOT = Path(__file__).resolve().parents[2]
CHECKOUT = ["Snakefile", "config.yaml", "envs", "profiles", "workflow", "tests/mini"]
MINI = "tests/mini/config.yaml"
RESULTS = "results/mini"
# What is special about a Slurm without accounts and with short jobs; on a cluster only the profile.
SLURM = ["--workflow-profile", "profiles/slurm", "--cores", "all", "--slurm-no-account"]
SLURM += ["--slurm-status-command", "squeue", "--slurm-init-seconds-before-status-checks"]
PATIENCE = 240.0  # seconds; a busy machine takes long to import torch


@pytest.fixture(scope="module")
def slurm() -> Iterator[dict[str, str]]:
    """Return the variables that lead to a running Slurm."""
    if reason := one_machine.missing():
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))  # short, since a socket's path must be
    try:
        one_machine.start(folder)
        yield {"SLURM_CONF": f"{folder}/slurm.conf", "PATH": f"{folder}/bin:{os.environ['PATH']}"}
    finally:
        one_machine.stop(folder)
        shutil.rmtree(folder)


def ask(slurm: dict[str, str], *command: str) -> str:
    """Return what one of Slurm's commands says."""
    env = os.environ | slurm
    return subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout


def records(slurm: dict[str, str], tree: Path) -> list[Job]:
    """Return what Slurm knows about each job of ``tree``, ended ones too, in their order."""
    lines = ask(slurm, "scontrol", "show", "job", "--details", "--oneliner").splitlines()
    jobs = [dict(re.findall(r"(\S+?)=(.*?)(?= \S+?=|\s*$)", line)) for line in lines if "=" in line]
    mine = [job for job in jobs if job["WorkDir"] == str(tree)]
    return sorted(mine, key=lambda job: int(job["JobId"]))


def until(reached: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < deadline, f"expected {what} within {PATIENCE:.0f} s"
        time.sleep(0.1)


def training_checkout(target: Path) -> Path:
    """Return a copy of the checkout with made-up inputs of a training, and its config."""
    for name in CHECKOUT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / name, target / name)
    random = np.random.default_rng(3)
    parts = ["train"] * 60 + ["valid"] * 7 + ["test"] * 5
    for language, words, dim in [("fr", 23, 11), ("en", 19, 10)]:
        texts = [[*random.integers(4, words, random.integers(2, 7)), 2] for _ in parts]
        for noun in ("ids", "embeddings"):
            (target / RESULTS / noun).mkdir(parents=True, exist_ok=True)
        write_ids(pack(texts, parts), target / RESULTS / f"ids/{language}.npz")
        matrix = random.standard_normal((words, dim), dtype=np.float32)
        np.save(target / RESULTS / f"embeddings/{language}.npy", matrix)
    # Nothing is saved before somebody asks for it by SIGTERM.
    training = {"epochs": 40, "save_seconds": 3600}
    run = {"variants": ["baseline"], "seeds": [1, 2]}
    config = {"run": run, "variant_defaults": {"training": training}}
    (target / "toy.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    return target


def outputs(seed: int) -> list[str]:
    names = ["model.safetensors", "settings.json", "metrics.tsv"]
    return [f"{RESULTS}/translators/baseline/{seed}/{name}" for name in names]


# Without the rules for the made-up inputs, these are files like any other.
TRAINING = ["--configfile", MINI, "toy.yaml", "--allowed-rules", "train_translator"]


def test_a_preempted_training_saves_its_state_continues_and_gives_the_same_bytes(
    slurm: dict[str, str], tmp_path: Path, workflow: Workflow
):
    tree, alone = (training_checkout(tmp_path / name) for name in ("shared folder", "alone"))
    log = tree / "logs/mini/train_translator/baseline/1.log"
    gpu = ["--set-resources", "train_translator:gpu=1"]

    def train(checkout: Path, seeds: list[int], *options: str) -> None:
        targets = [outputs(seed)[0] for seed in seeds]
        arguments = [*options, *TRAINING, "--", *targets]
        workflow(checkout, *arguments, snakefile=checkout / "Snakefile", env=slurm)

    with ThreadPoolExecutor(1) as other:
        done = other.submit(train, tree, [1, 2], *SLURM, "8", *gpu)
        until(lambda: done.done() or (log.exists() and "epoch" in log.read_text()), "a training")
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
