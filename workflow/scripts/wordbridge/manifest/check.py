"""The files of an experiment compared with what the jobs that made them recorded."""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from wordbridge.digests import sha256_of
from wordbridge.errors import InputError
from wordbridge.manifest.exceptions import EXCEPTIONS, unrecorded
from wordbridge.manifest.records import Job, Manifest

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
        return {"sha256": sha256_of(path), "bytes": path.stat().st_size}
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
