"""The command ``verify``: results against their records, against other results, one file's past."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from wordbridge.errors import InputError
from wordbridge.manifest import wording
from wordbridge.manifest.check import check
from wordbridge.manifest.comparison import compare
from wordbridge.manifest.lineage import trace
from wordbridge.manifest.records import experiments, read_manifest


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
    return _lines(told, wording.check_lines(made), as_json), not made.findings


def _against(results: Path, other: Path, as_json: bool) -> tuple[list[str], bool]:
    comparison = compare(results, other)
    told = {**asdict(comparison), "same": comparison.same}
    return _lines(told, wording.comparison_lines(comparison), as_json), comparison.same


def traced(file: Path, as_json: bool) -> tuple[list[str], bool]:
    """Return the lines to print about where a file comes from, and whether it is intact."""
    lineage = trace(file)
    told = {**asdict(lineage), "jobs": [dict(job.record) for job in lineage.jobs]}
    return _lines(told, wording.lineage_lines(lineage), as_json), lineage.intact


def _lines(told: dict[str, object], lines: Iterator[str], as_json: bool) -> list[str]:
    shown = [json.dumps(told, ensure_ascii=False)] if as_json else lines
    # A file's name may be no text.
    return [line.encode(errors="backslashreplace").decode() for line in shown]
