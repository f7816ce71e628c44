"""What one file comes from: the jobs behind it, back to the downloads."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wordbridge.digests import sha256_of
from wordbridge.errors import InputError
from wordbridge.manifest.record import FOLDER
from wordbridge.manifest.records import Job, Manifest, read_manifest


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
        return sha256_of(file)
    except OSError as error:
        raise InputError(
            f"{file}: expected a file to read, got {error.strerror!r}; give leave to read it"
        ) from None


def _results_of(file: Path) -> Path:
    for folder in file.parents:
        if (folder / FOLDER).is_dir():
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
