"""How long jobs take, judging from earlier runs on this machine."""

import csv
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

from wordbridge.manifest.record import home, seconds_path


class Durations:
    """The seconds that each of the plan's ``jobs`` took when it last ran.

    What it left outside the results says so, of a training that was broken off for all its
    attempts; else Snakemake's benchmark, which knows the last one. ``config`` names their folder.
    """

    def __init__(self, jobs: list[Any], config: Mapping[str, Any]) -> None:
        self._known: dict[str, list[tuple[dict[str, str], float]]] = {}
        for job in jobs:
            wildcards = dict(job.wildcards_dict)
            seconds = _kept(seconds_path(home(job.output[0], config), job.rule.name, wildcards))
            if seconds is None and job.benchmark:
                seconds = _benchmark(Path(job.benchmark))
            if seconds is not None:
                self._known.setdefault(job.rule.name, []).append((wildcards, seconds))

    def of(self, job: Any) -> float | None:
        """Return the seconds of this job, or the mean of those most like it, or None.

        Like it are jobs of its rule, and most like it those with most wildcards in common.
        """
        own = job.wildcards_dict.items()
        alike = [(len(own & w.items()), s) for w, s in self._known.get(job.rule.name, [])]
        most = max((count for count, _ in alike), default=0)
        return fmean(s for count, s in alike if count == most) if alike else None


def _benchmark(path: Path) -> float | None:
    """Return the column s of a benchmark's first row, None if there is none."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return float(next(csv.DictReader(file, delimiter="\t"))["s"])
    except (OSError, StopIteration, KeyError, ValueError):
        return None


def _kept(path: Path) -> float | None:
    try:
        return float(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
