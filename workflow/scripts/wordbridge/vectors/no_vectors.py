"""No word vectors, for embeddings that start at random."""

from collections.abc import Sequence

import numpy as np

from wordbridge.vectors.protocol import Mask, Matrix


class NoVectors:
    """A source that has no vector of ``dim`` numbers for any word."""

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self.size = 0

    def lookup(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        """Return no vectors (0, dim) and that no word has one."""
        return np.zeros((0, self.dim), np.float32), np.zeros(len(words), np.bool_)
