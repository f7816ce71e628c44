"""The plan of Snakemake itself, as its dry run makes it, without running anything."""

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import Any
from unittest.mock import patch

from snakemake.api import DAGApi
from snakemake.cli import args_to_api, parse_args

from wordbridge.errors import InputError
from wordbridge.planning.causes import causes
from wordbridge.planning.durations import Durations
from wordbridge.planning.jobs import PlannedJob

# Nothing is printed for each job, and a run that is going on is no hindrance.
DRY_RUN = ["--dry-run", "--quiet", "rules", "progress", "--nolock"]

USAGE_ERROR = ": error: "  # argparse's, behind the usage
# What Snakemake says anyway, where in its code it was, and the bare name of an exception.
CHATTER = re.compile(r"Using workflow specific profile|Config file .* is extended|  File |\w+:$")


def plan(arguments: Sequence[str]) -> list[PlannedJob]:
    """Return the jobs behind what ``snakemake ARGUMENTS`` asks for, those read from first.

    Jobs that are up to date are among them. Raises InputError with what Snakemake says when it
    cannot plan, and when it was asked for something else.
    """
    found: list[list[PlannedJob]] = []
    execute = DAGApi.execute_workflow

    def look(api: Any, *positional: Any, **named: Any) -> None:
        execute(api, *positional, **named)
        found.append(list(_jobs(api.workflow_api._workflow)))

    said = io.StringIO()
    # Snakemake's command line keeps its plan to itself; in this method it comes by.
    looking = patch.object(DAGApi, "execute_workflow", look)
    with looking, redirect_stdout(said), redirect_stderr(said):
        planned = _ask([*DRY_RUN, *arguments])
    if not planned:
        raise InputError(f"snakemake cannot plan this: {_complaint(said.getvalue())}")
    if not found:
        raise InputError(
            "expected targets and options that say what is planned, got an option with which "
            "snakemake plans nothing; leave it out, or call snakemake"
        )
    return found[0]


def _ask(arguments: list[str]) -> bool:
    try:
        parser, options = parse_args(arguments)
        return bool(args_to_api(options, parser))
    except SystemExit:  # argparse has said why
        return False


def _complaint(said: str) -> str:
    """Return what Snakemake complains of, without usage, traceback and what it says anyway."""
    if USAGE_ERROR in said:
        return said.rpartition(USAGE_ERROR)[2].strip()
    told = said.rpartition("Building DAG of jobs...")[2].splitlines()
    lines = [line for line in told if line.strip() and not CHATTER.match(line)]
    in_traceback = any(line.startswith("Traceback") for line in lines)
    shown = lines[-1:] if in_traceback else lines
    return "; ".join(line.strip() for line in shown).replace(":;", ":")


def _jobs(workflow: Any) -> Iterator[PlannedJob]:
    dag = workflow.dag
    levels = (sorted(level, key=name_of) for level in dag.toposorted())
    jobs = [job for level in levels for job in level if job.output]
    durations = Durations(jobs, workflow.config)
    for job in jobs:
        needed = dag.needrun(job)
        yield PlannedJob(
            name=name_of(job),
            rule=job.rule.name,
            wildcards=dict(job.wildcards_dict),
            outputs=tuple(map(str, job.output)),
            after=tuple(sorted(name_of(other) for other in dag.dependencies[job])),
            needed=needed,
            causes=tuple(causes(job, workflow)) if needed else (),
            seconds=durations.of(job),
        )


def name_of(job: Any) -> str:
    """Return the rule and its wildcards: ``train_translator all/1``."""
    return " ".join([job.rule.name, "/".join(job.wildcards_dict.values())]).rstrip()
