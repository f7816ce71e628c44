"""What a question is searched with once it is translated."""

from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from wordbridge.corpus.specials import SPECIALS, UNK
from wordbridge.errors import InputError
from wordbridge.search.exact import Vectors
from wordbridge.search.names import content_words
from wordbridge.search.query import query_vector
from wordbridge.search.words import WordTable


def words_of(translation: str) -> str:
    """Return the words of an English question that say something, "" if there are none."""
    return " ".join(content_words(translation.replace(SPECIALS[UNK], " "), "en"))


def question_vector(question: str, translation: str, words: WordTable) -> Vectors:
    """Return the vector (dim) that a question is searched with, by its translation.

    Raises InputError with both when the translation cannot be searched with.
    """
    said = words_of(translation)
    try:
        return query_vector(said, words)
    except InputError as error:
        # What it advises is meant for who chose the words, and nobody here did.
        reason = f" ({str(error).partition(';')[0]})" if said else ""
        raise InputError(
            f"question {question!r}: expected a translation to search with, got {translation!r}"
            f"{reason}; ask with other words, or without the question mark"
        ) from None


def question_vectors(translations: Sequence[str], words: WordTable) -> Vectors:
    """Return the vector (questions, dim) of each, zeros where a search would be refused."""
    vectors = np.zeros((len(translations), words.dim), np.float32)
    for place, translation in enumerate(translations):
        # A person would read what is wrong with the query, and see no picture.
        with suppress(InputError):
            vectors[place] = query_vector(words_of(translation), words)
    return vectors
