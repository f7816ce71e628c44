"""Memory that runs out for one job while others run: the others finish, the next run does it."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.interruption.experiments import MINI, Experiment, merged, mini_settings
from tests.interruption.harness import check_same, fails, prepare_faults, succeeds

pytestmark = pytest.mark.long

MODELS = tuple(f"{MINI.results}/translators/all/{seed}/model.safetensors" for seed in (1, 2))
# Above 60 MB of weights, with gradients and Adam's means four times as much.
WIDTH = 1700
ROOM = 150  # megabytes in addition to a job's memory at the start of its training


def large_settings() -> dict[str, Any]:
    large = {"model": {"hidden": WIDTH}, "training": {"epochs": 2}}
    return merged(mini_settings(), {"variants": {"all": large}})


LARGE = MINI._replace(name="large", settings=large_settings, targets=MODELS)
# A process that asks for more than it may have, where the kernel has such a limit.
GREEDY = """
import resource
resource.setrlimit(resource.RLIMIT_DATA, (2**27, 2**27))
bytearray(2**28)
"""


def without_trainings(undisturbed: Path, target: Path) -> Path:
    """Return a copy in which two trainings are to be done, side by side."""
    tree = shutil.copytree(undisturbed, target)
    for model in MODELS:
        shutil.rmtree((tree / model).parent)
    return tree


def seed_left_out(tree: Path) -> str:
    """Return the seed of the one training that gave nothing."""
    (model,) = [tree / model for model in MODELS if not (tree / model).exists()]
    return model.parent.name


def test_when_the_system_kills_one_job_the_others_finish(undisturbed: Path, tmp_path: Path):
    tree = without_trainings(undisturbed, tmp_path / "tree")
    prepare_faults(tree, {"train_translator": [{"step": 2}]})  # the kernel's way is a SIGKILL
    lines = fails(tree, *MODELS, "--keep-going")
    assert lines[-1].startswith("error: a job was killed (SIGKILL), which is what the system does")
    assert seed_left_out(tree)
    assert succeeds(tree, *MODELS).count("rule train_translator:") == 1
    check_same(tree, undisturbed)


def test_a_job_without_memory_reports_it_and_the_others_finish(
    run_of: Callable[[Experiment], Path], tmp_path: Path
):
    if not subprocess.run([sys.executable, "-c", GREEDY], capture_output=True).returncode:
        pytest.skip("expected a system that limits the memory of a process (RLIMIT_DATA), got none")
    undisturbed = run_of(LARGE)
    tree = without_trainings(undisturbed, tmp_path / "tree")
    prepare_faults(tree, {"train_translator": [{"room": ROOM}]})
    (line,) = fails(tree, *MODELS, "--keep-going")
    assert "error: expected more memory, got" in line
    assert "; free some, run fewer jobs at once (--cores) or lower batch_size, and run" in line
    log = tree / f"logs/mini/train_translator/all/{seed_left_out(tree)}.log"
    assert log.read_text().splitlines()[-1] in line
    assert succeeds(tree, *MODELS).count("rule train_translator:") == 1
    check_same(tree, undisturbed)
