"""Set-up and end of a script job: its log, one-line errors, processes, and the record of outputs.

Every script calls ``start_job(snakemake)`` first. Whatever differs from run to run (times, memory,
versions, devices) goes into the job's record, so that no other output contains it. Of the
package this module imports only what every environment has.
"""

import atexit
import errno
import hashlib
import io
import json
import logging
import os
import platform
import re
import resource
import runpy
import select
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from pathlib import Path, PurePath
from threading import Thread
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from wordbridge.errors import InputError
from wordbridge.files import atomic_write, file_sha256
from wordbridge.progress import TERMINAL

if TYPE_CHECKING:
    from snakemake.iocontainers import Snakemake

Item = TypeVar("Item")
Result = TypeVar("Result")

SCRIPTS = Path(__file__).resolve().parents[1]
# Loaded by its path, because the Snakefile imports it before anything is installed.
PROVENANCE = SCRIPTS.parent / "provenance.py"
# The Snakefile sets it for its jobs. The parent process may be a shell between the two, which
# survives a SIGKILL of Snakemake.
SNAKEMAKE = "WORDBRIDGE_SNAKEMAKE"
MANIFEST = "manifest"
SECONDS = "resources/seconds"
LARGEST = 10**9  # bytes of an input that is hashed, the limit of Snakemake's own checksums


def start_job(snakemake: "Snakemake") -> None:
    """Redirect the output of this process to the first log file of the job, and check the job.

    An InputError that no caller handles becomes one last line ``error: ...`` and exit status 1;
    an unexpected error brings its traceback into the log. The process ends with its Snakemake.
    A job that succeeds leaves its record in the manifest. Raises InputError if the code differs
    from the planned code, or if Snakemake gives fewer threads than the settings ask for.
    """
    screen = _redirect(Path(snakemake.log[0]))
    TERMINAL.attach(screen, " ".join([snakemake.rule, *map(str, snakemake.wildcards)]))
    sys.excepthook = partial(_report, snakemake.log[0])
    if os.environ.get(SNAKEMAKE):
        exit_with_parent(int(os.environ[SNAKEMAKE]))
    _check_code(snakemake)
    _check_threads(snakemake)
    atexit.register(write_record, snakemake, Path.cwd())


def _redirect(path: Path) -> int:
    """Return a descriptor of the previous standard error; the log at ``path`` takes its place."""
    screen = os.dup(2)
    path.parent.mkdir(parents=True, exist_ok=True)
    for stream in (sys.stdout, sys.stderr):
        assert isinstance(stream, io.TextIOWrapper)
        # Line by line keeps the two in order; UTF-8 because a node may have another locale.
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    with path.open("wb") as log:
        # The descriptors, not only sys.stdout: fastText and other C++ code write to these.
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr, force=True)
    return screen


def _report(
    log: str, kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    atexit.unregister(write_record)
    line = error_message(error)
    TERMINAL.show(f"error: {line or f'{error!r}; {log} has the traceback'}")
    with suppress(OSError):  # the log is on a full disk
        sys.stdout.flush()
        if line is None:
            sys.__excepthook__(kind, error, traceback)
        else:
            print(f"error: {line}", file=sys.stderr, flush=True)


def _check_code(snakemake: "Snakemake") -> None:
    script = sys.modules["__main__"].__file__  # Snakemake sets it to the path of the script
    assert script is not None
    planned = snakemake.params.code["modules"]
    now = runpy.run_path(str(PROVENANCE))["digest"](script)
    changed = sorted(name for name in planned | now if planned.get(name) != now.get(name))
    if changed:
        raise InputError(
            f"code changed after the workflow started: expected {', '.join(changed)} as planned, "
            "got another version; nothing was computed, run the same command again"
        )


def _check_threads(snakemake: "Snakemake") -> None:
    """Raise InputError if Snakemake lowered the threads that the last bits of results depend on."""
    settings = snakemake.params.get("settings")
    threads = settings.get("threads", 1) if isinstance(settings, dict) else 1
    if snakemake.threads < threads:
        raise InputError(
            f"threads: expected {threads} as configured, got {snakemake.threads}, since there are "
            f"no more cores; start with --cores {threads} or more, or lower threads in the config"
        )


# ---- Errors in one line -------------------------------------------------------------------------

# In addition to MemoryError: torch on a CPU, torch on a GPU, C++.
_OUT_OF_MEMORY = ("can't allocate memory", "out of memory", "bad_alloc")
# Errors of the system that any code may get. ENOENT is not among them: code that reads a file
# raises an InputError for a missing one.
_SYSTEM_ERRORS = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP),
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO),
}


