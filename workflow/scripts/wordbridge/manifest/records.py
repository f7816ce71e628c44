"""The records of an experiment's jobs, as they wrote them, found by the files that they made."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from wordbridge.errors import InputError, brief
from wordbridge.manifest.record import FOLDER

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
    if not (results / FOLDER).is_dir():
        got = "none" if results.is_dir() else "no such folder"
        raise InputError(
            f"{results}: expected the results of an experiment with its manifest, got {got}; "
            "every job that snakemake runs adds its record; or name another folder"
        )
    own = Manifest(results, _by_time(_records(results / FOLDER)))
    downloads = _records(own.checkout / DOWNLOADS / FOLDER)
    return Manifest(results, _by_time([*downloads, *own.jobs]))


def experiments(results: Path) -> list[Path]:
    """Return ``results`` if it is those of an experiment, else all experiments below it."""
    found = []
    for at, folders, _ in os.walk(results):
        if FOLDER in folders:
            found.append(Path(at))
            folders.clear()
    return sorted(found)


def read_record(path: Path) -> Job:
    """Return the job that the record at ``path`` is of; raises InputError if it is none."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        problem = next(map(_told, _RECORD.iter_errors(record)), None)
    except (OSError, ValueError, RecursionError) as error:
        problem = brief(error)
    if problem:
        raise InputError(
            f"{path}: expected the record of a job, got something else ({problem}); "
            "delete it and have the job's outputs made again"
        )
    return Job(record)


def _told(error: ValidationError) -> str:
    at = ".".join(map(str, error.absolute_path))
    return brief(f"{at}: {error.message}" if at else error.message)


def _by_time(jobs: Iterable[Job]) -> tuple[Job, ...]:
    return tuple(sorted(jobs, key=lambda job: (job.record["ended"], job.name)))


def _records(folder: Path) -> Iterator[Job]:
    return map(read_record, sorted(folder.rglob("*.json")))
