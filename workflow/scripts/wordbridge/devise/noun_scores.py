"""How well each noun suits each picture, block by block."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wordbridge.devise.predictions import WORDS, Predictions
from wordbridge.errors import InputError
from wordbridge.vectors.unit_length import unit_length

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
BLOCK = 1 << 24  # scores held at once: 64 MB


@dataclass(frozen=True)
class NounScores:
    """Scores of nouns for pictures, computed when they are asked for.

    A column is a distinct word vector (nouns with the same vector share it, since no picture can
    tell them apart) or a class. ``column_of`` is the column of each noun, -1 for a noun that the
    method cannot name; ``vectors`` are the columns' unit vectors (columns, dim), or None where
    the predictions are scores already.
    """

    predictions: Predictions
    column_of: Ints
    vectors: Floats | None

    @property
    def width(self) -> int:
        """Return the number of columns."""
        return self.predictions.values.shape[1] if self.vectors is None else len(self.vectors)

    def scores(self, rows: Ints, columns: Ints | None = None) -> Floats:
        """Return scores (rows, columns): cosines between words, else what the method gave.

        ``rows`` are rows of the predictions; None stands for all columns.
        """
        values = np.asarray(self.predictions.values[rows], np.float32)
        if self.vectors is None:
            return values if columns is None else values[:, columns]
        chosen = self.vectors if columns is None else self.vectors[columns]
        return np.asarray(unit_length(values) @ chosen.T, np.float32)


def noun_scores(predictions: Predictions, synsets: Sequence[str], vectors: Floats) -> NounScores:
    """Return the scores of the nouns ``synsets``, whose word vectors are ``vectors``.

    Raises InputError when the predictions are points of another space than the vectors.
    """
    if predictions.space != WORDS:
        place = {synset: column for column, synset in enumerate(predictions.classes)}
        columns = [place.get(synset, -1) for synset in synsets]
        return NounScores(predictions, np.array(columns, np.int64), None)
    if predictions.values.shape[1] != vectors.shape[1]:
        raise InputError(
            f"the predictions: expected points of {vectors.shape[1]} numbers as the word vectors "
            f"have, got {predictions.values.shape[1]}; train and predict again"
        )
    column_of = same_vector(vectors)
    first = np.unique(column_of, return_index=True)[1]
    return NounScores(predictions, column_of, unit_length(vectors[first]))


def same_vector(vectors: Floats) -> Ints:
    """Return a number for each row, equal for rows that are equal, counted up from 0."""
    numbers: dict[bytes, int] = {}
    found = [numbers.setdefault(row.tobytes(), len(numbers)) for row in vectors]
    return np.array(found, np.int64)


def blocks(count: int, width: int) -> Iterator[slice]:
    """Yield slices of ``count`` rows, so that a block of ``width`` columns stays in bounds."""
    size = max(1, BLOCK // max(1, width))
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))
