"""Disks that are full or read-only: one line, nothing lost."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.interruption.harness import Snakemake, check_same, fails, succeeds
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


VECTORS, TRANSLATOR = f"{RESULTS}/vectors", f"{RESULTS}/translators/all/1"
MODEL = f"{TRANSLATOR}/model.safetensors"
# The target, the folder that fills up, its size, and the file that does not fit.
FULL = {
    "vectors": (f"{VECTORS}/mini_trained.fr.bin", VECTORS, "12k", "vectors/mini_trained.fr.bin"),
    "weights": (MODEL, TRANSLATOR, "20k", "model.safetensors"),
    "state": (MODEL, f"resources/state/{TRANSLATOR}", "40k", "resources/state"),
}


@needs_mount
@pytest.mark.parametrize("case", FULL)
def test_a_job_reports_a_full_disk_and_continues_when_there_is_space(
    undisturbed: Path, tree: Path, case: str
):
    target, folder, size, name = FULL[case]
    shutil.rmtree((tree / target).parent)
    with mounted(tree / folder, "-t", "tmpfs", "-o", f"size={size}", "tmpfs"):
        (tree / folder / "kept").touch()  # Snakemake deletes empty folders of failed jobs
        (line,) = fails(tree, target)
        assert name in line
        assert "'No space left on device'; free some space there and run the same" in line
        assert [*(tree / folder).glob(".*.partial.*")] == []
    succeeds(tree, target)
    check_same(tree, undisturbed)


@needs_mount
@pytest.mark.parametrize(
    ("deleted", "message"),
    [
        ([TRANSLATOR], "Write-protected output files for rule train_translator"),
        ([TRANSLATOR, f"{RESULTS}/timings"], "Read-only file system"),
    ],
)
def test_a_read_only_folder_of_results_is_named(
    undisturbed: Path, tree: Path, deleted: list[str], message: str
):
    for folder in deleted:
        shutil.rmtree(tree / folder)
    results = tree / RESULTS
    with mounted(results, "--bind", results):
        subprocess.run(["mount", "-o", "remount,ro,bind", results], check=True)
        status, shown = Snakemake(tree, MODEL).end()
    assert status != 0
    assert message in shown
    assert "Traceback" not in shown
    succeeds(tree, MODEL)
    check_same(tree, undisturbed)
