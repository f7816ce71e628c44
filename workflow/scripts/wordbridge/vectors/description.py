"""What word vectors are like: how many there are, how their numbers are spread, what is alike."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wordbridge.vectors.protocol import WordVectors


@dataclass(frozen=True)
class Description:
    """Figures of word vectors, as the lesson printed them of its own.

    ``size`` words have a vector of ``dim`` numbers. ``measured`` of the words asked for are among
    them; ``mean`` and ``deviation`` are those of all the numbers of these (NaN without any).
    ``correlations`` are Pearson's, of two words each, NaN where one has no vector.
    """

    size: int
    dim: int
    measured: int
    mean: float
    deviation: float
    correlations: tuple[float, ...]


def describe_vectors(
    vectors: WordVectors, words: Sequence[str], pairs: Sequence[tuple[str, str]] = ()
) -> Description:
    """Return the figures of ``vectors``: the spread of ``words``, the correlation of ``pairs``."""
    asked = [*words, *(word for pair in pairs for word in pair)]
    found, known = vectors.lookup(asked)
    measured = int(known[: len(words)].sum())
    numbers = found[:measured].astype(np.float64)
    rows = dict(zip(np.flatnonzero(known).tolist(), found, strict=True))
    places = range(len(words), len(asked), 2)
    return Description(
        size=vectors.size,
        dim=vectors.dim,
        measured=measured,
        mean=float(numbers.mean()) if measured else np.nan,
        deviation=float(numbers.std()) if measured else np.nan,
        correlations=tuple(
            float(np.corrcoef(rows[place], rows[place + 1])[0, 1])
            if place in rows and place + 1 in rows
            else np.nan
            for place in places
        ),
    )
