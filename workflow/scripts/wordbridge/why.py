"""The jobs of a plan, and what makes one of them stale.

A plan explained: causes once each, the jobs that they hit, what follows, and how long.

What makes one job stale: asked of Snakemake's plan, named from what it recorded last time.

Snakemake stops at the first reason it finds, and looks for none in jobs that follow a stale one.
Its own comparisons are made here for these as well, so that no cause hides another.

What people read of an explanation, line by line.

How long jobs take, judging from earlier runs on this machine.

The plan of Snakemake itself, as its dry run makes it, without running anything.
"""

import ast
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple
from unittest.mock import patch

from snakemake.api import DAGApi
from snakemake.cli import args_to_api, parse_args

from wordbridge.errors import InputError
from wordbridge.files import file_sha256
from wordbridge.job import results_folder, seconds_path
from wordbridge.manifest import ABSENT, differences, shown


class Cause(NamedTuple):
    """One reason to run a job: ``kind`` is one of KINDS, ``what`` a file, key, module or version.

    ``old`` and ``new`` are values, hashes or versions; None where there is none.
    """

    kind: str
    what: str
    old: Any = None
    new: Any = None


# In the order in which people look for them.
KINDS = {
    "input": "input changed",
    "inputs": "other set of inputs",
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


@dataclass(frozen=True)
class PlannedJob:
    """A job of the plan: ``causes`` are its own, and none when it only follows other jobs.

    ``after`` are the names of the jobs whose outputs it reads; ``needed`` is whether Snakemake
    would run it; ``seconds`` is what it took before, or jobs like it, or None.
    """

    name: str
    rule: str
    wildcards: Mapping[str, str]
    outputs: tuple[str, ...]
    after: tuple[str, ...]
    needed: bool
    causes: tuple[Cause, ...]
    seconds: float | None


TOGETHER = ("new", "deleted")  # kinds of causes that are told together, however many jobs they hit


@dataclass(frozen=True)
class Group:
    """The names of the jobs that are stale for the same ``causes``, and of those that follow."""

    causes: tuple[Cause, ...]
    hit: tuple[str, ...]
    follow: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    """The jobs that would run, by name, and why: what is read from comes first in both.

    ``seconds`` is the time of all jobs one after the other and ``chain`` that of the longest
    chain, which no number of cores makes shorter; ``untimed`` are jobs of rules that never ran.
    """

    jobs: Mapping[str, PlannedJob]
    groups: tuple[Group, ...]
    seconds: float
    chain: float
    untimed: tuple[str, ...]


def explain(plan: Sequence[PlannedJob]) -> Explanation:
    """Return why the needed jobs of a plan are needed."""
    needed = {job.name: job for job in plan if job.needed}
    return Explanation(
        jobs=needed,
        groups=tuple(_groups(needed)),
        seconds=sum(job.seconds or 0 for job in needed.values()),
        chain=max(_chains(needed).values(), default=0),
        untimed=tuple(name for name, job in needed.items() if job.seconds is None),
    )


def _groups(needed: Mapping[str, PlannedJob]) -> Iterator[Group]:
    """Yield the groups in the order in which their first jobs would run."""
    hit: dict[str, tuple[Cause, list[str]]] = {}
    for name, job in needed.items():
        for cause in _own_causes(job, needed):
            # By its text, because a value may be a list.
            hit.setdefault(repr(cause), (cause, []))[1].append(name)
    together: dict[tuple[str, ...], tuple[list[Cause], dict[str, None]]] = {}
    for cause, names in hit.values():
        key = (cause.kind,) if cause.kind in TOGETHER else ("", *dict.fromkeys(names))
        causes, members = together.setdefault(key, ([], {}))
        causes.append(cause)
        members.update(dict.fromkeys(names))
    for causes, members in together.values():
        names = [name for name in needed if name in members]
        yield Group(tuple(causes), tuple(names), _below(set(names), needed))


def _own_causes(job: PlannedJob, needed: Mapping[str, PlannedJob]) -> Iterator[Cause]:
    """Yield the causes that tell more than that another job of the plan makes its files."""
    coming = {
        path
        for name in job.after
        if name in needed and any(cause.kind == "new" for cause in needed[name].causes)
        for path in needed[name].outputs
    }
    for cause in job.causes:
        if cause.kind == "inputs" and cause.new in coming:
            continue
        named = cause.kind in ("new", "incomplete", "forced")  # by the job already
        yield cause._replace(what="") if named else cause


def _below(names: set[str], needed: Mapping[str, PlannedJob]) -> tuple[str, ...]:
    """Return the needed jobs that read, directly or not, from the named ones."""
    reached = set(names)
    for name, job in needed.items():  # those read from come first
        if reached.intersection(job.after):
            reached.add(name)
    return tuple(name for name in needed if name in reached - names)


def _chains(needed: Mapping[str, PlannedJob]) -> dict[str, float]:
    """Return the seconds until each job is done when nothing waits for a core."""
    done: dict[str, float] = {}
    for name, job in needed.items():
        before = max((done.get(other, 0) for other in job.after), default=0)
        done[name] = before + (job.seconds or 0)
    return done


def causes(job: Any, workflow: Any) -> Iterator[Cause]:
    """Yield the job's own causes; none when it only follows other jobs."""
    reason, stored = workflow.dag.reason(job), workflow.persistence
    if reason.forced:
        yield Cause("forced", "asked for")
    known = [path for path in job.output if stored.metadata(path) is not None]
    yield from (Cause("incomplete", str(path)) for path in sorted(reason.incomplete_output))
    for path in sorted(reason.missing_output):
        yield Cause("deleted" if path in known else "new", str(path))
    # Of a job that never ran Snakemake compares inputs with outputs of the jobs after it.
    for path in sorted(reason.updated_input - reason.updated_input_run) if known else ():
        yield _changed_input(path, stored.metadata(known[0]))
    if len(known) == len(job.output):
        yield from _changes(job, workflow)


def _changes(job: Any, workflow: Any) -> Iterator[Cause]:
    """Yield what Snakemake's comparison with its records finds, for the triggers in use."""
    stored, triggers = workflow.persistence, {str(one) for one in workflow.rerun_triggers}
    changed = stored.params_changed(job) if "params" in triggers else None
    if changed:
        old = stored.metadata(min(changed.files)).params
        yield from _changed_params(old, job)
    if "input" in triggers:
        for path in (stored.input_changed(job, job.output[0]) and [job.output[0]]) or []:
            yield from _changed_set(stored.metadata(path).input, job)
    if "software-env" in triggers and any(stored.software_stack_changed(job)):
        yield Cause("environment", str(job.rule.conda_env))
    if "code" in triggers and workflow.dag.reason(job).code_changed:
        yield Cause("script", str(job.rule.script))


def _changed_input(path: Any, recorded: Any) -> Cause:
    """Return that an input is another file than before, with digests where both are known."""
    old = (recorded.input_checksums or {}).get(str(path))
    new = file_sha256(path)[:12] if old else None
    return Cause("input", str(path), old.removeprefix("sha256:")[:12] if old else None, new)


def _changed_set(old: list[str], job: Any) -> Iterator[Cause]:
    new = [str(path) for path in job.input]
    yield from (Cause("inputs", path, path, None) for path in sorted({*old} - {*new}))
    yield from (Cause("inputs", path, None, path) for path in sorted({*new} - {*old}))


def _changed_params(recorded: list[str], job: Any) -> Iterator[Cause]:
    """Yield the keys, modules and versions that differ from the recorded params."""
    old_code, old_rest = _parted([_value(text) for text in recorded])
    new_code, new_rest = _parted(list(job.non_derived_params))
    kinds = {"modules": "code", "versions": "version"}
    for part, kind in kinds.items():
        for one in differences(old_code.get(part, {}), new_code.get(part, {})):
            yield Cause(kind, one.key, one.old, one.new)
    pairs = zip_longest(
        _without(old_rest, new_rest), _without(new_rest, old_rest), fillvalue=ABSENT
    )
    for old, new in pairs:
        yield from (Cause("parameter", d.key, d.old, d.new) for d in differences(old, new))


def _without(values: list[Any], others: list[Any]) -> list[Any]:
    return [value for value in values if value not in others]


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):  # nan, or what no literal can say
        return text


