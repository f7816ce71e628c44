"""Text queries as vectors: parsing of terms with signs, and lookup of their words."""

import re
import unicodedata

import numpy as np

from wordbridge.arrays import Matrix
from wordbridge.errors import InputError
from wordbridge.search.words import WordTable, content_words
from wordbridge.text import clean

_EXAMPLES = "write for instance: boat, sail boat, boat + sail, king - man + woman"
_SIGNS = {"+": 1, "-": -1, "\u2212": -1, "\u2013": -1}  # typesetters have other signs for minus
_SEPARATORS = re.compile(r"[^\w']+|_+")
_ENDS = re.compile(r"^[\W_]+|[\W_]+$")
# A sign inside or behind a word, or a minus behind other signs in front of it.
_GLUED = re.compile(r".[+\u2212]|[-\u2013]$|^\W*[-\u2212\u2013]")


def parse_query(text: str) -> list[tuple[int, list[str]]]:
    """Return the terms of a query: a sign (1 or -1), and the words whose mean vector counts.

    Queries are ``boat``, ``sail boat`` (one term) or ``king - man + woman`` (three terms).
    A sign has spaces around it, or is before a word; a hyphen inside a word belongs to the word.
    Other punctuation between words is ignored. Raises InputError for a query or sign without words.
    """
    terms: list[tuple[int, list[str]]] = [(1, [])]
    for piece in clean(text).split():
        if piece[0] in _SIGNS:
            # Only the first term may be empty: "- cat".
            if not terms[-1][1] and len(terms) > 1:
                raise _missing(text, f"a word between {piece[0]!r} and the sign before it")
            terms.append((_SIGNS[piece[0]], []))
            piece = piece[1:]
        if any(map(str.isalnum, piece)):
            terms[-1][1].append(piece)
    if not terms[0][1]:
        terms = terms[1:]
    if not terms or not terms[-1][1]:
        raise _missing(text, "a word after the last sign" if terms else "a word")
    return terms


def query_vector(text: str, table: WordTable, french: bool = False) -> Matrix:
    """Return the vector (dim,) of a query: the signed sum of its terms' mean word vectors.

    Word vectors are not normalised, as in the lesson. If a term of a French query has content
    words, only these count. Raises InputError for an unknown word, or when the terms cancel each
    other out.
    """
    total = np.zeros(table.dim, np.float64)
    for sign, words in parse_query(text):
        content = content_words(" ".join(words), "fr") if french else words
        vectors = [word_vector(word, table) for word in content or words]
        total += sign * np.mean(vectors, axis=0, dtype=np.float64)
    if not np.any(np.abs(total) > 1e-6):
        raise InputError(
            f"query {text!r}: expected a direction, but its words cancel each other out; "
            "use other words"
        )
    return np.asarray(total, np.float32)


def word_vector(word: str, table: WordTable) -> Matrix:
    """Return the vector (dim,) of a word, of its spelling in another case, or its parts' mean.

    Parts are separated by punctuation. Raises InputError with suggestions for an unknown word.
    """
    plain = unicodedata.normalize("NFKC", word).replace("\u2019", "'")
    bare, is_glued = _ENDS.sub("", plain), _GLUED.search(word)
    forms = [word, plain]
    if not is_glued:
        forms += [bare, bare.removesuffix("'s")]
    for form in forms:
        for spelling in (form, form.lower(), form.capitalize(), form.title(), form.upper()):
            row = table.row(spelling)
            if row is not None:
                return np.asarray(table.vectors[row], np.float32)
    parts = list(filter(None, _SEPARATORS.split(plain)))
    if len(parts) < 2 or is_glued:
        if is_glued:
            hint = "put spaces around a sign, as in king - man + woman"
        elif near := table.suggestions(bare):
            hint = f"did you mean {' or '.join(near)}?"
        else:
            hint = "no word is spelled like it"
        raise InputError(f"unknown word {word!r}: expected one of {table.size} words; {hint}")
    vectors = [word_vector(part, table) for part in parts]
    return np.asarray(np.mean(vectors, axis=0), np.float32)


def _missing(query: str, part: str) -> InputError:
    return InputError(f"query {query!r}: expected {part}, got none; {_EXAMPLES}")
