"""Which noun each row of the matrix of nouns stands for.

The nouns that have a vector, as rows of a matrix.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordbridge.arrays import l2_normalize, load_matrix
from wordbridge.errors import InputError, shorten
from wordbridge.files import read_tsv, write_tsv
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
    write_tsv(path, HEADER, map(_fields, rows))


def read_noun_rows(path: str | Path) -> list[NounRow]:
    """Return the rows of a table that ``write_noun_rows`` wrote.

    Raises InputError when it is no such table.
    """
    return list(read_tsv(path, HEADER, _row, _REMEDY))


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
            f"got {shorten(number)!r}; {_REMEDY}"
        )
    return NounRow(synset, lemma, how, int(number) if number else None)


Floats = NDArray[np.float32]
CLASSES = 1000  # of the ImageNet challenge, which the backbones' classifiers know


@dataclass(frozen=True)
class NounMatrix:
    """Nouns and their ``vectors`` (nouns, dim) of unit length.

    ``classes`` has each noun's number among the classes of the backbone's classifier, or -1.
    """

    synsets: list[str]
    vectors: Floats
    classes: NDArray[np.int64]

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Return the row of each synset."""
        return {synset: row for row, synset in enumerate(self.synsets)}

    @cached_property
    def class_rows(self) -> NDArray[np.int64]:
        """Return the row of each class (classes,), or -1 where a class has no vector."""
        rows = np.full(CLASSES, -1, np.int64)
        mine = np.flatnonzero(self.classes >= 0)
        rows[self.classes[mine]] = mine
        return rows

    @property
    def known_classes(self) -> NDArray[np.bool_]:
        """Return which classes (classes,) have a vector."""
        return self.class_rows >= 0

    @property
    def class_vectors(self) -> Floats:
        """Return the classes' vectors (classes, dim), zeros where a class has none."""
        return np.where(self.known_classes[:, None], self.vectors[self.class_rows], np.float32(0))


def read_noun_matrix(vectors: str | Path, table: str | Path) -> NounMatrix:
    """Return the nouns of ``table`` with the ``vectors`` that were embedded for them.

    Raises InputError when there is none, or the two files do not belong together.
    """
    rows, matrix = load_noun_vectors(vectors, table)
    if not rows:
        raise InputError(f"{table}: expected at least one noun, got none; embed the nouns again")
    classes = [-1 if row.class_index is None else row.class_index for row in rows]
    return NounMatrix(
        [row.synset for row in rows], l2_normalize(matrix), np.array(classes, np.int64)
    )
