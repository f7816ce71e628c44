"""How runs end, well or not: nothing of a killed one stands in the way of the next."""

import fcntl
import os
import re
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

# Read by wordbridge.job: jobs end when this Snakemake does.
SNAKEMAKE = "WORDBRIDGE_SNAKEMAKE"

# Held while this process lives: each line is a machine on which Snakemake ever ran here.
PRESENCE = Path(".snakemake/wordbridge.presence")
LOCKS = Path(".snakemake/locks")
STATES = Path("resources/state")

_KILLED = re.compile(r"died with <Signals\.SIGKILL: 9>|non-zero exit status 137\b")

_held: list[IO[str]] = []


def attend(workflow: Any) -> None:
    """See to what runs before this one left, and to what this one will leave when it ends.

    What the Snakefile's onsuccess and onerror would say is said here. A plan that is made to be
    looked at (``snakemake -n``, ``wordbridge why``) changes nothing.
    """

    def fail(log: Iterable[str | Path]) -> None:
        forget_states(workflow.dag.finished_jobs)
        explain(log)

    def start(*arguments: Any, **options: Any) -> None:
        if workflow.executor_plugin is not None and not workflow.dryrun:
            begin(workflow.is_main_process)
        prepare(*arguments, **options)

    os.environ[SNAKEMAKE] = str(os.getpid())
    # When the Snakefile is read Snakemake itself does not know yet whether it will run anything;
    # it knows when it prepares its plan, and looks for locks after that.
    prepare, workflow._prepare_dag = workflow._prepare_dag, start
    workflow.onsuccess(lambda log: forget_states(workflow.dag.jobs))
    workflow.onerror(fail)


def begin(is_main: bool) -> None:
    """Show that somebody works in this folder; remove locks that a killed Snakemake left.

    The process of a job, on another machine perhaps, is there as well, but judges no locks.
    """
    PRESENCE.parent.mkdir(exist_ok=True)
    file = PRESENCE.open("a+", encoding="utf-8")
    _held.append(file)
    alone = _is_alone(file)
    file.seek(0)
    hosts, here = set(file.read().split()), socket.gethostname()
    if here not in hosts:
        print(here, file=file, flush=True)
    # Locks of a file system that is shared may not be seen on other machines: with a second one
    # in the list a person has to judge (snakemake --unlock).
    stale = [*LOCKS.glob("*.lock")] if is_main and alone and hosts == {here} else []
    for lock in stale:
        lock.unlink(missing_ok=True)
    if stale:
        print("The locks of a Snakemake that was killed are removed.", file=sys.stderr)
    if alone:
        fcntl.flock(file, fcntl.LOCK_SH)


def _is_alone(file: IO[str]) -> bool:
    """Return whether no other Snakemake lives in this folder; the lock is this one's alone then."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fcntl.flock(file, fcntl.LOCK_SH)
        return False
    except OSError:  # a file system without locks
        return False
    return True


def forget_states(jobs: Iterable[Any]) -> None:
    """Delete the states of trainings whose outputs Snakemake has recorded: those of ``jobs``.

    A training itself cannot: if it or Snakemake were killed before the record, Snakemake would
    delete the outputs and all would be trained again.
    """
    for made in {Path(output).parent for job in jobs for output in job.output}:
        folder = STATES.joinpath(*made.parts[bool(made.anchor) :])
        # Only what lies in the folder itself: below it are the states of others, as below
        # results/default, where the job that writes config.json has its output.
        for state in [path for path in folder.glob("*") if path.is_file()]:
            state.unlink()
        with suppress(OSError):  # there is none, or another training's folder is still in it
            os.removedirs(folder)


def explain(logs: Iterable[str | Path]) -> None:
    """Say what Snakemake's words about a killed job mean, if its ``logs`` have them."""
    said = (Path(log).read_text(encoding="utf-8", errors="replace") for log in logs)
    if any(map(_KILLED.search, said)):
        print(
            "error: a job was killed (SIGKILL), which is what the system does when memory runs "
            "out; free some or run fewer jobs at once (--cores), and run the same command again",
            file=sys.stderr,
        )
