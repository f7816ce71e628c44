"""How many pictures of each set there are, what part they play, and how many were left out."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from wordbridge.devise.picture_labels import LeftOut
from wordbridge.devise.picture_table import PHOTO, TEST, TRAIN, UNSEEN, VALID, iterate_pictures
from wordbridge.report.cells import Column
from wordbridge.table_file import read_table

CAPTION = "Pictures of each set, and those that were left out."
COLUMNS = {
    "set": Column("Set"),
    "found": Column("Found", 0),
    "left_out": Column(
        "Left out", 0, note="when the set was listed; each is named in pictures/SET.left_out.tsv"
    ),
    "reason": Column("Most often because"),
    "unreadable": Column("Unreadable", 0, note="listed, but the file held no picture"),
    "photos": Column("Photographs", 0, note="of those that are listed"),
    TRAIN: Column("Train", 0),
    VALID: Column("Valid", 0),
    TEST: Column("Test", 0),
    UNSEEN: Column("Unseen", 0, note="of nouns that are held out whole"),
}
_QUOTED = re.compile(r"'.*'|\".*\"")


def tabulate_pictures(
    listed: Mapping[str, str | Path],
    left_out: Mapping[str, str | Path],
    failed: Mapping[str, Sequence[str | Path]],
    split: str | Path,
) -> pd.DataFrame:
    """Return a row per picture set, in the order of ``listed``.

    ``listed``, ``left_out`` and ``failed`` have the tables of each set: its pictures, those left
    out when it was listed, and those of each shard that could not be decoded; ``split`` has the
    pictures of all labelled sets with their parts.
    """
    parts = Counter((picture.set, picture.part) for picture in iterate_pictures(split))
    rows = []
    for name, path in listed.items():
        kinds = Counter(picture.kind for picture in iterate_pictures(path))
        reasons = Counter(_QUOTED.sub("...", row.reason) for row in _left_out([left_out[name]]))
        row: dict[str, Any] = {
            "set": name,
            "found": kinds.total() + reasons.total(),
            "left_out": reasons.total(),
            "reason": _commonest(reasons),
            "unreadable": sum(1 for _ in _left_out(failed[name])),
            "photos": kinds[PHOTO],
        }
        rows.append(row | {part: parts[name, part] for part in (TRAIN, VALID, TEST, UNSEEN)})
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _left_out(paths: Iterable[str | Path]) -> Iterator[LeftOut]:
    for path in paths:
        yield from read_table(path, LeftOut._fields, LeftOut, "list and extract the set again")


def _commonest(reasons: Counter[str]) -> str:
    """Return the most frequent reason, the first by alphabet among equals, and its count."""
    if not reasons:
        return ""
    reason, count = min(reasons.items(), key=lambda item: (-item[1], item[0]))
    return f"{reason} ({count})"