def _parted(values: list[Any]) -> tuple[Mapping[str, Any], list[Any]]:
    """Return the param that stands for the code, and the others; see workflow/provenance.py."""
    code = [v for v in values if isinstance(v, Mapping) and v.keys() == {"modules", "versions"}]
    return (code[0] if code else {}), [value for value in values if value not in code]


MOST = 6  # causes of one group, and jobs of one rule, that are named


def lines(made: Explanation) -> Iterator[str]:
    """Yield causes with the jobs that they hit and those that follow, then the time of all."""
    if not made.jobs:
        yield "up to date: nothing to be made"
        return
    for group in made.groups:
        yield from _group_lines(group, made)
    yield f"{_count(made.jobs)}: {_time(made)}"


def _group_lines(group: Group, made: Explanation) -> Iterator[str]:
    hit = [made.jobs[name] for name in group.hit]
    kind = group.causes[0].kind
    if kind == "new" or (kind == "deleted" and len(group.causes) > MOST):
        yield KINDS[kind] if kind == "new" else f"{KINDS[kind]}: {len(group.causes)} files"
        yield from _rule_lines(hit)
    else:
        yield from map(_cause, group.causes[:MOST])
        if len(group.causes) > MOST:
            yield f"and {len(group.causes) - MOST} more, see --json"
        yield f"    makes stale: {', '.join(_named(hit))}"
    if group.follow:
        follow = [made.jobs[name] for name in group.follow]
        yield f"    then {_count(follow)}: {_rules(follow)}"


