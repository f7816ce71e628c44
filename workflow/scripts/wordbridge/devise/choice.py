"""Which method's points are searched: the head's where it is good enough, else a rival's."""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from wordbridge.errors import InputError
from wordbridge.files import replacing

PLACE = ("candidates", "part", "set", "kind")


def choose_method(
    records: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the method to search with, and what decided.

    ``records`` are those of score_devise. ``settings``: ``method`` and its ``rival``, the ``hit``
    k of the flat hits to compare (means over the seeds), and ``checks``, each with candidates,
    part, set and kind of a row and ``above``: whether the method must be above the rival there or
    just not below. Keys: method, asked_for, rival, hit, and checks, each with the number of
    images, both figures (shares) and whether it ``holds``. A check without images decides
    nothing; its figures and verdict are None. Raises InputError when a method has no record.
    """
    method, rival = settings["method"], settings["rival"]
    checks = [_checked(records, settings, check) for check in settings["checks"]]
    failed = [check for check in checks if check["holds"] is False]
    return {
        "method": rival if failed else method,
        "asked_for": method,
        "rival": rival,
        "hit": settings["hit"],
        "checks": checks,
    }


def take_chosen(method: str, files: Iterable[str | Path], outputs: Iterable[str | Path]) -> None:
    """Copy those of ``files``, {method}/{seed}/{name}, that are of ``method``, to ``outputs``.

    Names pair them. Raises InputError when a file is missing.
    """
    given = list(files)
    for output in map(Path, outputs):
        source = chosen_file(method, given, output.name)
        with replacing(output) as partial:
            shutil.copyfile(source, partial)


def chosen_file(method: str, files: Iterable[str | Path], name: str) -> Path:
    """Return that of ``files``, {method}/{seed}/{name}, which is of ``method`` and called ``name``.

    Raises InputError when it is missing.
    """
    for path in map(Path, files):
        if path.parts[-3] == method and path.name == name:
            return path
    raise InputError(
        f"method {method}: expected its {name}, got none among the inputs; "
        "name the method in choice as method or rival"
    )


def _checked(
    records: Sequence[Mapping[str, Any]], settings: Mapping[str, Any], check: Mapping[str, Any]
) -> dict[str, Any]:
    """Return one check with what it found."""
    both = [_rows(records, settings[name], check) for name in ("method", "rival")]
    mine = theirs = holds = None
    images = 0
    if all(both):
        mine, theirs = (_mean_hit(rows, settings["hit"]) for rows in both)
        holds = mine > theirs if check["above"] else mine >= theirs
        images = both[0][0]["images"]
    return {
        **{name: check[name] for name in PLACE},
        "images": images,
        "method": mine,
        "rival": theirs,
        "above": check["above"],
        "holds": holds,
    }


def _rows(
    records: Sequence[Mapping[str, Any]], method: str, place: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """Return what the seeds of ``method`` scored at ``place``, nothing where no image was."""
    mine = [record for record in records if record["method"] == method]
    if not mine:
        raise InputError(
            f"method {method}: expected its scores, got those of "
            f"{', '.join(sorted({str(r['method']) for r in records})) or 'none'}; let it run, too"
        )
    return [
        row
        for record in mine
        for row in record["rows"]
        if all(row[name] == place[name] for name in PLACE)
    ]


def _mean_hit(rows: Sequence[Mapping[str, Any]], k: int) -> float:
    # Rounded, since a mean of equal shares may differ in its last digit.
    mean: float = round(sum(row[f"hit@{k}"] for row in rows) / len(rows), 9)
    return mean
