"""Exact search by cosine: every row is compared, so it is the judge of any faster index."""

from typing import NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wordbridge.vectors.unit_length import unit_length

Vectors: TypeAlias = NDArray[np.float32]
Rows: TypeAlias = NDArray[np.int64]

_DIGITS = 6  # float32 has no more: what differs behind them is the order of a sum, not a distance


class Neighbours(NamedTuple):
    """Rows of an index, the nearest first, and the cosine of each with the query."""

    rows: Rows
    cosines: Vectors


class Searcher(Protocol):
    """What finds the nearest rows, exactly or nearly so."""

    def search(self, query: Vectors, count: int) -> Neighbours:
        """Return the ``count`` rows nearest to ``query`` (dim), fewer if there are fewer."""


class ExactSearch:
    """All rows of ``vectors`` (rows, dim), of unit length each.

    A row of zeros has no direction: it is never an answer.
    """

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors
        self._directed = directed_rows(vectors)
        self._all = len(self._directed) == len(vectors)

    def search(self, query: Vectors, count: int) -> Neighbours:
        """Return the ``count`` rows nearest to ``query`` (dim), the lower of equals first."""
        cosines = cosines_with(self._vectors, unit_length(query))
        if not self._all:
            cosines = cosines[self._directed]
        if count < len(cosines):
            # All that equal the last one wanted stay in, so that the lowest of them can win.
            least = np.partition(cosines, len(cosines) - count)[len(cosines) - count]
            kept = np.flatnonzero(cosines >= least - 10.0**-_DIGITS)
        else:
            kept = np.arange(len(cosines))
        return ranked(self._directed[kept], cosines[kept], count)


def cosines_with(vectors: Vectors, unit: Vectors) -> Vectors:
    """Return the cosines (rows) of ``vectors`` (rows, dim) with ``unit`` (dim), all of length 1."""
    # OpenBLAS may read beyond the last number and then warns of what it found there (numpy 24067).
    with np.errstate(invalid="ignore"):
        return np.asarray(vectors @ unit, np.float32)


def directed_rows(vectors: Vectors) -> Rows:
    """Return the numbers of the rows that are not all zeros."""
    return np.flatnonzero(np.any(vectors, axis=1)).astype(np.int64)


def ranked(rows: Rows, cosines: Vectors, count: int) -> Neighbours:
    """Return the ``count`` nearest of ``rows``, those equal to 6 digits by their number."""
    cosines = np.asarray(cosines.clip(-1, 1).round(_DIGITS), np.float32)
    order = np.lexsort((rows, -cosines))[:count]
    return Neighbours(rows[order], cosines[order])
