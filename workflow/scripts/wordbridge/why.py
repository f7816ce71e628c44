"""The command ``wordbridge why``: the jobs that Snakemake would run, their causes, the time.

The plan is Snakemake's, from a dry run. Snakemake stops at the first reason that it finds, and
ignores reasons of jobs that follow a stale one. ``causes`` makes its comparisons for all jobs, so
that no cause hides another.
"""

import ast
import io
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import asdict, dataclass
from itertools import zip_longest
from statistics import fmean
from typing import Any, NamedTuple
from unittest.mock import patch

from snakemake.api import DAGApi
from snakemake.cli import args_to_api, parse_args
from snakemake.exceptions import CliException

from wordbridge.errors import InputError, shorten
from wordbridge.files import file_sha256
from wordbridge.job import results_folder, seconds_path
from wordbridge.manifest import ABSENT, differences, job_name

# A job prints nothing, and a running Snakemake does not prevent the dry run.
DRY_RUN = ["--dry-run", "--quiet", "rules", "progress", "--nolock"]
KINDS = {
    "input": "input changed",
    "inputs": "input",
    "parameter": "parameter",
    "code": "code",
    "version": "version",
    "environment": "software environment",
    "script": "script changed",
    "deleted": "deleted",
    "incomplete": "not finished",
    "new": "not made yet",
    "forced": "forced",
}
MAX_NAMES = 6  # causes, and jobs of one rule, in one line
_USAGE_ERROR = ": error: "  # argparse's, after the usage
# Lines of Snakemake around its error: file names of a traceback, bare names of exceptions.
_NOISE = re.compile(r"Using workflow specific profile|Config file .* is extended|  File |\w+:$")


class Cause(NamedTuple):
    """A reason to run a job: ``kind`` is a key of KINDS, ``name`` a file, key, module or version.

    ``old`` and ``new`` are values, hashes or versions, or None.
    """

    kind: str
    name: str
    old: Any = None
    new: Any = None

    def __str__(self) -> str:
        kind = KINDS[self.kind]
        if self.kind in ("new", "incomplete", "forced"):  # the name of the job is enough
            return kind
        if self.kind == "inputs":
            return f"{kind} {'removed' if self.new is None else 'added'}: {self.name}"
        if self.old is None and self.new is None:
            return f"{kind}: {self.name}"
        change = f"{shorten(self.old)} -> {shorten(self.new)}"
        return ": ".join(filter(None, (kind, self.name, change)))


@dataclass(frozen=True)
class PlannedJob:
    """A job that would run; without ``causes`` it follows the jobs in ``after``.

    ``seconds`` is its recorded time, or the mean of its rule's jobs, or None.
    """

    name: str
    rule: str
    causes: tuple[Cause, ...]
    after: tuple[str, ...]
    seconds: float | None


def plan(arguments: Sequence[str]) -> list[PlannedJob]:
    """Return the jobs that ``snakemake ARGUMENTS`` would run, in their order.

    Raises InputError with Snakemake's message when it cannot plan, and for options that plan
    nothing.
    """
    jobs: list[list[PlannedJob]] = []
    execute = DAGApi.execute_workflow

    def capture(api: Any, *positional: Any, **named: Any) -> None:
        execute(api, *positional, **named)
        jobs.append(list(_planned_jobs(api.workflow_api._workflow)))

    output = io.StringIO()
    # Snakemake's command line does not return its plan, but it calls this method with it.
    capturing = patch.object(DAGApi, "execute_workflow", capture)
    with capturing, redirect_stdout(output), redirect_stderr(output):
        try:
            parser, options = parse_args([*DRY_RUN, *arguments])
            planned = args_to_api(options, parser)
        except SystemExit:  # of argparse, after its message
            planned = False
        except CliException as problem:
            raise InputError(f"snakemake cannot plan this: {problem}") from None
    if not (planned and jobs):
        error = "expected options of a plan, got one that plans nothing; leave it out"
        error = error if planned else _error_of(output.getvalue())
        raise InputError(f"snakemake cannot plan this: {error}")
    for warning in re.findall("^warning: .*", output.getvalue(), re.MULTILINE):
        print(warning, file=sys.stderr)
    return jobs[0]


