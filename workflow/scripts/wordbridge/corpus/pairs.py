"""Sentence pairs as a table: columns item, group, fr, en, fr_version, en_version."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from wordbridge.table_file import read_table, write_table

REPORT = ("reason", "count")  # the columns of a report

# Whatever Python, pandas or a spreadsheet may take for the end of a field or of a line.
# The French spaces U+00A0, U+202F and U+2009 stay: a later, switchable step handles them.
_ENDS = "\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"
_BREAK = re.compile(f" *[{_ENDS}][ {_ENDS}]*")


class Pair(NamedTuple):
    """A French sentence and its English translation.

    Pairs with the same ``item`` are versions of one sentence; pairs with the same ``group``
    must stay in one part of a split. The versions name whose translation each side is, where
    the corpus has several.
    """

    item: str
    group: str
    fr: str
    en: str
    fr_version: str = ""
    en_version: str = ""


HEADER = Pair._fields


def one_line(text: str) -> str:
    """Return ``text`` without tabs and line ends: a run of them and of spaces is one space."""
    return _BREAK.sub(" ", text).strip(" ")


def write_pairs(path: str | Path, pairs: Iterable[Pair]) -> int:
    """Return the number of pairs written to ``path``, which appears whole or not at all."""
    return write_table(path, HEADER, (map(one_line, pair) for pair in pairs))


def read_pairs(path: str | Path) -> Iterator[Pair]:
    """Yield the pairs of the table at ``path``, one at a time.

    Raises InputError when it is no such table.
    """
    return read_table(path, HEADER, Pair, "name or make a table of pairs")


def write_counts(path: str | Path, counts: Mapping[str, int]) -> None:
    """Write a report of ``counts`` in the order of the mapping."""
    write_table(path, REPORT, ((reason, str(count)) for reason, count in counts.items()))
