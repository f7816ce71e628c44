"""What a source of word vectors can do, whatever its file format."""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Matrix: TypeAlias = NDArray[np.float32]
Mask: TypeAlias = NDArray[np.bool_]


class WordVectors(Protocol):
    """A table of word vectors that is asked for many words at once."""

    @property
    def dim(self) -> int:
        """Return the number of components of each vector."""

    @property
    def size(self) -> int:
        """Return how many words have a vector."""

    def lookup(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        """Return the vectors of the words that have one, and which words those are.

        The matrix is (found words, dim), in the order of ``words``; the mask is as long as
        ``words``. Only exact spellings count.
        """


@runtime_checkable
class ListedVectors(WordVectors, Protocol):
    """Word vectors that can also name all their words."""

    def words(self) -> Iterator[str]:
        """Yield the words in the order of the table, by which the most frequent come first."""


@runtime_checkable
class SubwordVectors(WordVectors, Protocol):
    """Word vectors that can also be composed for words that the table lacks."""

    def compose(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        """Return vectors made from the parts of the words alone, shaped as in ``lookup``."""
