"""Verification of results: against the records of their jobs, or against other results.

Every job leaves a record with the checksums of its inputs and outputs (see ``job``). ``check``
compares the files of an experiment with these records, ``compare`` two runs byte by byte, and
``trace`` lists the jobs behind one file.
"""

import filecmp
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from glob import glob
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from wordbridge.errors import InputError, shorten
from wordbridge.files import file_sha256, read_json
from wordbridge.job import MANIFEST

DOWNLOADS = "resources"  # shared by all experiments of a checkout
# The folders whose files may differ between two runs on processors of one kind. (GPUs and other
# processors round differently: the records then show which.)
VOLATILE_FOLDERS = (
    "benchmarks",  # seconds and memory of each job, measured by Snakemake after its end
    "manifest",  # the records: when, where, how long and with which versions each job ran
    "timings",  # tables and records of how fast this machine trains and searches
)
UNRECORDED_FOLDERS = ("benchmarks", "manifest")  # no job has their files as outputs
# The kinds of differences from the records, and their remedies.
KINDS = {
    "changed": "not the bytes that the job wrote; `snakemake --force FILE` makes it again",
    "unreadable": "exists, but cannot be read; delete it, or check its permissions",
    "missing": "recorded, but absent; `snakemake FILE` makes it again, or delete its record",
    "unknown": "in no record; delete it, or `snakemake --force FILE` makes it with a record",
    "outdated": "made from older inputs; run snakemake, or delete it if its job is not planned now",
}
# The keys of a record that may explain a difference between two runs.
_SETTINGS = ("params", "code", "versions", "python", "platform", "cpu", "device", "threads")
_TEXTS = ("rule", "results", "code_sha256", "ended", "python", "platform", "cpu", "device")
_TYPES = {
    **dict.fromkeys(_TEXTS, str),
    **dict.fromkeys(("wildcards", "outputs", "inputs", "params", "code", "versions"), dict),
    **dict.fromkeys(("threads", "seconds", "peak_memory_mb"), int | float),
}
_MAX_DIFFERENCES = 8  # of one job, in text

Record = dict[str, Any]


class Report(NamedTuple):
    """A verification: whether nothing differs, the findings for JSON, and the lines of text."""

    ok: bool
    values: dict[str, Any]
    lines: list[str]


def verify(results: Path, against: Path | None = None) -> list[Report]:
    """Return a report on the experiment in ``results``, or on each of those below it.

    It is that of ``check``, or of ``compare`` with ``against``. Raises InputError when there is no
    experiment, or ``against`` has others.
    """
    names = _experiments(results) or {Path()}  # ``read_manifest`` then raises the error
    if against is None:
        return [check(results / name) for name in sorted(names)]
    other_names = names if names == {Path()} else _experiments(against)
    if names != other_names:
        single = ", ".join(sorted(map(str, names ^ other_names)))
        raise InputError(
            f"{results} and {against}: expected the same experiments in both, got {single} on one "
            "side only; name one experiment"
        )
    return [compare(results / name, against / name) for name in sorted(names)]


def format_report(report: Report, as_json: bool = False) -> str:
    """Return a report as lines of text, or as one line of JSON."""
    values = {**report.values, "ok": report.ok}
    text = json.dumps(values, ensure_ascii=False) if as_json else "\n".join(report.lines)
    return text.encode(errors="backslashreplace").decode()  # a file name may not be UTF-8


# ---- Records ------------------------------------------------------------------------------------


class Manifest(NamedTuple):
    """The records of an experiment and of the downloads.

    ``prefix`` is the workflow's name of the results folder, even if the folder has been moved;
    ``makers`` has the record of the last job that made a path.
    """

    prefix: PurePosixPath
    makers: dict[str, Record]


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
    records = _read_records(results / MANIFEST)
    prefix = PurePosixPath(records[-1]["results"] if records else "results")
    above = results.joinpath(*[".."] * len(prefix.parts))
    # A link may lead out of the checkout, to another disk, or into it.
    linked = [Path(os.path.abspath(above)), above.resolve()]
    checkouts = [Path()] if prefix.is_absolute() or ".." in prefix.parts else linked
    folders = [checkout / DOWNLOADS / MANIFEST for checkout in checkouts]
    downloads = next(filter(None, map(_read_records, folders)), [])
    # No job of an experiment makes a download, so the order between the two does not matter.
    makers = {path: record for record in [*downloads, *records] for path in record["outputs"]}
    return Manifest(prefix, makers)


