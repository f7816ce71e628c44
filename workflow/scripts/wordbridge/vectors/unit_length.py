"""Vectors as directions."""

import numpy as np

from wordbridge.vectors.protocol import Matrix


def unit_length(vectors: Matrix) -> Matrix:
    """Return ``vectors`` (..., dim) with length 1 each; zeros stay zeros."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)
