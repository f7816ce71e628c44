"""Vectors as directions."""

import numpy as np

from wordbridge.vectors.protocol import Matrix


def unit_length(vectors: Matrix) -> Matrix:
    """Return ``vectors`` (..., dim) with length 1 each.

    Zeros stay zeros, and so short a vector that its squares vanish stays as it is.
    """
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)
