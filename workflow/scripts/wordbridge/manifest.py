"""The records of an experiment's jobs, as they wrote them, found by the files that they made.

What of an experiment's results may differ from run to run, and why: nothing else may.

On a processor, that is. GPUs and processors of other kinds round in other ways, which the
records then show.

The files of an experiment compared with what the jobs that made them recorded.

What one file comes from: the jobs behind it, back to the downloads.

Two nested values compared: which keys differ, from what to what.

Two trees of results compared byte by byte, and what the jobs of differing files differ in.

What people read of checks, comparisons and lineages, line by line.

The command ``verify``: results against their records, against other results, one file's past.
"""

import filecmp
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from wordbridge.errors import InputError, shorten
from wordbridge.files import file_sha256
from wordbridge.job import MANIFEST

DOWNLOADS = "resources"  # what all experiments of a checkout share

_TEXT, _TEXTS = {"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}
_NUMBER, _WHOLE = {"type": "number"}, {"type": "integer"}


def _files(*digest: str) -> dict[str, Any]:
    facts = {"sha256": {"type": [*digest]}, "bytes": _WHOLE}
    form = {"type": "object", "required": [*facts], "properties": facts}
    return {"type": "object", "additionalProperties": form}


# What ``record.job_record`` writes.
_FORM = {
    "rule": _TEXT,
    "wildcards": _TEXTS,
    "results": {"type": "string", "minLength": 1},
    "outputs": _files("string"),
    "inputs": _files("string", "null"),
    "params": {"type": "object"},
    "params_sha256": _TEXT,
    "code": _TEXTS,
    "code_sha256": _TEXT,
    "versions": _TEXTS,
    **dict.fromkeys(("python", "platform", "cpu", "device"), _TEXT),
    "threads": _WHOLE,
    "seconds": _NUMBER,
    "peak_memory_mb": _NUMBER,
    "ended": _TEXT,
}
_LATER = {"attempts": _WHOLE}  # keys that early records lack
_RECORD = Draft202012Validator(
    {"type": "object", "required": [*_FORM], "properties": {**_FORM, **_LATER}}
)


@dataclass(frozen=True)
class Job:
    """What one job recorded; paths start from the checkout, as the workflow names them."""

    record: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The rule and its wildcards: ``train_translator all/1``."""
        return " ".join([self.record["rule"], "/".join(self.record["wildcards"].values())]).rstrip()

    @property
    def rule(self) -> str:
        """The rule's name."""
        return str(self.record["rule"])

    @property
    def inputs(self) -> Mapping[str, Mapping[str, Any]]:
        """{path: its sha256 and bytes} of what the job read."""
        return dict(self.record["inputs"])

    @property
    def outputs(self) -> Mapping[str, Mapping[str, Any]]:
        """{path: its sha256 and bytes} of what the job made."""
        return dict(self.record["outputs"])


@dataclass(frozen=True)
class Manifest:
    """The records below a folder of results; the last one that names a file is its maker."""

    results: Path
    jobs: tuple[Job, ...]

    @cached_property
    def makers(self) -> dict[str, Job]:
        """{path from the checkout: the job that made it}."""
        return {path: job for job in self.jobs for path in job.outputs}

    @property
    def prefix(self) -> PurePosixPath:
        """What stands before the names of this experiment's files: ``results/default``."""
        names = [job.record["results"] for job in self.jobs if job.record["results"] != DOWNLOADS]
        return PurePosixPath(names[-1] if names else "results")

    def name_of(self, path: Path) -> str:
        """Return what the workflow calls a file below the results, wherever they lie now."""
        return (self.prefix / path.relative_to(self.results)).as_posix()

    @property
    def checkout(self) -> Path:
        """The folder that the names of all files start from."""
        return self.results.joinpath(*[".."] * len(self.prefix.parts)).resolve()


def read_manifest(results: Path) -> Manifest:
    """Return the records of an experiment and of the downloads that it shares with others.

    Raises InputError when there are none, or one is damaged.
    """
    if not (results / MANIFEST).is_dir():
        got = "none" if results.is_dir() else "no such folder"
        raise InputError(
            f"{results}: expected the results of an experiment with its manifest, got {got}; "
            "every job that snakemake runs adds its record; or name another folder"
        )
    own = Manifest(results, _by_time(_records(results / MANIFEST)))
    downloads = _records(own.checkout / DOWNLOADS / MANIFEST)
    return Manifest(results, _by_time([*downloads, *own.jobs]))


def experiments(results: Path) -> list[Path]:
    """Return ``results`` if it is those of an experiment, else all experiments below it."""
    found = []
    for at, folders, _ in os.walk(results):
        if MANIFEST in folders:
            found.append(Path(at))
            folders.clear()
    return sorted(found)


def read_record(path: Path) -> Job:
    """Return the job that the record at ``path`` is of; raises InputError if it is none."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        problem = next(map(_told, _RECORD.iter_errors(record)), None)
    except (OSError, ValueError, RecursionError) as error:
        problem = shorten(error)
    if problem:
        raise InputError(
            f"{path}: expected the record of a job, got something else ({problem}); "
            "delete it and have the job's outputs made again"
        )
    return Job(record)


def _told(error: ValidationError) -> str:
    at = ".".join(map(str, error.absolute_path))
    return shorten(f"{at}: {error.message}" if at else error.message)


def _by_time(jobs: Iterable[Job]) -> tuple[Job, ...]:
    return tuple(sorted(jobs, key=lambda job: (job.record["ended"], job.name)))


def _records(folder: Path) -> Iterator[Job]:
    return map(read_record, sorted(folder.rglob("*.json")))


class Exempt(NamedTuple):
    """A folder of the results; ``recorded`` is whether its files are outputs of jobs."""

    folder: str
    recorded: bool
    reason: str


EXCEPTIONS = (
    Exempt(
        "benchmarks",
        False,
        "seconds and memory of each job, measured by Snakemake after the job has ended",
    ),
    Exempt(
        "manifest",
        False,
        "the records themselves: when, where, how long, with which versions each file was made",
    ),
    Exempt("timings", True, "tables and records of how fast this machine trains and searches"),
)


def varies(path: PurePosixPath) -> bool:
    """Return whether a file, named from the results folder on, may differ between two runs."""
    return any(path.parts[0] == one.folder for one in EXCEPTIONS)


def unrecorded(path: PurePosixPath) -> bool:
    """Return whether a file is no job's output, so that no record can name its bytes."""
    return any(path.parts[0] == one.folder and not one.recorded for one in EXCEPTIONS)


READERS = 4  # files that are read at once; digests are computed beside each other
# What is wrong with a file, and what to do about it.
KINDS = {
    "changed": "not the bytes that the job wrote; `snakemake --force FILE` makes it again",
    "unreadable": "there, but nobody can read it; delete it, or give leave to read it",
    "missing": "recorded, but not there; `snakemake FILE` makes it again, or delete its record",
    "unknown": "no job recorded it; delete it, or `snakemake --force FILE` makes it with a record",
    "outdated": "made from other bytes than are there now; run snakemake",
}


class Finding(NamedTuple):
    """A file that is not as recorded: ``kind`` is one of KINDS; ``rule`` is "" for no rule."""

    kind: str
    path: str
    rule: str
    detail: str = ""


@dataclass(frozen=True)
class Check:
    """What a comparison with the manifest gave."""

    results: str
    files: int
    jobs: int
    bytes: int
    findings: tuple[Finding, ...]


def check(manifest: Manifest) -> Check:
    """Return what is not as recorded among the files below an experiment's results."""
    there = {manifest.name_of(path): path for path in files_below(manifest.results)}
    there = {name: path for name, path in there.items() if not unrecorded(_below(manifest, name))}
    recorded = {n: job for n, job in manifest.makers.items() if _is_own(manifest, n)}
    with ThreadPoolExecutor(READERS) as pool:
        found = dict(zip(there, pool.map(_facts, there.values()), strict=True))
    findings = [
        *filter(None, (_compared(name, found[name], recorded.get(name)) for name in there)),
        *(Finding("missing", n, recorded[n].name) for n in recorded if n not in there),
        *(finding for finding in _outdated(manifest) if finding.path in there),
    ]
    return Check(
        results=str(manifest.results),
        files=len(there),
        jobs=len({job.name for job in recorded.values()}),
        bytes=sum(facts.get("bytes", 0) for facts in found.values()),
        findings=tuple(sorted(findings, key=lambda f: (list(KINDS).index(f.kind), f.path))),
    )


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder in the order of their names.

    Raises InputError for a folder that cannot be listed.
    """
    for place, folders, names in os.walk(folder, onerror=_raise):
        folders.sort()
        yield from (Path(place, name) for name in sorted(names))


def _raise(error: OSError) -> None:
    raise InputError(
        f"{error.filename}: expected a folder that can be listed, got {error.strerror!r}; "
        "give leave to read it"
    )


def exempt_folders() -> str:
    """Return the folders that no record can name the bytes of, for people."""
    return ", ".join(f"{one.folder}/" for one in EXCEPTIONS if not one.recorded)


def _below(manifest: Manifest, name: str) -> PurePosixPath:
    return PurePosixPath(name).relative_to(manifest.prefix)


def _is_own(manifest: Manifest, name: str) -> bool:
    return PurePosixPath(name).is_relative_to(manifest.prefix)


def _facts(path: Path) -> Mapping[str, Any]:
    """Return what a record says of a file, or the reason why it cannot be read."""
    try:
        if path.exists() and not path.is_file():  # a named pipe would be waited for
            return {"reason": "no plain file"}
        return {"sha256": file_sha256(path), "bytes": path.stat().st_size}
    except OSError as error:
        return {"reason": error.strerror or str(error)}


def _compared(name: str, facts: Mapping[str, Any], maker: Job | None) -> Finding | None:
    """Return what is wrong with a file that is there."""
    if "reason" in facts:
        return Finding("unreadable", name, maker.name if maker else "", facts["reason"])
    if maker is None:
        return Finding("unknown", name, "")
    same = all(maker.outputs[name][key] == value for key, value in facts.items())
    return None if same else Finding("changed", name, maker.name)


def _outdated(manifest: Manifest) -> Iterator[Finding]:
    """Yield the files whose job read other bytes than the maker of its input has recorded since."""
    for name, job in manifest.makers.items():
        for read, facts in job.inputs.items():
            maker = manifest.makers.get(read)
            made = maker.outputs[read]["sha256"] if maker else facts["sha256"]
            if facts["sha256"] not in (None, made):
                yield Finding("outdated", name, job.name, f"read another {read}")


@dataclass(frozen=True)
class Lineage:
    """The jobs behind a file, every one after those that it read from; its own comes last.

    ``sources`` are files that were read and that no recorded job made; ``intact`` is whether
    the file still has the bytes that its job wrote.
    """

    name: str
    sha256: str
    intact: bool
    jobs: tuple[Job, ...]
    sources: tuple[str, ...]


def trace(file: Path) -> Lineage:
    """Return where a file of some results folder comes from.

    Raises InputError when there is no such file, or no job has recorded that it made it.
    """
    if not file.is_file():
        raise InputError(f"{file}: expected a file of an experiment, got no such file")
    file = Path(os.path.abspath(file))  # without following links, which a file may be
    manifest = read_manifest(_results_of(file))
    name = manifest.name_of(file)
    if name not in manifest.makers:
        raise InputError(
            f"{file}: expected a file that a job has recorded, got one that is in no record; "
            f"`snakemake --force {name}` makes it with one"
        )
    jobs = tuple(_behind(name, manifest, set()))
    read = {path for job in jobs for path in job.inputs}
    digest = _digest(file)
    return Lineage(
        name=name,
        sha256=digest,
        intact=digest == manifest.makers[name].outputs[name]["sha256"],
        jobs=jobs,
        sources=tuple(sorted(read - manifest.makers.keys())),
    )


def _digest(file: Path) -> str:
    try:
        return file_sha256(file)
    except OSError as error:
        raise InputError(
            f"{file}: expected a file to read, got {error.strerror!r}; give leave to read it"
        ) from None


def _results_of(file: Path) -> Path:
    for folder in file.parents:
        if (folder / MANIFEST).is_dir():
            return folder
    raise InputError(f"{file}: expected a file below a results folder with a manifest, got none")


def _behind(name: str, manifest: Manifest, seen: set[str]) -> Iterator[Job]:
    job = manifest.makers.get(name)
    if job is None or job.name in seen:
        return
    seen.add(job.name)
    for path in job.inputs:
        yield from _behind(path, manifest, seen)
    yield job


ABSENT = "none"


class Difference(NamedTuple):
    """A key with dots between the levels, and its value on either side."""

    key: str
    old: Any
    new: Any

    def __str__(self) -> str:
        return f"{self.key}: {shown(self.old)} -> {shown(self.new)}"


def differences(old: Any, new: Any, key: str = "") -> Iterator[Difference]:
    """Yield what differs between two values, of mappings the single keys.

    A key that one side lacks has ABSENT there.
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new}, key=str):
            inner = f"{key}.{name}".lstrip(".")
            yield from differences(old.get(name, ABSENT), new.get(name, ABSENT), inner)
    elif old != new:
        yield Difference(key, old, new)


