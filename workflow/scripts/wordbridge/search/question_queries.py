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


def question_vectors(translations: Sequence[str], words: WordTable) -> Vectors:
    """Return the vector (questions, dim) of each, zeros where a search would be refused."""
    vectors = np.zeros((len(translations), words.dim), np.float32)
    for place, translation in enumerate(translations):
        # A person would read what is wrong with the query, and see no picture.
        with suppress(InputError):
            vectors[place] = query_vector(words_of(translation), words)
    return vectors