def _cause(cause: Cause) -> str:
    kind = KINDS[cause.kind]
    if cause.kind == "inputs":
        return f"{kind}: {'without' if cause.new is None else 'with'} {cause.what}"
    told = f"{kind}: {cause.what}".removesuffix(": ")
    if cause.old is None and cause.new is None:
        return told
    return f"{told}: {shown(cause.old)} -> {shown(cause.new)}"


def _rule_lines(jobs: Sequence[PlannedJob]) -> Iterator[str]:
    """Yield a line per rule: its jobs, what these are made from, and how long they take."""
    for named, some in zip(_named(jobs), _by_rule(jobs).values(), strict=True):
        read = dict.fromkeys(name.partition(" ")[0] for job in some for name in job.after)
        source = f"  from {', '.join(read)}" if read else ""
        seconds = [job.seconds for job in some if job.seconds is not None]
        yield f"    {named}{source}{f'  ({duration(sum(seconds))})' if seconds else ''}"


def _named(jobs: Iterable[PlannedJob]) -> list[str]:
    """Return the jobs by name, those of one rule together: ``train_translator all/1 all/2``."""
    return [_of_rule(rule, some) for rule, some in _by_rule(jobs).items()]


def _by_rule(jobs: Iterable[PlannedJob]) -> dict[str, list[PlannedJob]]:
    found: dict[str, list[PlannedJob]] = {}
    for job in jobs:
        found.setdefault(job.rule, []).append(job)
    return found


def _of_rule(rule: str, jobs: Sequence[PlannedJob]) -> str:
    if len(jobs) > MOST:
        return f"{rule} ({len(jobs)})"
    return " ".join([rule, *sorted("/".join(job.wildcards.values()) for job in jobs)]).rstrip()


def _rules(jobs: Iterable[PlannedJob]) -> str:
    """Return how many jobs there are of each rule: ``build_vocab (2), split_pairs``."""
    counts = Counter(job.rule for job in jobs)
    return ", ".join(f"{rule} ({count})" if count > 1 else rule for rule, count in counts.items())


def _count(jobs: Iterable[object]) -> str:
    count = sum(1 for _ in jobs)
    return "1 job" if count == 1 else f"{count} jobs"


def _time(made: Explanation) -> str:
    if len(made.untimed) == len(made.jobs):
        return "how long is not known, because no job of these rules has run here"
    told = f"about {duration(made.seconds)} one after the other"
    if made.chain < made.seconds:
        told += f", {duration(made.chain)} at least with many cores"
    if made.untimed:
        unknown = [made.jobs[name] for name in made.untimed]
        told += f"; not known of {_count(unknown)}: {_rules(unknown)}"
    return told


def duration(seconds: float) -> str:
    """Return a time as people say it: ``1 h 5 min``, ``3 min 20 s``, ``4 s``."""
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


class Durations:
    """The seconds that each of the plan's ``jobs`` took when it last ran.

    What it left outside the results says so, of a training that was broken off for all its
    attempts; else Snakemake's benchmark, which knows the last one. ``config`` names their folder.
    """

    def __init__(self, jobs: list[Any], config: Mapping[str, Any]) -> None:
        self._known: dict[str, list[tuple[dict[str, str], float]]] = {}
        for job in jobs:
            wildcards = dict(job.wildcards_dict)
            seconds = _kept(
                seconds_path(results_folder(job.output[0], config), job.rule.name, wildcards)
            )
            if seconds is None and job.benchmark:
                seconds = _benchmark(Path(job.benchmark))
            if seconds is not None:
                self._known.setdefault(job.rule.name, []).append((wildcards, seconds))

    def of(self, job: Any) -> float | None:
        """Return the seconds of this job, or the mean of those most like it, or None.

        Like it are jobs of its rule, and most like it those with most wildcards in common.
        """
        own = job.wildcards_dict.items()
        alike = [(len(own & w.items()), s) for w, s in self._known.get(job.rule.name, [])]
        most = max((count for count, _ in alike), default=0)
        return fmean(s for count, s in alike if count == most) if alike else None


def _benchmark(path: Path) -> float | None:
    """Return the column s of a benchmark's first row, None if there is none."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return float(next(csv.DictReader(file, delimiter="\t"))["s"])
    except (OSError, StopIteration, KeyError, ValueError):
        return None


def _kept(path: Path) -> float | None:
    try:
        return float(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


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