def _read_records(folder: Path) -> list[Record]:
    records = map(read_record, folder.rglob("*.json"))
    return sorted(records, key=lambda record: (record["ended"], job_name(record)))


def read_record(path: Path) -> Record:
    """Return the record of a job; raises InputError for any other file."""
    remedy = "delete it and run the job again"
    record = read_json(path, "the record of a job", remedy)
    wrong = [key for key, kind in _TYPES.items() if not isinstance(record.get(key), kind)]
    wrong += [
        f"{key}.{name}"
        for key in {"inputs", "outputs"}.difference(wrong)
        for name, file in record[key].items()
        if not isinstance(file, dict) or not {"sha256", "bytes"} <= file.keys()
    ]
    if wrong:
        raise InputError(
            f"{path}: expected the record of a job, got a wrong or missing {wrong[0]}; {remedy}"
        )
    return record


def job_name(record: Record | None) -> str:
    """Return the rule and its wildcards, ``train_translator all/1``; "" without a record."""
    return f"{record['rule']} {'/'.join(record['wildcards'].values())}".rstrip() if record else ""


def _experiments(folder: Path) -> set[Path]:
    # Unlike rglob, through links.
    return {Path(n).parent for n in glob(f"**/{MANIFEST}/", root_dir=folder, recursive=True)}


def _files(results: Path, ignored: Iterable[str]) -> Iterator[Path]:
    """Yield the files of an experiment outside the ``ignored`` folders, sorted by name."""

    def fail(error: OSError) -> None:
        raise error

    for folder, subfolders, names in os.walk(results, onerror=fail):
        top = Path(folder) == results
        subfolders[:] = sorted(set(subfolders).difference(ignored if top else ()))
        yield from (Path(folder, name) for name in sorted(names))


# ---- Files and records --------------------------------------------------------------------------


class Finding(NamedTuple):
    """A file that differs from its record: ``kind`` is a key of KINDS, ``rule`` may be ""."""

    kind: str
    path: str
    rule: str
    detail: str = ""


def check(results: Path) -> Report:
    """Return the differences between the files of an experiment and its records."""
    manifest = read_manifest(results)
    paths = {
        (manifest.prefix / path.relative_to(results)).as_posix(): path
        for path in _files(results, UNRECORDED_FOLDERS)
    }
    prefix = f"{manifest.prefix}/"
    makers = {n: record for n, record in manifest.makers.items() if n.startswith(prefix)}
    with ThreadPoolExecutor(4) as pool:  # hashing releases the interpreter's lock
        files = dict(zip(paths, pool.map(_file_record, paths.values()), strict=True))
    findings = [
        *(Finding("missing", n, job_name(makers[n])) for n in makers if n not in paths),
        *(finding for finding in _outdated(manifest) if finding.path in paths),
    ]
    for name, file in files.items():
        maker = makers.get(name)
        if "reason" in file:
            findings.append(Finding("unreadable", name, job_name(maker), file["reason"]))
        elif maker is None:
            findings.append(Finding("unknown", name, ""))
        elif not file.items() <= maker["outputs"][name].items():
            findings.append(Finding("changed", name, job_name(maker)))
    findings.sort(key=lambda finding: (list(KINDS).index(finding.kind), finding.path))
    values = {
        "results": str(results),
        "files": len(paths),
        "jobs": len({job_name(record) for record in makers.values()}),
        "bytes": sum(file.get("bytes", 0) for file in files.values()),
        "findings": [finding._asdict() for finding in findings],
    }
    summary = f"{len(paths)} files of {values['jobs']} jobs ({values['bytes'] / 1e6:.1f} MB)"
    if not findings:
        values["precisions"] = _precisions(results)
        notes = [f"{'/, '.join(UNRECORDED_FOLDERS)}/ have no records"]
        notes += [f"trainings computed in {name}" for name in values["precisions"]]
        line = f"{results}: {summary} are as recorded; {'; '.join(notes)}"
        return Report(True, values, [line])
    lines = [f"{f.kind:11}{'  '.join(filter(None, f[1:]))}" for f in findings]
    lines += [f"{kind}: {KINDS[kind]}" for kind in dict.fromkeys(f.kind for f in findings)]
    lines.append(f"{results}: {len(findings)} differences from the manifest of {summary}")
    return Report(False, values, lines)


