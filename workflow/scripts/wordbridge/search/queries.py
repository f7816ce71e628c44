"""What a person asks for in words, as a vector."""

import re
import unicodedata
from collections.abc import Iterator

import numpy as np

from wordbridge.errors import InputError
from wordbridge.search.index import Vectors
from wordbridge.search.terms import INSTANCES, Term, terms_of
from wordbridge.search.words import WordTable

_PARTS = re.compile(r"[\s_-]+")


def parse(text: str) -> list[Term]:
    """Return the terms of a query; raises InputError for one without words, or a sign without."""
    try:
        return terms_of(text)
    except ValueError as missing:
        raise InputError(f"query {text!r}: expected {missing}, got none; {INSTANCES}") from None


def query_vector(text: str, table: WordTable) -> Vectors:
    """Return the vector (dim) of a query: terms added up, each the mean of its words' vectors.

    The vectors are as their source has them, of any length, as in the lesson. Raises
    InputError for a word that is not in the table, or when nothing is left of a difference.
    """
    total = np.zeros(table.dim, np.float64)
    for term in parse(text):
        vectors = [word_vector(word, table) for word in term.words]
        total += term.sign * np.mean(vectors, axis=0, dtype=np.float64)
    if not np.any(np.abs(total) > 1e-6):
        raise InputError(
            f"query {text!r}: expected a direction, but its words cancel each other out; "
            "take other words"
        )
    return np.asarray(total, np.float32)


def word_vector(word: str, table: WordTable) -> Vectors:
    """Return the vector (dim) of a word as it is spelled, else in another case, else of its parts.

    Parts are joined by ``_`` or ``-``; their mean counts. Raises InputError with the nearest
    known spellings if nothing is known.
    """
    for spelling in _spellings(word):
        row = table.row(spelling)
        if row is not None:
            return table.vector(row)
    parts = [part for part in _PARTS.split(word) if part]
    if len(parts) < 2:
        raise _unknown(word, table)
    vectors = [word_vector(part, table) for part in parts]
    return np.asarray(np.mean(vectors, axis=0), np.float32)


def _spellings(word: str) -> Iterator[str]:
    composed = unicodedata.normalize("NFC", word).strip(",;:!?\"'")
    for one in (word, composed, composed.replace("\u2019", "'")):
        yield from (one, one.lower(), one.capitalize(), one.title(), one.upper())


def _unknown(word: str, table: WordTable) -> InputError:
    near = table.near(word)
    hint = f"did you mean {' or '.join(near)}?" if near else "nothing is spelled like it"
    return InputError(f"unknown word {word!r}: expected one of {len(table.words)} words; {hint}")