def format_plan(jobs: Sequence[PlannedJob], as_json: bool = False) -> str:
    """Return a line for the jobs of one rule with the same causes, and one for the time.

    The time is the sum of the recorded seconds, for jobs that run one after the other.
    """
    untimed = list(dict.fromkeys(job.rule for job in jobs if job.seconds is None))
    seconds = sum(job.seconds or 0 for job in jobs)
    if as_json:
        values = {"jobs": list(map(asdict, jobs)), "seconds": seconds, "untimed": untimed}
        return json.dumps(values, ensure_ascii=False)
    if not jobs:
        return "up to date: no job would run"
    rows: dict[tuple[str, str], list[str]] = {}
    for job in jobs:
        names = list(dict.fromkeys(map(str, job.causes)))
        names[MAX_NAMES:] = [f"and {len(names) - MAX_NAMES} more"] if names[MAX_NAMES:] else []
        rules = dict.fromkeys(name.partition(" ")[0] for name in job.after)
        reason = "; ".join(names) or f"after {', '.join(rules)}"
        wildcards = job.name.removeprefix(job.rule).strip()
        rows.setdefault((job.rule, reason), []).append(wildcards)
    lines = [
        f"{rule} ({len(names)} jobs): {reason}"
        if len(names) > MAX_NAMES
        else f"{' '.join([rule, *names]).rstrip()}: {reason}"
        for (rule, reason), names in rows.items()
    ]
    count = f"{len(jobs)} job{'s' if len(jobs) > 1 else ''}"
    bound = "at least" if untimed else "about"
    time = f"{bound} {duration(seconds)} one after the other"
    if all(job.seconds is None for job in jobs):
        time = "no record of their time, because no job of these rules has run in this experiment"
    elif untimed:
        time += f"; no record of {', '.join(untimed)}"
    return "\n".join([*lines, f"{count}: {time}"])


def duration(seconds: float) -> str:
    """Return a duration as text: ``1 h 5 min``, ``3 min 20 s``, ``4 s``."""
    minutes, remainder = divmod(max(1, round(seconds)), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {remainder} s" if minutes else f"{remainder} s"


def causes(job: Any, workflow: Any) -> Iterator[Cause]:
    """Yield the causes of a job; none if it only follows other jobs."""
    reason, persistence = workflow.dag.reason(job), workflow.persistence
    if reason.forced:
        yield Cause("forced", "")
    recorded = [path for path in job.output if persistence.metadata(path) is not None]
    yield from (Cause("incomplete", str(path)) for path in sorted(reason.incomplete_output))
    for path in sorted(reason.missing_output):
        yield Cause("deleted" if path in recorded else "new", str(path))
    # For a job that never ran Snakemake compares the inputs with outputs of later jobs.
    compared = recorded or not reason.missing_output
    record = persistence.metadata(recorded[0]) if recorded else None
    shows_added = "input" in map(str, workflow.rerun_triggers)
    for path in sorted(reason.updated_input - reason.updated_input_run) if compared else ():
        if record and shows_added and str(path) not in record.input:
            continue
        old = ((record and record.input_checksums) or {}).get(str(path))
        digests = (old.removeprefix("sha256:")[:12], file_sha256(path)[:12]) if old else ()
        yield Cause("input", str(path), *digests)
    if len(recorded) == len(job.output):
        yield from _changes(job, workflow)


def _changes(job: Any, workflow: Any) -> Iterator[Cause]:
    """Yield the differences from Snakemake's records, for the triggers that are on."""
    persistence, triggers = workflow.persistence, set(map(str, workflow.rerun_triggers))
    changed = persistence.params_changed(job) if "params" in triggers else None
    if changed:
        yield from _changed_params(changed.only_old, changed.only_new)
    if "input" in triggers and persistence.input_changed(job, job.output[0]):
        old = set(persistence.metadata(job.output[0]).input)
        new = set(map(str, job.input))
        yield from (Cause("inputs", path, path, None) for path in sorted(old - new))
        yield from (Cause("inputs", path, None, path) for path in sorted(new - old))
    if "software-env" in triggers and any(persistence.software_stack_changed(job)):
        yield Cause("environment", str(job.rule.conda_env))
    if "code" in triggers and workflow.dag.reason(job).code_changed:
        yield Cause("script", str(job.rule.script))


def _changed_params(only_old: Iterable[str], only_new: Iterable[str]) -> Iterator[Cause]:
    """Yield the keys, modules and versions in which Snakemake's texts of params differ."""
    (old_code, old_params), (new_code, new_params) = map(_split_params, (only_old, only_new))
    for key, kind in {"modules": "code", "versions": "version"}.items():
        for item in differences(old_code.get(key, {}), new_code.get(key, {})):
            yield Cause(kind, *item)
    for old, new in zip_longest(old_params, new_params, fillvalue=ABSENT):
        yield from (Cause("parameter", *item) for item in differences(old, new))


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):  # nan, for example, is no literal
        return text


