"""Cleanup after finished, failed and killed runs."""

import fcntl
import os
import re
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from snakemake.jobs import Job

# Read by wordbridge.job: jobs end when this Snakemake does.
SNAKEMAKE = "WORDBRIDGE_SNAKEMAKE"

# Each line is a host on which Snakemake has run in this folder; each process holds a file lock.
PRESENCE = Path(".snakemake/wordbridge.presence")
LOCKS = Path(".snakemake/locks")
STATES = Path("resources/state")
DOWNLOAD = "fetch_resource"

_KILLED = re.compile(r"died with <Signals\.SIGKILL: 9>|non-zero exit status 137\b")

_open_files: list[IO[str]] = []  # their locks last as long as this process


def install_hooks(workflow: Any) -> None:
    """Let ``workflow`` begin without stale locks, keep failed jobs stale, and clean up at its end.

    Each plan prints a warning if outputs have no record. A plan that runs nothing
    (``snakemake -n``, ``wordbridge why``) changes nothing.
    """

    def clean_up(logs: Iterable[str | Path]) -> None:
        remove_states(workflow.dag.finished_jobs)
        explain_kill(logs)

    def start(*arguments: Any, **options: Any) -> None:
        runs_jobs = workflow.executor_plugin is not None and not workflow.dryrun
        if runs_jobs:
            remove_stale_locks(workflow.is_main_process)
        prepare(*arguments, **options)
        if runs_jobs:
            keep_failed_jobs_stale(workflow.persistence)

    def plan() -> None:
        build()
        if workflow.is_main_process:
            warn_of_unrecorded_outputs(workflow.dag)

    os.environ[SNAKEMAKE] = str(os.getpid())
    # While it reads the Snakefile, Snakemake has not decided yet whether it will run jobs. It has
    # when it prepares the plan, which is before it looks for locks.
    prepare, workflow._prepare_dag = workflow._prepare_dag, start
    build, workflow._build_dag = workflow._build_dag, plan
    workflow.onsuccess(lambda log: remove_states(workflow.dag.jobs))
    workflow.onerror(clean_up)


def remove_stale_locks(is_main: bool) -> None:
    """Register this process in the folder; remove locks that a killed Snakemake left.

    The process of a job, perhaps on another host, registers as well and removes nothing.
    """
    PRESENCE.parent.mkdir(exist_ok=True)
    file = PRESENCE.open("a+", encoding="utf-8")
    _open_files.append(file)
    alone = True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # another process has it, or the file system has no locks
        alone = False
    file.seek(0)
    hosts, host = set(file.read().split()), socket.gethostname()
    if host not in hosts:
        print(host, file=file, flush=True)
    # File locks may be invisible on other hosts: with a second one, the user has to decide
    # (snakemake --unlock).
    stale = [*LOCKS.glob("*.lock")] if is_main and alone and hosts == {host} else []
    for lock in stale:
        lock.unlink(missing_ok=True)
    if stale:
        print("Removed the locks of a Snakemake that was killed.", file=sys.stderr)
    with suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_SH)


def keep_failed_jobs_stale(persistence: Any) -> None:
    """Keep the old records of jobs that fail.

    Snakemake records a failed job like a finished one and deletes its outputs. The next plan would
    find nothing changed, and whatever was computed from the old outputs up to date.
    """
    postprocess, record = Job.postprocess, persistence.finished

    async def record_nothing(_: Any) -> None:
        pass

    async def end(job: Any, *arguments: Any, error: bool = False, **options: Any) -> None:
        persistence.finished = record_nothing if error else record
        await postprocess(job, *arguments, error=error, **options)

    Job.postprocess = end


def warn_of_unrecorded_outputs(dag: Any) -> None:
    """Print a warning about outputs without a record, which Snakemake takes for up to date.

    Their folder was copied or renamed, or ``.snakemake`` was deleted. Downloads do not count: they
    may be copied from another checkout, and have checksums.
    """
    jobs = [
        job
        for job in dag.jobs
        if dag.reason(job).no_metadata and not dag.needrun(job) and job.rule.name != DOWNLOAD
    ]
    if jobs:
        print(
            f"warning: the outputs of {len(jobs)} job{'s' if len(jobs) > 1 else ''} have no record "
            "in .snakemake, as after a copy of their folder, so that Snakemake does not notice "
            "changes; --forceall makes them again, --forceall --touch records them as up to date",
            file=sys.stderr,
        )


def remove_states(jobs: Iterable[Any]) -> None:
    """Delete the training states of ``jobs``, whose outputs Snakemake has recorded.

    A training cannot delete its state: if it or Snakemake were killed before the record, Snakemake
    would delete the outputs, and the training would start anew.
    """
    for output in {Path(output).parent for job in jobs for output in job.output}:
        folder = STATES.joinpath(*output.parts[bool(output.anchor) :])
        # Not recursively: below results/default, where config.json is, are other jobs' states.
        for state in [path for path in folder.glob("*") if path.is_file()]:
            state.unlink()
        with suppress(OSError):  # it does not exist, or has the folder of another training
            os.removedirs(folder)


def explain_kill(logs: Iterable[str | Path]) -> None:
    """Print the likely cause if one of the ``logs`` reports a killed job."""
    texts = (Path(log).read_text(encoding="utf-8", errors="replace") for log in logs)
    if any(map(_KILLED.search, texts)):
        print(
            "error: a job was killed (SIGKILL), which is what the system does when memory runs "
            "out; free some or run fewer jobs at once (--cores), and run the same command again",
            file=sys.stderr,
        )
