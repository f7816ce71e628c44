"""Running whole workflows: Snakemake as a person starts it, in a folder of the test's own."""

import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.mini_tree import CONFIG, ROOT, copy_of_checkout, options
from wordbridge.files import lock

Run = subprocess.CompletedProcess[str]


def snakemake(
    directory: Path,
    *arguments: str | Path,
    snakefile: Path = ROOT / "Snakefile",
    ok: bool = True,
    env: Mapping[str, str] | None = None,
    program: Sequence[str] = ("-m", "snakemake"),
) -> Run:
    """Return the finished ``snakemake --directory DIRECTORY ARGUMENTS``, output in ``stdout``.

    ``ok`` is whether it must succeed; if it does the other thing, the test fails with the output.
    ``env`` holds variables on top of this process's own; ``program`` is what Python runs.
    """
    # Before an editable installation, which belongs to the checkout under test only.
    own = {"PYTHONPATH": str(snakefile.parent / "workflow" / "scripts")}
    command = [sys.executable, *program, "--snakefile", snakefile, "--cores", "1"]
    run = subprocess.run(
        [*command, "--directory", directory, *arguments],
        env=os.environ | own | {"PYTHONDONTWRITEBYTECODE": "1"} | dict(env or {}),
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
def finished(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Return a checkout in which the mini experiment has run, once for all workers.

    Look at it only; ``checkout`` is for edits.
    """
    own = tmp_path_factory.getbasetemp()
    folder = own if worker_id == "master" else own.parent
    checkout, done = folder / "mini/checkout", folder / "mini/done"
    with lock(folder / "mini.lock", "runs the mini experiment"):
        if not done.exists():
            shutil.rmtree(checkout, ignore_errors=True)
            copy_of_checkout(checkout)
            # Other tests compare it with runs that have one core, or three.
            arguments = (*options(checkout / CONFIG), "--cores", "2")
            snakemake(checkout, *arguments, snakefile=checkout / "Snakefile")
            done.touch()
    return checkout


@pytest.fixture
def checkout(finished: Path, tmp_path: Path) -> Path:
    """Return a copy of the finished checkout, to be edited."""
    return shutil.copytree(finished, tmp_path / "copy")


@pytest.fixture(scope="session")
def jobs() -> Callable[..., dict[str, int]]:
    """Return how many jobs of each rule would run: ``jobs(directory, *arguments, snakefile=...)``.

    Rules that only collect targets (those without a script) are left out by the caller.
    """

    def counts(directory: Path, *arguments: str | Path, **options: Any) -> dict[str, int]:
        shown = snakemake(directory, "--dry-run", *arguments, **options).stdout
        table = re.search(r"^Job stats:\n.*\n-.*\n((?:\w+ +\d+\n)+)", shown, flags=re.MULTILINE)
        if table is None:
            assert "Nothing to be done" in shown, shown
            return {}
        rows = [line.split() for line in table[1].splitlines()]
        return {rule: int(count) for rule, count in rows if rule != "total"}

    return counts


@pytest.fixture(scope="session")
def stale(jobs: Callable[..., dict[str, int]]) -> Callable[..., set[str]]:
    """Return the rules with jobs to run: ``stale(directory, *arguments, snakefile=...)``."""
    return lambda *arguments, **options: set(jobs(*arguments, **options))


@pytest.fixture
def small_files() -> Iterator[None]:
    """Let this process write files of 1000 bytes at most."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let files that plan or run whole workflows come first, so that all workers end together."""
    dear = {"workflow", "planner"}
    first = {item.path for item in items if dear & {*getattr(item, "fixturenames", ())}}
    items.sort(key=lambda item: item.path not in first)
