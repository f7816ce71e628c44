"""What a failure tells in one line, where its exception is one that a person can act on.

A process that does not outlive the one that waits for it.

What a process runs on and what it has used, as far as the system tells.

How long this job has taken, with the attempts that were broken off and that it continues.

What a job writes about itself when it ends well: one small file per job.

All that differs from run to run stands here (times, memory, versions, devices), so that no
artefact needs to hold it. Of the package only what every environment has is imported.

What a script job says goes to its log, stale code does not start, and a record is left.
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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePath
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any

from wordbridge.errors import InputError
from wordbridge.files import replacing, sha256_of
from wordbridge.progress import SCREEN

if TYPE_CHECKING:
    from snakemake.iocontainers import Snakemake


# Beside MemoryError: torch on a CPU, torch on a GPU, C++.
_NO_MEMORY = ("can't allocate memory", "out of memory", "bad_alloc")
# What the system refuses whatever the code does. A file that is missing is not among them: the
# code that expects it says so itself.
_REFUSED = {
    *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP),
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO),
}


def in_one_line(error: BaseException) -> str | None:
    """Return the line for an exception, or None when only its traceback explains it."""
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, KeyboardInterrupt):
        return "stopped by SIGINT (Ctrl-C); run the same command again"
    if isinstance(error, OSError) and error.errno in _REFUSED:
        return (
            f"{error.filename or 'a file'}: expected one that can be read or written, got "
            f"{error.strerror}; check the path, its permissions and the disk"
        )
    said = str(error)
    if isinstance(error, MemoryError) or any(words in said for words in _NO_MEMORY):
        return (
            f"expected more memory, got {_first_line(said) or 'none'}; free some, run fewer jobs "
            "at once (--cores) or lower batch_size, and run the same command again"
        )
    return None


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


# The Snakefile sets it for its jobs. The parent would not do: between the two there may be a
# shell, which a SIGKILL of Snakemake leaves alive.
SNAKEMAKE = "WORDBRIDGE_SNAKEMAKE"

_PAUSE = 1.0  # seconds between two looks, where the kernel does not tell


def end_with(pid: int) -> None:
    """Let this process get a SIGTERM as soon as the process ``pid`` is gone.

    A training saves its state then and stops; everything else just ends.
    """
    Thread(target=_end_after, args=(pid,), daemon=True).start()


def end_with_snakemake() -> None:
    """Do the same with the Snakemake whose job this process is, if it is one."""
    pid = os.environ.get(SNAKEMAKE)
    if pid:
        end_with(int(pid))


def _end_after(pid: int) -> None:
    _wait(pid)
    os.kill(os.getpid(), signal.SIGTERM)


def _wait(pid: int) -> None:
    """Return when the process ``pid`` has ended."""
    if sys.platform == "linux":
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        except OSError:  # an old kernel, or a container that forbids it
            pass
        else:
            select.select([descriptor], [], [])
            return
    while _is_there(pid):
        time.sleep(_PAUSE)


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, so it is not the one that was meant
        return False
    return True


IMPORTED = time.monotonic()


def machine() -> dict[str, str]:
    """Return the Python, the system, the kind of processor, and the device of the computation."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": _processor(),
        "device": _device(),
    }


def versions(distributions: Iterable[str]) -> dict[str, str]:
    """Return {distribution: version} as this process finds them."""
    return {name: _version(name) for name in sorted(distributions)}


def seconds_since_start() -> float:
    """Return how long this process has run; where there is no /proc, since this import."""
    try:
        fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        return time.clock_gettime(time.CLOCK_BOOTTIME) - started
    except (OSError, AttributeError):
        return time.monotonic() - IMPORTED


def peak_memory_mb() -> float:
    """Return the most memory that this process, or one that it waited for, held at once."""
    unit = 1 if sys.platform == "darwin" else 1024
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
    return max(_own_peak(unit), children) / 2**20


