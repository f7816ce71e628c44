"""What a script job says goes to its log, stale code does not start, and a record is left."""

import atexit
import io
import logging
import os
import runpy
import sys
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from wordbridge.errors import InputError
from wordbridge.failures import in_one_line
from wordbridge.lifeline import end_with_snakemake
from wordbridge.manifest.record import PROVENANCE, write_record
from wordbridge.progress import SCREEN

if TYPE_CHECKING:
    from snakemake.iocontainers import Snakemake

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
