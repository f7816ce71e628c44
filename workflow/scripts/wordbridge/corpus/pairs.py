"""Sentence pairs as a table: columns item, group, fr, en, fr_version, en_version."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from wordbridge.atomic import replacing
from wordbridge.errors import InputError, brief
from wordbridge.table_file import opened_table

HEADER = ("item", "group", "fr", "en", "fr_version", "en_version")

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


def one_line(text: str) -> str:
    """Return ``text`` without tabs and line ends: a run of them and of spaces is one space."""
    return _BREAK.sub(" ", text).strip(" ")


def write_pairs(path: str | Path, pairs: Iterable[Pair]) -> int:
    """Return the number of pairs written to ``path``, which appears whole or not at all."""
    count = 0
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as table:
        table.write("\t".join(HEADER) + "\n")
        for pair in pairs:
            table.write("\t".join(map(one_line, pair)) + "\n")
            count += 1
    return count


def read_pairs(path: str | Path) -> Iterator[Pair]:
    """Yield the pairs of the table at ``path``, one at a time.

    Raises InputError when it cannot be read, the header is another one or a row has not as many
    columns.
    """
    with opened_table(path, "name or make a table of pairs") as table:
        header = tuple(table.readline().rstrip("\r\n").split("\t"))
        if header != HEADER:
            raise InputError(
                f"{path}: expected the columns {', '.join(HEADER)}, got "
                f"{brief(', '.join(header))!r}; make the table again"
            )
        for number, line in enumerate(table, start=2):
            fields = line.rstrip("\r\n").split("\t")
            if len(fields) != len(HEADER):
                raise InputError(
                    f"{path}, line {number}: expected {len(HEADER)} columns, got {len(fields)}; "
                    "make the table again"
                )
            yield Pair(*fields)


def write_counts(path: str | Path, counts: Mapping[str, int]) -> None:
    """Write a report of ``counts`` (columns reason, count) in the order of the mapping."""
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as table:
        table.write("reason\tcount\n")
        table.writelines(f"{reason}\t{count}\n" for reason, count in counts.items())
