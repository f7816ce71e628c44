"""Which noun each row of the matrix of nouns stands for."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from wordbridge.errors import InputError, brief
from wordbridge.table_file import read_table, write_table
from wordbridge.vectors.matrix_file import load_matrix
from wordbridge.vectors.protocol import Matrix

HEADER = ("synset", "lemma", "how", "class")
_REMEDY = "make the table again"


class NounRow(NamedTuple):
    """A noun with a vector, the lemma whose vector it is and how it was found.

    ``how`` is "first" or "other" lemma, and "exact" or, for the mean of its parts' vectors,
    "parts".
    """

    synset: str
    lemma: str
    how: str
    class_index: int | None


def write_noun_rows(path: str | Path, rows: Iterable[NounRow]) -> None:
    """Write the table of ``rows``, in their order."""
    write_table(path, HEADER, map(_fields, rows))


def read_noun_rows(path: str | Path) -> list[NounRow]:
    """Return the rows of a table that ``write_noun_rows`` wrote.

    Raises InputError when it is no such table.
    """
    return list(read_table(path, HEADER, _row, _REMEDY))


def load_noun_vectors(matrix: str | Path, table: str | Path) -> tuple[list[NounRow], Matrix]:
    """Return the nouns that have a vector, and these vectors (nouns, dim), not of unit length.

    Raises InputError when the two files do not belong together.
    """
    rows = read_noun_rows(table)
    return rows, load_matrix(matrix, words=len(rows))


def _fields(row: NounRow) -> list[str]:
    return ["" if field is None else str(field) for field in row]


def _row(synset: str, lemma: str, how: str, number: str) -> NounRow:
    if number and not number.isdecimal():
        raise InputError(
            f"expected the columns {', '.join(HEADER)}, the last a number or empty, "
            f"got {brief(number)!r}; {_REMEDY}"
        )
    return NounRow(synset, lemma, how, int(number) if number else None)
