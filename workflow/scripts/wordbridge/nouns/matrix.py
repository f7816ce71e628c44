"""The nouns that have a word vector: a table of rows and a matrix with a row for each."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordbridge.arrays import Matrix, l2_normalize, load_matrix
from wordbridge.files import read_tsv, write_tsv
from wordbridge.nouns.table import CLASSES, format_class_index, parse_class_index

HEADER = ("synset", "lemma", "how", "class")


class NounRow(NamedTuple):
    """A noun with a vector and the lemma that the vector belongs to.

    ``how`` is "first" or "other" (the rank of the lemma), a space, and "exact" (a vector of the
    lemma itself) or "parts" (the mean of the vectors of its parts).
    """

    synset: str
    lemma: str
    how: str
    class_index: int | None


@dataclass(frozen=True)
class NounMatrix:
    """Nouns and their ``vectors`` (nouns, dim) of unit length.

    ``classes`` (nouns,) has the index of each noun's class of the backbone's classifier, or -1.
    """

    synsets: list[str]
    vectors: Matrix
    classes: NDArray[np.int64]

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Return the row of each synset."""
        return {synset: row for row, synset in enumerate(self.synsets)}

    @cached_property
    def class_rows(self) -> NDArray[np.int64]:
        """Return the row of each class (classes,), or -1 for a class without a vector."""
        rows = np.full(CLASSES, -1, np.int64)
        labelled = np.flatnonzero(self.classes >= 0)
        rows[self.classes[labelled]] = labelled
        return rows

    @property
    def known_classes(self) -> NDArray[np.bool_]:
        """Return the mask (classes,) of the classes with a vector."""
        return self.class_rows >= 0

    @property
    def class_vectors(self) -> Matrix:
        """Return the classes' vectors (classes, dim), zeros for a class without one."""
        return np.where(self.known_classes[:, None], self.vectors[self.class_rows], np.float32(0))


def write_noun_rows(path: str | Path, rows: Iterable[NounRow]) -> None:
    """Write the table of ``rows``, in their order."""
    write_tsv(path, HEADER, ((*row[:3], format_class_index(row.class_index)) for row in rows))


def read_noun_vectors(matrix: str | Path, table: str | Path) -> tuple[list[NounRow], Matrix]:
    """Return the nouns that have a vector, and these vectors (nouns, dim), not normalized.

    Raises InputError if one file is damaged or the two do not belong together.
    """
    rows = list(read_tsv(table, HEADER, _parse_row, "make the table again"))
    return rows, load_matrix(matrix, words=len(rows))


def read_noun_matrix(matrix: str | Path, table: str | Path) -> NounMatrix:
    """Return the nouns and their normalized vectors; raises as ``read_noun_vectors`` does."""
    rows, vectors = read_noun_vectors(matrix, table)
    classes = [-1 if row.class_index is None else row.class_index for row in rows]
    return NounMatrix(
        [row.synset for row in rows], l2_normalize(vectors), np.array(classes, np.int64)
    )


def _parse_row(synset: str, lemma: str, how: str, index: str) -> NounRow:
    return NounRow(synset, lemma, how, parse_class_index(index))
