"""A rotation of one language's word vectors into the space of another's."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wordbridge.errors import InputError
from wordbridge.search.exact import Vectors
from wordbridge.vectors.unit_length import unit_length

_BLOCK = 65536  # rows that are mapped at one time


@dataclass(frozen=True, eq=False)
class Alignment:
    """``matrix`` (source dim, target dim) with orthonormal rows or columns, and the two centres."""

    matrix: Vectors
    source_mean: Vectors
    target_mean: Vectors

    def map(self, vectors: Vectors) -> Vectors:
        """Return ``vectors`` (n, source dim) in the target's space (n, target dim).

        Those of zeros stay zeros. Lengths are near 1 for what the alignment was fitted on.
        """
        mapped = np.zeros((len(vectors), self.matrix.shape[1]), np.float32)
        for start in range(0, len(vectors), _BLOCK):
            block = np.asarray(vectors[start : start + _BLOCK], np.float32)
            moved = (unit_length(block) - self.source_mean) @ self.matrix + self.target_mean
            mapped[start : start + _BLOCK] = moved * np.any(block, axis=1, keepdims=True)
        return mapped


def fit_alignment(source: Vectors, target: Vectors) -> Alignment:
    """Return the orthogonal Procrustes solution for pairs of rows (pairs, dim of each).

    After all rows are made of unit length and centred it is the matrix with orthonormal rows
    or columns (whichever are fewer) that turns the source nearest to the target (Schönemann
    1966; Xing et al. 2015). Pairs of which a side is zero do not count. Raises InputError if
    fewer than two are left.
    """
    both = np.any(source, axis=1) & np.any(target, axis=1)
    if np.count_nonzero(both) < 2:
        raise InputError(
            f"alignment: expected at least two pairs of words with vectors in both languages, "
            f"got {np.count_nonzero(both)} of {len(both)}; add picture sets with names in both"
        )
    left, right = unit_length(source[both]), unit_length(target[both])
    means = left.mean(axis=0, dtype=np.float64), right.mean(axis=0, dtype=np.float64)
    product = (left - means[0]).T @ (right - means[1])
    before, _, after = np.linalg.svd(product, full_matrices=False)
    return Alignment(
        np.asarray(before @ after, np.float32),
        np.asarray(means[0], np.float32),
        np.asarray(means[1], np.float32),
    )


def cross_fitted(source: Vectors, target: Vectors, folds: NDArray[np.int64]) -> Vectors:
    """Return each row of ``source`` mapped by an alignment fitted on the rows of other folds.

    So no pair has a part in the alignment that it is measured with. ``folds`` has a number for
    each row.
    """
    mapped = np.zeros((len(source), target.shape[1]), np.float32)
    for fold in np.unique(folds):
        own = folds == fold
        mapped[own] = fit_alignment(source[~own], target[~own]).map(source[own])
    return mapped
