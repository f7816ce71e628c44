"""What people read of an explanation, line by line."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from wordbridge.manifest.differences import shown
from wordbridge.planning.explanation import Explanation, Group
from wordbridge.planning.jobs import KINDS, Cause, PlannedJob

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