def shown(value: Any, most: int = 60) -> str:
    """Return a value as short text: what is long is cut."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= most else f"{text[: most - 3]}..."


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
    ours, theirs = _compared_comparison(results), _compared_comparison(other)
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


def _compared_comparison(results: Path) -> set[PurePosixPath]:
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
            _facts_comparison(
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


def _facts_comparison(pairs: list[tuple[Job | None, Job | None]]) -> tuple[Difference, ...]:
    """Return what differs in what jobs were given and ran on, nothing of those that are unknown."""
    found = (
        difference
        for here, there in pairs
        if here is not None and there is not None
        for fact in FACTS
        for difference in differences(here.record[fact], there.record[fact], fact)
    )
    return tuple({repr(one): one for one in found}.values())  # the values may be lists


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


def verified(results: Path, against: Path | None, as_json: bool) -> tuple[list[str], bool]:
    """Return the lines to print, and whether all is as recorded, or as the others are.

    ``results`` are those of an experiment, or a folder with several.
    """
    told = [
        _checked(one, as_json) if other is None else _against(one, other, as_json)
        for one, other in _pairs(results, against)
    ]
    return [line for lines, _ in told for line in lines], all(right for _, right in told)


def _pairs(results: Path, against: Path | None) -> list[tuple[Path, Path | None]]:
    """Return each experiment with the one that it is compared with."""
    here = experiments(results)
    if here in ([], [results]):  # without one, reading it says what is expected
        return [(results, against)]
    if against is None:
        return [(one, None) for one in here]
    ours, theirs = ({one.relative_to(at) for one in experiments(at)} for at in (results, against))
    if ours != theirs:
        lone = ", ".join(sorted(map(str, ours ^ theirs)))
        raise InputError(
            f"{results} and {against}: expected the same experiments in both, got {lone} on one "
            "side only; name one experiment"
        )
    return [(one, against / one.relative_to(results)) for one in here]


def _checked(results: Path, as_json: bool) -> tuple[list[str], bool]:
    made = check(read_manifest(results))
    told = {**asdict(made), "findings": [one._asdict() for one in made.findings]}
    return _lines(told, check_lines(made), as_json), not made.findings


def _against(results: Path, other: Path, as_json: bool) -> tuple[list[str], bool]:
    comparison = compare(results, other)
    told = {**asdict(comparison), "same": comparison.same}
    return _lines(told, comparison_lines(comparison), as_json), comparison.same


def traced(file: Path, as_json: bool) -> tuple[list[str], bool]:
    """Return the lines to print about where a file comes from, and whether it is intact."""
    lineage = trace(file)
    told = {**asdict(lineage), "jobs": [dict(job.record) for job in lineage.jobs]}
    return _lines(told, lineage_lines(lineage), as_json), lineage.intact


def _lines(told: dict[str, object], lines: Iterator[str], as_json: bool) -> list[str]:
    shown = [json.dumps(told, ensure_ascii=False)] if as_json else lines
    # A file's name may be no text.
    return [line.encode(errors="backslashreplace").decode() for line in shown]
