"""What of an experiment's results may differ from run to run, and why: nothing else may.

On a processor, that is. GPUs and processors of other kinds round in other ways, which the
records then show.
"""

from pathlib import PurePosixPath
from typing import NamedTuple


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
