"""The jobs of a plan, and what makes one of them stale."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


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