def error_message(error: BaseException) -> str | None:
    """Return one line for an expected exception, or None when only its traceback explains it."""
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, KeyboardInterrupt):
        return "stopped by SIGINT (Ctrl-C); run the same command again"
    if isinstance(error, OSError) and error.errno in _SYSTEM_ERRORS:
        return (
            f"{error.filename or 'output'}: expected one that can be read or written, got "
            f"{error.strerror}; check the path, its permissions and the disk"
        )
    text = str(error).strip()
    if isinstance(error, MemoryError) or any(words in text for words in _OUT_OF_MEMORY):
        return (
            f"expected more memory, got {text.partition(chr(10))[0] or 'none'}; free some, run "
            "fewer jobs at once (--cores) or lower batch_size, and run the same command again"
        )
    return None


# ---- Processes and their parents ----------------------------------------------------------------

_PAUSE = 1.0  # seconds between two polls, where the kernel sends no notification


def exit_with_parent(pid: int) -> None:
    """Send this process a SIGTERM as soon as the process ``pid`` has ended.

    A training then saves its state and stops; every other job just ends.
    """
    Thread(target=_terminate_after, args=(pid,), daemon=True).start()


def _terminate_after(pid: int) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        pass
    except (OSError, AttributeError):  # an old kernel, macOS, or a container that forbids it
        # The second error: another user's process has the number by now.
        with suppress(ProcessLookupError, PermissionError):
            while True:
                os.kill(pid, 0)
                time.sleep(_PAUSE)
    else:
        select.select([descriptor], [], [])
    os.kill(os.getpid(), signal.SIGTERM)


def map_in_processes(
    function: Callable[[Item], Result], items: Iterable[Item], processes: int
) -> Iterator[Result]:
    """Yield ``function(item)`` in the order of ``items``, computed in ``processes`` processes.

    At most ``2 * processes`` items are computed at once or wait.
    """
    # A worker has both ends of the pipe that it reads, and would wait for a dead parent forever.
    context, parent = get_context("spawn"), (os.getpid(),)
    pending: deque[Future[Result]] = deque()
    with ProcessPoolExecutor(processes, context, exit_with_parent, parent) as pool:
        for item in items:
            if len(pending) == 2 * processes:
                yield pending.popleft().result()
            with _without_main():
                pending.append(pool.submit(function, item))
        while pending:
            yield pending.popleft().result()


@contextmanager
def _without_main() -> Iterator[None]:
    """Start processes that do not import the main module.

    Under Snakemake that is the rule's script, which would do its whole work once more.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


# ---- Elapsed time -------------------------------------------------------------------------------

_IMPORTED = time.monotonic()


class Elapsed:
    """Elapsed seconds of a job, including interrupted runs that it resumes."""

    def __init__(self) -> None:
        self._before = 0.0

    def continue_from(self, seconds: float) -> None:
        """Add the seconds in a checkpoint; of several checkpoints the largest counts."""
        self._before = max(self._before, seconds)

    def total(self) -> float:
        """Return the seconds of this process and of the runs that it resumes."""
        return self._before + seconds_since_start()


elapsed = Elapsed()


def seconds_since_start() -> float:
    """Return the age of this process; without /proc, the time since this import."""
    try:
        fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        start = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        return time.clock_gettime(time.CLOCK_BOOTTIME) - start
    except (OSError, AttributeError):
        return time.monotonic() - _IMPORTED


# ---- The record of a job ------------------------------------------------------------------------


def write_record(snakemake: "Snakemake", directory: Path) -> None:
    """Write the record of the finished job that ``snakemake`` describes.

    ``directory`` is the origin of its paths. A job whose outputs are not all there failed and
    gets no record. A full disk is a warning in the log: the outputs remain.
    """
    if not all((directory / path).exists() for path in snakemake.output):
        return
    try:
        record = job_record(snakemake, directory)
        job = (record["results"], record["rule"], record["wildcards"])
        text = json.dumps(record, indent=1, ensure_ascii=False, default=str)
        contents = {record_path(*job): text, seconds_path(*job): record["seconds"]}
        for path, content in contents.items():
            with atomic_write(directory / path) as partial_file:
                partial_file.write_text(f"{content}\n", encoding="utf-8", newline="\n")
    except OSError as error:
        print(
            f"warning: the outputs are complete, but the job has no record ({error}); "
            f"to have one: snakemake --force {snakemake.output[0]}",
            file=sys.stderr,
        )


def record_path(results: str, rule: str, wildcards: Mapping[str, str]) -> Path:
    """Return the path of a job's record, in the manifest of its results folder."""
    return Path(results, MANIFEST, f"{PurePath(rule, *wildcards.values())}.json")


