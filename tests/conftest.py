"""Running whole workflows: Snakemake as a person starts it, in a folder of the test's own."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

Run = subprocess.CompletedProcess[str]


def snakemake(
    directory: Path, *arguments: str | Path, snakefile: Path = ROOT / "Snakefile", ok: bool = True
) -> Run:
    """Return the finished ``snakemake --directory DIRECTORY ARGUMENTS``, output in ``stdout``.

    ``ok`` is whether it must succeed; if it does the other thing, the test fails with the output.
    """
    scripts = snakefile.parent / "workflow" / "scripts"
    command = [sys.executable, "-m", "snakemake", "--snakefile", snakefile, "--cores", "1"]
    run = subprocess.run(
        [*command, "--directory", directory, *arguments],
        # Before an editable installation, which belongs to the checkout under test only.
        env=os.environ | {"PYTHONPATH": str(scripts), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=snakefile.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert (run.returncode == 0) is ok, run.stdout
    return run


@pytest.fixture(scope="session")
def workflow() -> Callable[..., Run]:
    """Run Snakemake: ``workflow(directory, *arguments, snakefile=..., ok=True)``."""
    return snakemake


@pytest.fixture(scope="session")
def stale() -> Callable[..., set[str]]:
    """Return the rules with jobs to run: ``stale(directory, *arguments, snakefile=...)``.

    Rules that only collect targets (those without a script) are left out by the caller.
    """

    def rules(
        directory: Path, *arguments: str | Path, snakefile: Path = ROOT / "Snakefile"
    ) -> set[str]:
        shown = snakemake(directory, "--dry-run", *arguments, snakefile=snakefile).stdout
        table = re.search(r"^Job stats:\n.*\n-.*\n((?:\w+ +\d+\n)+)", shown, flags=re.MULTILINE)
        if table is None:
            assert "Nothing to be done" in shown, shown
            return set()
        return {line.split()[0] for line in table[1].splitlines()} - {"total"}

    return rules
