"""The nouns that have a vector, as rows of a matrix."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wordbridge.devise.noun_rows import load_noun_vectors
from wordbridge.errors import InputError
from wordbridge.vectors.unit_length import unit_length

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
        [row.synset for row in rows], unit_length(matrix), np.array(classes, np.int64)
    )
