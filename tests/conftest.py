"""Running whole workflows: Snakemake as a person starts it, in a folder of the test's own."""

import gc
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests import warm
from tests.mini_tree import CONFIG, ROOT, copy_of_checkout, options
from wordbridge.files import lock

Run = subprocess.CompletedProcess[str]

# pytest rewrites the assertions of each test module once, not in each worker and each session.
sys.dont_write_bytecode = False

# The files that take longest, in the order of their starts.
LONGEST = ["test_slurm", "test_images_workflow", "test_staleness_keys", "test_handful"]
LONGEST += ["test_results", "test_reruns", "test_learning", "test_training"]

# Variables that Python reads when it starts.
PYTHON = {"PYTHONHASHSEED", "PYTHONPATH"}


def snakemake(
    directory: Path,
    *arguments: str | Path,
    snakefile: Path = ROOT / "Snakefile",
    ok: bool = True,
    env: Mapping[str, str] | None = None,
    program: Sequence[str] = ("-m", "snakemake"),
    server: str | None = None,
) -> Run:
    """Return the finished ``snakemake --directory DIRECTORY ARGUMENTS``, output in ``stdout``.

    ``ok`` is the expected success; the test fails with the output if the run ends otherwise.
    ``env`` holds variables that are added to this process's environment; ``program`` is what
    Python runs. ``server`` forks the process, unless ``env`` changes the start of Python.
    """
    # Before an editable installation, which belongs to the checkout under test only.
    path = {"PYTHONPATH": str(snakefile.parent / "workflow" / "scripts")}
    every = os.environ | path | {"PYTHONDONTWRITEBYTECODE": "1"} | dict(env or {})
    arguments = ("--snakefile", snakefile, "--cores", "1", "--directory", directory, *arguments)
    command = [*program, *map(str, arguments)]
    with tempfile.TemporaryFile("w+b") as output:
        if server and not PYTHON & (env or {}).keys():
            status = warm.run(server, command, every, str(snakefile.parent), *[output.fileno()] * 2)
        else:
            status = subprocess.run(
                [sys.executable, *command],
                env=every,
                cwd=snakefile.parent,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode
        output.seek(0)
        shown = output.read().decode()
    assert (status == 0) is ok, shown
    return Run(command, status, shown)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Return a folder that all workers share."""
    folder = tmp_path_factory.getbasetemp()
    return folder if worker_id == "master" else folder.parent


@pytest.fixture(scope="session")
def server(shared: Path, worker_id: str) -> str:
    """Return the address of a server that forks processes with all libraries imported."""
    address = shared / "warm.socket"
    with lock(shared / "warm.lock", "starts a server"):
        if not address.exists():
            warm.start(str(address), os.getpid() if worker_id == "master" else os.getppid())
    return str(address)


@pytest.fixture(scope="session")
def python(server: str) -> Callable[..., Run]:
    """Run Python in a forked process: ``python(*arguments, cwd=..., path=PYTHONPATH)``."""

    def run(*arguments: str | Path, cwd: Path, path: Path) -> Run:
        command, env = list(map(str, arguments)), os.environ | {"PYTHONPATH": str(path)}
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            descriptors = (output.fileno(), errors.fileno())
            status = warm.run(server, command, env, str(cwd), *descriptors)
            texts = [os.pread(fd, os.fstat(fd).st_size, 0).decode() for fd in descriptors]
        return Run(command, status, *texts)

    return run


@pytest.fixture(scope="session")
def workflow(server: str) -> Callable[..., Run]:
    """Run Snakemake: ``workflow(directory, *arguments, snakefile=..., ok=True)``."""
    return partial(snakemake, server=server)


@pytest.fixture(scope="session")
def finished(shared: Path, workflow: Callable[..., Run]) -> Path:
    """Return a checkout in which the mini experiment has run, once for all workers.

    Look at it only; ``checkout`` is for edits.
    """
    checkout, done = shared / "mini/checkout", shared / "mini/done"
    with lock(shared / "mini.lock", "runs the mini experiment"):
        if not done.exists():
            shutil.rmtree(checkout, ignore_errors=True)
            copy_of_checkout(checkout)
            # Other tests compare it with runs that have one core, or three.
            arguments = (*options(checkout / CONFIG), "--cores", "2")
            workflow(checkout, *arguments, snakefile=checkout / "Snakefile")
            done.touch()
    return checkout


@pytest.fixture(scope="session")
def finished_images(shared: Path, workflow: Callable[..., Run]) -> Path:
    """Return a folder in which the target ``images`` has been made, once for all workers.

    Look at it only.
    """
    from tests import image_tree  # imports torch, which the process above all workers never needs

    folder, done = shared / "images/folder", shared / "images/done"
    with lock(shared / "images.lock", "runs the image side"):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            image_tree.write_sources(folder)
            workflow(folder, "images", *image_tree.options(folder))
            done.touch()
    return folder


@pytest.fixture
def checkout(finished: Path, tmp_path: Path) -> Path:
    """Return a copy of the finished checkout, to be edited."""
    return shutil.copytree(finished, tmp_path / "copy")


@pytest.fixture(scope="session")
def jobs(workflow: Callable[..., Run]) -> Callable[..., dict[str, int]]:
    """Return how many jobs of each rule would run: ``jobs(directory, *arguments, snakefile=...)``.

    Rules that only collect targets (those without a script) are left out by the caller.
    """

    def counts(directory: Path, *arguments: str | Path, **options: Any) -> dict[str, int]:
        shown = workflow(directory, "--dry-run", *arguments, **options).stdout
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


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Import libraries and tests without garbage collection; their objects stay to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return one worker more than cores, since tests of Slurm, locks and kills mostly wait."""
    return len(os.sched_getaffinity(0)) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest files come first, so that all workers end together.

    Others that plan or run whole workflows follow them.
    """
    dear = {"workflow", "planner"}
    first = {item.path for item in items if dear & {*getattr(item, "fixturenames", ())}}
    rank = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: (rank.get(item.path.stem, len(rank)), item.path not in first))
