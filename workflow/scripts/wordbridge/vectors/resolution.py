"""Which vector each word gets: its own, or one that a fall-back finds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from wordbridge.vectors.fallbacks import SUBWORDS, Form, check_fallbacks, forms
from wordbridge.vectors.protocol import Mask, Matrix, SubwordVectors, WordVectors

EXACT, MISSING = "exact", "missing"  # the steps before and after the fall-backs


@dataclass(frozen=True, eq=False)
class Resolution:
    """The vectors of words, and by which step and spelling each was found.

    ``matrix`` is (words, dim), zeros for the missing. ``spellings`` are what was looked up:
    words with a space between, "" for what is missing or made of subwords.
    """

    matrix: Matrix
    steps: tuple[str, ...]
    spellings: tuple[str, ...]


def resolve(
    words: Sequence[str], vectors: WordVectors, fallbacks: Sequence[str] = ()
) -> Resolution:
    """Return the vector of each word: exact, else that of the first fall-back that has one.

    Raises InputError for a fall-back that does not exist or is named twice.
    """
    check_fallbacks(fallbacks)
    found, known = vectors.lookup(words)
    matrix = np.zeros((len(words), vectors.dim), np.float32)
    matrix[known] = found
    steps = [EXACT if is_known else MISSING for is_known in known]
    spellings = [word if is_known else "" for word, is_known in zip(words, known, strict=True)]
    lost = [place for place, is_known in enumerate(known) if not is_known]
    others = _Others([words[place] for place in lost], vectors, fallbacks)
    for place in lost:
        for fallback, spelling, vector in others.of(words[place]):
            matrix[place], steps[place], spellings[place] = vector, fallback, spelling
            break
    return Resolution(matrix, tuple(steps), tuple(spellings))


class _Others:
    """The vectors of all forms of all lost words, looked up at once: a lookup may read a file."""

    def __init__(self, lost: Sequence[str], vectors: WordVectors, fallbacks: Sequence[str]) -> None:
        self._fallbacks = fallbacks
        asked = sorted({part for word in lost for _, form in self._forms(word) for part in form})
        self._table = _table(asked, *vectors.lookup(asked)) if asked else {}
        self._composed: dict[str, Matrix] = {}
        if SUBWORDS in fallbacks and lost and isinstance(vectors, SubwordVectors):
            self._composed = _table(lost, *vectors.compose(lost))

    def of(self, word: str) -> Iterator[tuple[str, str, Matrix]]:
        """Yield fall-back, spelling and vector of each form of ``word`` that has a vector."""
        for fallback, form in self._forms(word):
            if fallback == SUBWORDS and word in self._composed:
                yield fallback, "", self._composed[word]
            if form and all(part in self._table for part in form):
                parts = [self._table[part] for part in form]
                yield fallback, " ".join(form), np.mean(parts, axis=0, dtype=np.float32)

    def _forms(self, word: str) -> Iterator[tuple[str, Form]]:
        for fallback in self._fallbacks:
            if fallback == SUBWORDS:
                yield fallback, ()
            for form in forms(word, fallback):
                yield fallback, form


def _table(words: Sequence[str], matrix: Matrix, known: Mask) -> dict[str, Matrix]:
    rows = iter(matrix)
    return {word: next(rows) for word, is_known in zip(words, known, strict=True) if is_known}
