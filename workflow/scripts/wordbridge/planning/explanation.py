"""A plan explained: causes once each, the jobs that they hit, what follows, and how long."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from wordbridge.planning.jobs import Cause, PlannedJob

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
