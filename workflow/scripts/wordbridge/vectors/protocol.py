"""The interface of all tables of word vectors, whatever their file format."""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Matrix: TypeAlias = NDArray[np.float32]
Mask: TypeAlias = NDArray[np.bool_]


class WordVectors(Protocol):
    """A table of word vectors that looks up many words at once."""

    @property
    def dim(self) -> int:
        """Return the number of components of each vector."""

    @property
    def size(self) -> int:
        """Return the number of words with a vector."""

    def lookup(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        """Return the vectors of the words in the table, and a mask of these words.

        The matrix is (words in the table, dim), in the order of ``words``; the mask has the
        length of ``words``. Spellings must match exactly. Raises InputError when a vector is not
        finite.
        """


@runtime_checkable
class ListedVectors(WordVectors, Protocol):
    """Word vectors that can list all their words."""

    def words(self) -> Iterator[str]:
        """Yield the words in the order of the table, usually the most frequent first."""


@runtime_checkable
class SubwordVectors(WordVectors, Protocol):
    """Word vectors that can be composed for words that the table lacks."""

    def compose(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        """Return vectors made of the subwords of the words alone, shaped as in ``lookup``."""
