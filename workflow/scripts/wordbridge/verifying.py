"""The command ``verify``: results against their records, against other results, one file's past."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from wordbridge.manifest import wording
from wordbridge.manifest.check import check
from wordbridge.manifest.comparison import compare
from wordbridge.manifest.lineage import trace
from wordbridge.manifest.records import read_manifest


def verified(results: Path, against: Path | None, as_json: bool) -> tuple[list[str], bool]:
    """Return the lines to print, and whether the results are as recorded, or as the others are."""
    if against is not None:
        comparison = compare(results, against)
        told = {**asdict(comparison), "same": comparison.same}
        return _lines(told, wording.comparison_lines(comparison), as_json), comparison.same
    made = check(read_manifest(results))
    told = {**asdict(made), "findings": [one._asdict() for one in made.findings]}
    return _lines(told, wording.check_lines(made), as_json), not made.findings


def traced(file: Path, as_json: bool) -> tuple[list[str], bool]:
    """Return the lines to print about where a file comes from, and whether it is intact."""
    lineage = trace(file)
    told = {**asdict(lineage), "jobs": [dict(job.record) for job in lineage.jobs]}
    return _lines(told, wording.lineage_lines(lineage), as_json), lineage.intact


def _lines(told: dict[str, object], lines: Iterator[str], as_json: bool) -> list[str]:
    shown = [json.dumps(told, ensure_ascii=False)] if as_json else lines
    # A file's name may be no text.
    return [line.encode(errors="backslashreplace").decode() for line in shown]
