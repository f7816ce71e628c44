"""Disks that are full or read-only, and jobs that run out of memory: one line, nothing lost."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.interruption.harness import Snakemake, check_same, prepare_faults
from tests.mini_tree import RESULTS

pytestmark = pytest.mark.long


def can_mount() -> bool:
    """Return whether this process may mount file systems, in a name space that vanishes at once."""
    if not shutil.which("unshare"):
        return False
    command = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


needs_mount = pytest.mark.skipif(not can_mount(), reason="needs the right to mount (root)")


@contextmanager
def mounted(folder: Path, *arguments: str | Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", *arguments, folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.fixture
def tree(undisturbed: Path, tmp_path: Path) -> Path:
    """Return a copy of the undisturbed tree, to be disturbed."""
    return shutil.copytree(undisturbed, tmp_path / "tree")


def fails(tree: Path, *arguments: str) -> list[str]:
    """Return the lines with errors of a run that must fail without a traceback of a job's."""
    status, shown = Snakemake(tree, *arguments).end()
    assert status != 0
    assert "Traceback" not in shown
    return [line for line in shown.splitlines() if "error: " in line]


def succeeds(tree: Path) -> str:
    """Return what a run to the end shows."""
    status, shown = Snakemake(tree).end()
    assert status == 0, shown
    return shown


# What is deleted, the folder that fills up, its size, and the file that does not fit.
FULL = {
    "vectors": ("vectors", f"{RESULTS}/vectors", "12k", "vectors/fr.bin"),
    "weights": ("translators/all/1", f"{RESULTS}/translators/all/1", "36k", "model.safetensors"),
    "state": ("translators/all/1", f"resources/state/{RESULTS}/translators/all/1", "40k", "state"),
}


@needs_mount
@pytest.mark.parametrize("case", FULL)
def test_on_a_full_disk_a_job_says_so_and_goes_on_when_there_is_room(
    undisturbed: Path, tree: Path, case: str
):
    deleted, folder, size, name = FULL[case]
    shutil.rmtree(tree / RESULTS / deleted)
    with mounted(tree / folder, "-t", "tmpfs", "-o", f"size={size}", "tmpfs"):
        (line,) = fails(tree)
        assert name in line
        assert "'No space left on device'; free some space there and run the same" in line
        assert [*(tree / folder).glob(".*.partial.*")] == []
    succeeds(tree)
    check_same(tree, undisturbed)


@needs_mount
def test_a_read_only_folder_of_results_is_named(undisturbed: Path, tree: Path):
    shutil.rmtree(tree / RESULTS / "translators/all/1")
    shutil.rmtree(tree / RESULTS / "tables")
    results = tree / RESULTS
    with mounted(results, "--bind", results):
        subprocess.run(["mount", "-o", "remount,ro,bind", results], check=True)
        status, shown = Snakemake(tree).end()
    assert status != 0
    assert "Read-only file system" in shown.splitlines()[-3:][0], shown
    succeeds(tree)
    check_same(tree, undisturbed)


def test_when_memory_runs_out_for_one_job_the_others_finish(undisturbed: Path, tree: Path):
    shutil.rmtree(tree / RESULTS / "translators")
    prepare_faults(tree, {"train_translator": [{"step": 2}]})
    lines = fails(tree, "--keep-going")
    assert lines[-1].startswith("error: a job was killed (SIGKILL), which is what the system does")
    assert len([*(tree / RESULTS / "translators").rglob("model.safetensors")]) == 3
    shown = succeeds(tree)
    assert shown.count("\nrule train_translator:") == 1
    check_same(tree, undisturbed)