def seconds_path(results: str, rule: str, wildcards: Mapping[str, str]) -> Path:
    """Return the path of the job's seconds, which outlive the results folder."""
    experiment = PurePath(results)
    folder = experiment.relative_to(experiment.anchor)
    return Path(SECONDS, folder, f"{PurePath(rule, *wildcards.values())}.txt")


def job_record(snakemake: "Snakemake", directory: Path) -> dict[str, Any]:
    """Return the record of a job: checksums of inputs and outputs, code, params, machine, cost."""
    params = dict(snakemake.params.items())
    code = params.pop("code")
    imported = code["versions"]
    if not imported:  # in conda the plan has none
        (script,) = (name for name in code["modules"] if "/" not in name)
        imported = runpy.run_path(str(PROVENANCE))["versions"](SCRIPTS / script)
    return {
        "rule": snakemake.rule,
        "wildcards": {name: str(value) for name, value in snakemake.wildcards.items()},
        "results": results_folder(snakemake.output[0], snakemake.config),
        "outputs": _checksums(snakemake.output, directory, largest=None),
        "inputs": _checksums(snakemake.input, directory, LARGEST),
        "params": params,
        "params_sha256": _digest(params),
        "code": code["modules"],
        "code_sha256": _digest(code["modules"]),
        "versions": versions(imported),
        **machine(),
        "threads": snakemake.threads,
        "seconds": round(elapsed.total(), 2),
        "peak_memory_mb": round(peak_memory_mb(), 1),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def results_folder(output: str, config: Mapping[str, Any]) -> str:
    """Return the experiment's folder; for a download, which experiments share, the top folder."""
    results = PurePath(config.get("pathvars", {}).get("results", "results"))
    path = PurePath(output)
    return (results if path.is_relative_to(results) else PurePath(path.parts[0])).as_posix()


def _checksums(
    paths: Iterable[str], directory: Path, largest: int | None
) -> dict[str, dict[str, str | int | None]]:
    """Return size and sha256 of each file; no sha256 of a file larger than ``largest``."""
    checksums: dict[str, dict[str, str | int | None]] = {}
    for name in map(str, paths):
        path = directory / name
        size = path.stat().st_size
        digest = file_sha256(path) if largest is None or size <= largest else None
        checksums[name] = {"sha256": digest, "bytes": size}
    return checksums


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def versions(distributions: Iterable[str]) -> dict[str, str]:
    """Return {distribution: version} as this process finds them."""
    result = {}
    for name in sorted(distributions):
        try:
            result[name] = version(name)
        except PackageNotFoundError:
            result[name] = "not installed"
    return result


def machine() -> dict[str, str]:
    """Return the versions of Python and the system, the processor, and the compute device.

    Of a job that imports torch also the CPU instructions that it uses.
    """
    torch = sys.modules.get("torch")  # nothing is imported to find out
    model = re.search(r"^model name\s*:\s*(.+)$", _read(Path("/proc/cpuinfo")), re.MULTILINE)
    cpu = model[1] if model else platform.processor() or platform.machine()
    gpu = torch is not None and torch.cuda.is_initialized()
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": f"{cpu}, {torch.backends.cpu.get_cpu_capability()}" if torch else cpu,
        "device": str(torch.cuda.get_device_name()) if torch and gpu else "cpu",
    }


def peak_memory_mb() -> float:
    """Return the peak memory of this process or of a child that it waited for, in MiB."""
    unit = 1 if sys.platform == "darwin" else 1024
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
    # getrusage includes the memory of the process before exec: Snakemake's own size.
    match = re.search(r"^VmHWM:\s+(\d+) kB", _read(Path("/proc/self/status")), flags=re.MULTILINE)
    if match:
        return max(int(match[1]) * 1024, children) / 2**20
    return max(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit, children) / 2**20


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