def _own_peak(unit: int) -> int:
    # getrusage counts what the process held before it became this program: Snakemake's own size.
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        status = ""
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, flags=re.MULTILINE)
    if found:
        return int(found[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _processor() -> str:
    """Return the processor's name and, where torch has computed, the instructions it chose."""
    try:
        known = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        known = ""
    found = re.search(r"^model name\s*:\s*(.+)$", known, flags=re.MULTILINE)
    name = found[1] if found else platform.processor() or platform.machine()
    torch = sys.modules.get("torch")
    return f"{name}, {torch.backends.cpu.get_cpu_capability()}" if torch else name


def _device() -> str:
    """Return the name of the GPU that was used, or cpu; nothing is imported to find out."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return "cpu"
    return str(torch.cuda.get_device_name())


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"


@dataclass
class _Earlier:
    seconds: float = 0.0
    attempts: int = 0


_earlier = _Earlier()


def go_on(seconds: float, attempts: int) -> None:
    """Take in that this process continues ``attempts`` that had taken ``seconds`` when they saved.

    A job of several trainings does so for each: the last to be saved knows the most.
    """
    _earlier.seconds = max(_earlier.seconds, seconds)
    _earlier.attempts = max(_earlier.attempts, attempts)


def so_far() -> tuple[float, int]:
    """Return the seconds of this process and of those that it continues, and how many they are."""
    return _earlier.seconds + seconds_since_start(), _earlier.attempts + 1


FOLDER = "manifest"
SECONDS = "resources/seconds"
SCRIPTS = Path(__file__).resolve().parents[1]
# Outside the package, because the Snakefile needs it before anything is installed.
PROVENANCE = SCRIPTS.parent / "provenance.py"
LARGEST = 10**9  # bytes of an input that is hashed: as much as Snakemake hashes for us


def write_record(snakemake: "Snakemake", directory: Path) -> None:
    """Write what is known about the finished job that ``snakemake`` describes.

    ``directory`` is what its paths start from. A job whose outputs are not all there did not end
    well and gets no record. That the disk is full is said in the log, and is no reason to lose
    the outputs.
    """
    if not all((directory / path).exists() for path in snakemake.output):
        return
    try:
        record = job_record(snakemake, directory)
        job = (record["results"], record["rule"], record["wildcards"])
        text = json.dumps(record, indent=1, ensure_ascii=False, default=str)
        _write(directory / record_path(*job), text)
        _write(directory / seconds_path(*job), str(record["seconds"]))
    except OSError as error:
        print(
            f"warning: the outputs stand, but the job has no record ({error}); "
            f"to have one: snakemake --force {snakemake.output[0]}",
            file=sys.stderr,
        )


def record_path(results: str, rule: str, wildcards: Mapping[str, str]) -> Path:
    """Return where a job's record lies: in the manifest of its folder of results."""
    return Path(results, FOLDER, *_below(rule, wildcards, ".json"))


def seconds_path(results: str, rule: str, wildcards: Mapping[str, str]) -> Path:
    """Return where the job's seconds are kept even when all results are deleted."""
    experiment = PurePath(results)
    parts = experiment.relative_to(experiment.anchor).parts
    return Path(SECONDS, *parts, *_below(rule, wildcards, ".txt"))


def _below(rule: str, wildcards: Mapping[str, str], ending: str) -> list[str]:
    *folders, last = (rule, *wildcards.values())
    return [*folders, f"{last}{ending}"]


def _write(path: Path, text: str) -> None:
    with replacing(path) as partial:
        partial.write_text(f"{text}\n", encoding="utf-8", newline="\n")


def job_record(snakemake: "Snakemake", directory: Path) -> dict[str, Any]:
    """Return all that is known about a job: what made which bytes out of which."""
    params, (seconds, attempts) = dict(snakemake.params.items()), so_far()
    code = params.pop("code")
    return {
        "rule": snakemake.rule,
        "wildcards": {name: str(value) for name, value in snakemake.wildcards.items()},
        "results": home(snakemake.output[0], snakemake.config),
        "outputs": _files(snakemake.output, directory, largest=None),
        "inputs": _files(snakemake.input, directory, LARGEST),
        "params": params,
        "params_sha256": _digest(params),
        "code": code["modules"],
        "code_sha256": _digest(code["modules"]),
        "versions": versions(code["versions"] or _distributions(code["modules"])),
        **machine(),
        "threads": snakemake.threads,
        "seconds": round(seconds, 2),
        "attempts": attempts,
        "peak_memory_mb": round(peak_memory_mb(), 1),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def home(output: str, config: Mapping[str, Any]) -> str:
    """Return the experiment's folder; for a download, which all experiments share, the top one."""
    results = PurePath(config.get("pathvars", {}).get("results", "results"))
    first = PurePath(output)
    return (results if first.is_relative_to(results) else PurePath(first.parts[0])).as_posix()


def _distributions(modules: Iterable[str]) -> dict[str, str]:
    """Return what this job imports; in conda environments, whose versions the plan lacks."""
    (script,) = (name for name in modules if "/" not in name)
    found: dict[str, str] = runpy.run_path(str(PROVENANCE))["versions"](SCRIPTS / script)
    return found


def _files(
    paths: Iterable[str], directory: Path, largest: int | None
) -> dict[str, dict[str, str | int | None]]:
    """Return size and digest of each file; no digest of one that is larger than ``largest``."""
    found: dict[str, dict[str, str | int | None]] = {}
    for name in map(str, paths):
        path = directory / name
        size = path.stat().st_size
        digest = sha256_of(path) if largest is None or size <= largest else None
        found[name] = {"sha256": digest, "bytes": size}
    return found


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


PACKAGE = Path(__file__).resolve().parent


def log_to(snakemake: "Snakemake") -> None:
    """Send all output of this process to the first log file of the job, then check its code.

    Call it before anything else. An InputError that nobody handles then becomes one last line
    ``error: ...`` and exit status 1; what nobody expected brings its traceback into the log.
    The process ends when its Snakemake does. Raises InputError if the code is not what the
    workflow was planned with, or if fewer threads were given than results were asked for with.
    A job that ends well leaves its record in the manifest.
    """
    shown = _redirect(Path(snakemake.log[0]))
    sys.excepthook = partial(_report, shown)
    end_with_snakemake()
    _check_code(snakemake)
    _check_threads(snakemake)
    SCREEN.keep(shown, " ".join([snakemake.rule, *map(str, snakemake.wildcards)]))
    atexit.register(write_record, snakemake, Path.cwd())


def _redirect(path: Path) -> int:
    """Return a descriptor of what standard error was before it became the log at ``path``."""
    shown = os.dup(2)
    path.parent.mkdir(parents=True, exist_ok=True)
    for stream in (sys.stdout, sys.stderr):
        assert isinstance(stream, io.TextIOWrapper)
        # Line by line keeps the two in order; UTF-8 because a node's locale may be another one.
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    with path.open("wb") as log:
        # The descriptors, not only sys.stdout: fastText and other C++ code write to these.
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr, force=True)
    return shown


def _report(
    shown: int, kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    atexit.unregister(write_record)
    line = in_one_line(error)
    try:
        sys.stdout.flush()
        if line is None:
            sys.__excepthook__(kind, error, traceback)
        else:
            print(f"error: {line}", file=sys.stderr, flush=True)
    except OSError as problem:  # the log is on a full disk
        os.write(shown, f"error: {line or error!r} (no log: {problem.strerror})\n".encode())


def _check_code(snakemake: "Snakemake") -> None:
    script = sys.modules["__main__"].__file__  # Snakemake sets it to the script's own path
    assert script is not None
    if Path(script).resolve().parent != PACKAGE.parent:
        raise InputError(
            f"another wordbridge was imported: expected the one beside {script}, "
            f"got {PACKAGE}; run `pip install -e .` in the checkout"
        )
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
    wanted = settings.get("threads", 1) if isinstance(settings, dict) else 1
    if snakemake.threads < wanted:
        raise InputError(
            f"threads: expected {wanted} as configured, got {snakemake.threads}, since there are "
            f"no more cores; start with --cores {wanted} or more, or lower threads in the config"
        )
