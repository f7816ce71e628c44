"""Two trees of results compared byte by byte, and what the jobs of differing files differ in."""

import filecmp
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from wordbridge.errors import InputError
from wordbridge.manifest.check import files_below
from wordbridge.manifest.differences import Difference, differences
from wordbridge.manifest.exceptions import varies
from wordbridge.manifest.records import Job, Manifest, read_manifest

FACTS = ("params", "code", "versions", "python", "platform", "cpu", "device", "threads")


@dataclass(frozen=True)
class Departure:
    """A job whose files differ; ``follows`` when it read something that differed already."""

    job: str
    paths: tuple[str, ...]
    facts: tuple[Difference, ...]
    follows: bool


@dataclass(frozen=True)
class Comparison:
    """Two trees: files compared, those that only one has, and the jobs whose files differ."""

    results: str
    other: str
    files: int
    bytes: int
    only_here: tuple[str, ...]
    only_there: tuple[str, ...]
    departures: tuple[Departure, ...]

    @property
    def same(self) -> bool:
        """Whether every byte is the same."""
        return not (self.only_here or self.only_there or self.departures)


def compare(results: Path, other: Path) -> Comparison:
    """Return how two results folders of one experiment differ beside EXCEPTIONS.

    ``other`` may also be the folder of experiments that holds one of the same name. Raises
    InputError when one is not there.
    """
    if (other / results.resolve().name).is_dir():
        other = other / results.resolve().name
    here, there = read_manifest(results), read_manifest(other)
    ours, theirs = _compared(results), _compared(other)
    both = sorted(ours & theirs)
    differing = [name for name in both if not _same(results / name, other / name)]
    return Comparison(
        results=str(results),
        other=str(other),
        files=len(both),
        bytes=sum((results / name).stat().st_size for name in both),
        only_here=tuple(str(name) for name in sorted(ours - theirs)),
        only_there=tuple(str(name) for name in sorted(theirs - ours)),
        departures=tuple(_departures(here, there, differing)),
    )


def _same(here: Path, there: Path) -> bool:
    try:
        return filecmp.cmp(here, there, shallow=False)
    except OSError as error:
        raise InputError(
            f"{error.filename}: expected a file to compare, got {error.strerror!r}; give leave to "
            "read it, or delete it"
        ) from None


def _compared(results: Path) -> set[PurePosixPath]:
    names = (PurePosixPath(path.relative_to(results)) for path in files_below(results))
    return {name for name in names if not varies(name)}


def _departures(
    here: Manifest, there: Manifest, differing: list[PurePosixPath]
) -> Iterator[Departure]:
    """Yield the jobs behind the differing files, those that differ by themselves first."""
    names = {(here.prefix / path).as_posix() for path in differing}
    by_job: dict[str, list[str]] = {}
    for name in sorted(names):
        by_job.setdefault(_job_name(here.makers.get(name)), []).append(name)
    made = [
        Departure(
            job,
            tuple(paths),
            _facts(
                [(here.makers.get(p), there.makers.get(_renamed(p, here, there))) for p in paths]
            ),
            any(names & set(here.makers[p].inputs) for p in paths if p in here.makers),
        )
        for job, paths in by_job.items()
    ]
    yield from sorted(made, key=lambda one: (one.follows, one.job))


def _job_name(job: Job | None) -> str:
    return job.name if job else "no recorded job"


def _renamed(name: str, here: Manifest, there: Manifest) -> str:
    return (there.prefix / PurePosixPath(name).relative_to(here.prefix)).as_posix()


def _facts(pairs: list[tuple[Job | None, Job | None]]) -> tuple[Difference, ...]:
    """Return what differs in what jobs were given and ran on, nothing of those that are unknown."""
    found = (
        difference
        for here, there in pairs
        if here is not None and there is not None
        for fact in FACTS
        for difference in differences(here.record[fact], there.record[fact], fact)
    )
    return tuple({repr(one): one for one in found}.values())  # the values may be lists
