"""What people read of checks, comparisons and lineages, line by line."""

from collections.abc import Iterator, Mapping
from typing import Any

from wordbridge.manifest.check import KINDS, Check, exempt_folders
from wordbridge.manifest.comparison import Comparison, Departure
from wordbridge.manifest.differences import shown
from wordbridge.manifest.exceptions import EXCEPTIONS
from wordbridge.manifest.lineage import Lineage
from wordbridge.manifest.records import Job

MOST = 8  # facts of one job or jobs of one cause that are shown


def check_lines(made: Check) -> Iterator[str]:
    """Yield what is wrong and what to do about it, or one line that all is right."""
    of = f"{made.files} files of {made.jobs} jobs ({made.bytes / 1e6:.1f} MB)"
    if not made.findings:
        yield f"{made.results}: {of} are as recorded; {exempt_folders()} have no records"
        return
    for one in made.findings:
        told = "  ".join(filter(None, [one.path, one.rule, one.detail]))
        yield f"{one.kind:11}{told}"
    for kind in dict.fromkeys(one.kind for one in made.findings):
        yield f"{kind}: {KINDS[kind]}"
    yield f"{made.results}: {len(made.findings)} differences from the manifest of {of}"


def comparison_lines(made: Comparison) -> Iterator[str]:
    """Yield the differences of two trees, causes first, or one line that there is none."""
    exempt = ", ".join(f"{one.folder}/" for one in EXCEPTIONS)
    pair = f"{made.results} and {made.other}"
    if made.same:
        size = f"{made.files} files ({made.bytes / 1e6:.1f} MB)"
        yield f"{pair}: {size} are the same, byte by byte; not compared: {exempt}"
        return
    for where, names in ((made.results, made.only_here), (made.other, made.only_there)):
        yield from (f"only in {where}: {name}" for name in names)
    for departure in made.departures:
        yield from _departure_lines(departure)
    differing = sum(len(one.paths) for one in made.departures)
    lone = len(made.only_here) + len(made.only_there)
    yield (
        f"{pair}: {differing} of {made.files} files differ, {lone} are on one side only; "
        f"not compared: {exempt}"
    )


def exception_lines() -> Iterator[str]:
    """Yield what may differ between two runs, and why."""
    yield from (f"{one.folder + '/':13}{one.reason}" for one in EXCEPTIONS)


def lineage_lines(made: Lineage) -> Iterator[str]:
    """Yield the jobs behind a file, from the downloads to its own."""
    for source in made.sources:
        yield f"{source}  (no job recorded it)"
    for job in made.jobs:
        yield from _job_lines(job)
    state = "as its job wrote it" if made.intact else "CHANGED since its job wrote it"
    yield f"{made.name}  sha256 {made.sha256}, {state}"


def _job_lines(job: Job) -> Iterator[str]:
    record = job.record
    cost = f"{record['seconds']:.1f} s, {record['peak_memory_mb']:.0f} MB on {record['device']}"
    if record.get("attempts", 1) > 1:
        cost += f", in {record['attempts']} attempts"
    yield f"{job.name}  {record['ended']}, {cost}"
    yield from (f"    in   {name}  {_short(facts)}" for name, facts in job.inputs.items())
    if record["params"]:
        yield f"    with {shown(record['params'].get('settings', record['params']), 90)}"
    versions = ", ".join(f"{name} {number}" for name, number in record["versions"].items())
    yield f"    code {record['code_sha256'][:12]} of {len(record['code'])} modules; {versions}"
    yield from (f"    out  {name}  {_short(facts)}" for name, facts in job.outputs.items())


def _short(facts: Mapping[str, Any]) -> str:
    return str(facts["sha256"] or "not hashed")[:12]


def _departure_lines(one: Departure) -> Iterator[str]:
    told = "differs, after what it read" if one.follows else "differs by itself"
    yield f"{one.job}  {told}: {', '.join(one.paths)}"
    if one.follows:
        return
    yield from (f"    {difference}" for difference in one.facts[:MOST])
    if len(one.facts) > MOST:
        yield f"    and {len(one.facts) - MOST} more, see --json"
    if not one.facts:
        yield "    no parameter, code, version, device or processor differs"