def _precisions(results: Path) -> list[str]:
    """Return the number formats of the matrix products of the translators' trainings."""
    paths = results.glob("translators/*/*/settings.json")
    return sorted({json.loads(path.read_bytes()).get("precision", "float32") for path in paths})


def _file_record(path: Path) -> Mapping[str, Any]:
    """Return size and checksum of a file as in a record, or the reason why it is unreadable."""
    try:
        if path.exists() and not path.is_file():  # reading a named pipe would block
            return {"reason": "no plain file"}
        return {"sha256": file_sha256(path), "bytes": path.stat().st_size}
    except OSError as error:
        return {"reason": error.strerror or str(error)}


def _outdated(manifest: Manifest) -> Iterator[Finding]:
    """Yield the files whose job read other bytes than the last job that made its input wrote."""
    for name, record in manifest.makers.items():
        for path, file in record["inputs"].items():
            maker = manifest.makers.get(path)
            if maker and file["sha256"] not in (None, maker["outputs"][path]["sha256"]):
                yield Finding("outdated", name, job_name(record), f"read another {path}")


# ---- Two runs -----------------------------------------------------------------------------------

ABSENT = "none"


class Difference(NamedTuple):
    """A key with dots between the levels, and its two values."""

    key: str
    old: Any
    new: Any

    def __str__(self) -> str:
        return f"{self.key}: {shorten(self.old)} -> {shorten(self.new)}"