def _split_params(texts: Iterable[str]) -> tuple[Mapping[str, Any], list[Any]]:
    """Return the param ``code`` (see workflow/provenance.py) and the others."""
    values = [_value(text) for text in sorted(texts)]
    code = [v for v in values if isinstance(v, Mapping) and v.keys() == {"modules", "versions"}]
    return (code[0] if code else {}), [value for value in values if value not in code]


def recorded_seconds(results: str, rule: str, wildcards: Mapping[str, str]) -> float | None:
    """Return the recorded seconds of a job, else the mean of its rule's jobs, else None."""
    path = seconds_path(results, rule, wildcards)
    folder = seconds_path(results, rule, {}).with_suffix("")
    paths = [path] if path.is_file() else sorted(folder.rglob("*.txt"))
    seconds = []
    for path in paths:
        with suppress(OSError, ValueError):  # the partial file of a killed job
            seconds.append(float(path.read_text(encoding="utf-8")))
    return fmean(seconds) if seconds else None


def _planned_jobs(workflow: Any) -> Iterator[PlannedJob]:
    dag = workflow.dag
    new_files: set[str] = set()  # of jobs that never ran: no cause for later jobs
    for job in (job for level in dag.toposorted() for job in sorted(level, key=_job_name)):
        if not job.output or not dag.needrun(job):
            continue
        job_causes = [
            cause
            for cause in causes(job, workflow)
            if cause.kind != "inputs" or cause.new not in new_files
        ]
        if any(cause.kind == "new" for cause in job_causes):
            new_files.update(map(str, job.output))
        results = results_folder(job.output[0], workflow.config)
        yield PlannedJob(
            name=_job_name(job),
            rule=job.rule.name,
            causes=tuple(job_causes),
            after=tuple(sorted(_job_name(j) for j in dag.dependencies[job] if dag.needrun(j))),
            seconds=recorded_seconds(results, job.rule.name, job.wildcards_dict),
        )


def _job_name(job: Any) -> str:
    return job_name({"rule": job.rule.name, "wildcards": job.wildcards_dict})


def _error_of(output: str) -> str:
    """Return Snakemake's error without usage, traceback and other messages, as one line."""
    if _USAGE_ERROR in output:
        return output.rpartition(_USAGE_ERROR)[2].strip()
    lines = output.rpartition("Building DAG of jobs...")[2].splitlines()
    lines = [line for line in lines if line.strip() and not _NOISE.match(line)]
    if any(line.startswith("Traceback") for line in lines):
        lines = lines[-1:]
    return "; ".join(line.strip() for line in lines).replace(":;", ":")
