"""Text queries as vectors: parsing of terms with signs, and lookup of their words."""

import re
import unicodedata
from collections.abc import Iterator

import numpy as np

from wordbridge.arrays import Matrix
from wordbridge.errors import InputError
from wordbridge.search.terms import EXAMPLES, Term, parse_terms
from wordbridge.search.words import WordTable, content_words

_SEPARATORS = re.compile(r"[\s_-]+")


def parse_query(text: str) -> list[Term]:
    """Return the terms of a query. Raises InputError for a query or sign without words."""
    try:
        return parse_terms(text)
    except ValueError as missing:
        raise InputError(f"query {text!r}: expected {missing}, got none; {EXAMPLES}") from None


def query_vector(text: str, table: WordTable) -> Matrix:
    """Return the vector (dim) of a query: the signed sum of its terms' mean word vectors.

    Word vectors are not normalised, as in the lesson. Raises InputError for an unknown word, or
    when the terms cancel each other out.
    """
    total = np.zeros(table.dim, np.float64)
    for term in parse_query(text):
        vectors = [word_vector(word, table) for word in term.words]
        total += term.sign * np.mean(vectors, axis=0, dtype=np.float64)
    if not np.any(np.abs(total) > 1e-6):
        raise InputError(
            f"query {text!r}: expected a direction, but its words cancel each other out; "
            "take other words"
        )
    return np.asarray(total, np.float32)


def word_vector(word: str, table: WordTable) -> Matrix:
    """Return the vector (dim) of a word, of its spelling in another case, or of its parts' mean.

    Parts are separated by ``_`` or ``-``. Raises InputError with suggestions for an unknown word.
    """
    for spelling in _spellings(word):
        row = table.row(spelling)
        if row is not None:
            return table.vector(row)
    parts = [part for part in _SEPARATORS.split(word) if part]
    if len(parts) < 2:
        near = table.suggestions(word)
        hint = f"did you mean {' or '.join(near)}?" if near else "no word is spelled like it"
        raise InputError(f"unknown word {word!r}: expected one of {table.size} words; {hint}")
    vectors = [word_vector(part, table) for part in parts]
    return np.asarray(np.mean(vectors, axis=0), np.float32)


def without_stop_words(query: str) -> str:
    """Return a French query in which each term has only its content words, if it has any.

    Raises InputError for a sign without a word.
    """
    pieces = []
    for term in parse_query(query):
        words = content_words(" ".join(term.words), "fr") or term.words
        pieces += ["+" if term.sign > 0 else "-", *words]
    return " ".join(pieces).removeprefix("+ ")


def _spellings(word: str) -> Iterator[str]:
    composed = unicodedata.normalize("NFC", word).strip(",;:!?\"'")
    for form in (word, composed, composed.replace("\u2019", "'")):
        yield from (form, form.lower(), form.capitalize(), form.title(), form.upper())