def differences(old: Any, new: Any, key: str = "") -> Iterator[Difference]:
    """Yield the differing keys of two nested mappings; a key of one side only is ABSENT there."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new}, key=str):
            inner = f"{key}.{name}".lstrip(".")
            yield from differences(old.get(name, ABSENT), new.get(name, ABSENT), inner)
    elif old != new:
        yield Difference(key, old, new)


class JobDiff(NamedTuple):
    """A job whose files differ; ``follows`` if one of its inputs differs, too."""

    job: str
    paths: list[str]
    differences: list[Difference]
    follows: bool

    def lines(self) -> Iterator[str]:
        """Yield the files, then the differences of the two records that may explain them."""
        cause = "differs, because its inputs do" if self.follows else "differs by itself"
        yield f"{self.job}  {cause}: {', '.join(self.paths)}"
        if not self.follows:
            yield from (f"    {item}" for item in self.differences[:_MAX_DIFFERENCES])
            if len(self.differences) > _MAX_DIFFERENCES:
                yield f"    and {len(self.differences) - _MAX_DIFFERENCES} more, see --json"
            if not self.differences:
                yield "    no parameter, code, version, device or processor differs"


def compare(results: Path, other: Path) -> Report:
    """Return the differences of two runs of an experiment outside VOLATILE_FOLDERS.

    ``other`` may also be a folder with an experiment of the same name. Raises InputError when
    one does not exist, OSError when a file cannot be read.
    """
    if (other / results.resolve().name).is_dir():
        other = other / results.resolve().name
    here, there = read_manifest(results), read_manifest(other)
    names, other_names = (
        {path.relative_to(folder).as_posix() for path in _files(folder, VOLATILE_FOLDERS)}
        for folder in (results, other)
    )
    common = sorted(names & other_names)
    differing = [n for n in common if not filecmp.cmp(results / n, other / n, shallow=False)]
    diffs = _job_diffs(here, there, differing)
    only_here, only_there = sorted(names - other_names), sorted(other_names - names)
    size = sum((results / name).stat().st_size for name in common)
    values = {
        "results": str(results),
        "other": str(other),
        "files": len(common),
        "bytes": size,
        "only_here": only_here,
        "only_there": only_there,
        "jobs": [diff._asdict() for diff in diffs],
    }
    lines = [f"only in {results}: {name}" for name in only_here]
    lines += [f"only in {other}: {name}" for name in only_there]
    lines += [line for diff in diffs for line in diff.lines()]
    summary = f"{len(common)} files ({size / 1e6:.1f} MB) are the same, byte by byte"
    if lines:
        single = f"{len(only_here + only_there)} are on one side only"
        summary = f"{len(differing)} of {len(common)} files differ, {single}"
    volatile = "/, ".join(VOLATILE_FOLDERS)
    last = f"{results} and {other}: {summary}; not compared: {volatile}/"
    return Report(not lines, values, [*lines, last])


def _job_diffs(here: Manifest, there: Manifest, differing: Iterable[str]) -> list[JobDiff]:
    """Return the jobs of the differing files, those first whose inputs do not differ."""
    names_of: dict[str, list[str]] = {}
    for name in differing:
        job = job_name(here.makers.get(f"{here.prefix}/{name}")) or "no recorded job"
        names_of.setdefault(job, []).append(name)
    differing_paths = {f"{here.prefix}/{name}" for name in differing}
    diffs = []
    for job, names in names_of.items():
        paths = [f"{here.prefix}/{name}" for name in names]
        old = here.makers.get(paths[0])  # that of all paths
        news = [there.makers.get(f"{there.prefix}/{name}") for name in names]
        unique = {
            repr(item): item  # by text: the values may be lists
            for new in news
            if old and new
            for key in _SETTINGS
            for item in differences(old[key], new[key], key)
        }
        follows = old is not None and not differing_paths.isdisjoint(old["inputs"])
        diffs.append(JobDiff(job, paths, list(unique.values()), follows))
    return sorted(diffs, key=lambda diff: (diff.follows, diff.job))


# ---- The jobs behind a file ---------------------------------------------------------------------


def trace(file: Path) -> Report:
    """Return the jobs behind a file of an experiment, each after those whose outputs it read.

    It is ok if the file has the recorded bytes. Raises InputError when the file does not exist
    or no job has recorded it.
    """
    if not file.is_file():
        raise InputError(f"{file}: expected a file of an experiment, got no such file")
    file = Path(os.path.abspath(file))  # without following links: the file may be one
    results = next((f for f in file.parents if (f / MANIFEST).is_dir()), file.parent)
    manifest = read_manifest(results)
    name = (manifest.prefix / file.relative_to(results)).as_posix()
    if name not in manifest.makers:
        raise InputError(
            f"{file}: expected a file that a job has recorded, got one that is in no record; "
            f"`snakemake --force {name}` makes it with one"
        )
    sha256 = file_sha256(file)
    records = list(_records_behind(name, manifest, set()))
    sources = sorted({path for r in records for path in r["inputs"]} - manifest.makers.keys())
    ok = sha256 == manifest.makers[name]["outputs"][name]["sha256"]
    lines = [f"{source}  (in no record)" for source in sources]
    for record in records:
        cost = f"{record['seconds']:.1f} s, {record['peak_memory_mb']:.0f} MB"
        lines.append(f"{job_name(record)}  {record['ended']}, {cost} on {record['device']}")
        for key, label in (("inputs", "in "), ("outputs", "out")):
            for path, entry in record[key].items():
                lines.append(f"    {label} {path}  {(entry['sha256'] or 'not hashed')[:12]}")
    state = "as recorded" if ok else "CHANGED since its job wrote it"
    values = {"path": name, "sha256": sha256, "jobs": records, "sources": sources}
    return Report(ok, values, [*lines, f"{name}  sha256 {sha256}, {state}"])


def _records_behind(name: str, manifest: Manifest, seen: set[str]) -> Iterator[Record]:
    record = manifest.makers.get(name)
    if record is not None and job_name(record) not in seen:
        seen.add(job_name(record))
        for path in record["inputs"]:
            yield from _records_behind(path, manifest, seen)
        yield record
