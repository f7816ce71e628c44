"""Queries in words."""

from pathlib import Path

import numpy as np
import pytest

from wordbridge.errors import InputError
from wordbridge.search.queries import parse_query, query_vector
from wordbridge.search.words import WordTable, read_words, write_words

VECTORS = {
    "king": [4, 0, 1],
    "man": [1, 0, 0],
    "woman": [0, 2, 0],
    "sail": [0, 0, 3],
    "merry-go-round": [7, 7, 7],
    "Paris": [5, 5, 0],
    "l'eau": [1, 2, 3],
}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> WordTable:
    folder = tmp_path_factory.mktemp("words")
    write_words(folder, VECTORS, np.array(list(VECTORS.values()), np.float32), "abc")
    return read_words(folder)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("boat", [(1, ["boat"])]),
        ("sail boat", [(1, ["sail", "boat"])]),
        ("boat + sail", [(1, ["boat"]), (1, ["sail"])]),
        ("boat +sail -dog", [(1, ["boat"]), (1, ["sail"]), (-1, ["dog"])]),
        ("king - man + woman", [(1, ["king"]), (-1, ["man"]), (1, ["woman"])]),
        ("a b \u2212 c d", [(1, ["a", "b"]), (-1, ["c", "d"])]),
        ("- cat", [(-1, ["cat"])]),
        ("merry-go-round", [(1, ["merry-go-round"])]),
    ],
)
def test_a_query_is_terms_with_signs(text: str, terms: list[tuple[int, list[str]]]):
    assert parse_query(text) == terms


@pytest.mark.parametrize(
    "text", ["", "  ", "+", "boat +", "boat + - dog", "boat + +dog", "- -", "!!", "boat + _"]
)
def test_a_sign_without_a_word_is_an_error(text: str):
    with pytest.raises(InputError, match=r"expected a word.*; write for instance: boat"):
        parse_query(text)


@pytest.mark.parametrize(
    ("text", "vector"),
    [
        ("king", [4, 0, 1]),
        ("man sail", [0.5, 0, 1.5]),
        ("king - man + woman", [3, 2, 1]),
        ("king woman - man sail", [1.5, 1, -1]),
        ("KING", [4, 0, 1]),
        ("paris", [5, 5, 0]),
        ("man_sail", [0.5, 0, 1.5]),
        ("man-sail", [0.5, 0, 1.5]),
        ("Merry-go-round", [7, 7, 7]),
        ("king, woman!", [2, 1, 0.5]),
        ("l\u2019eau", [1, 2, 3]),
        ("king -man", [3, 0, 1]),
        ("king \u2013 man", [3, 0, 1]),
        ("(king) \u201cwoman\u201d ...", [2, 1, 0.5]),
        ("king's", [4, 0, 1]),
        ("man/sail", [0.5, 0, 1.5]),
        ("man\u2013sail", [0.5, 0, 1.5]),
        ("__man__sail_", [0.5, 0, 1.5]),
        ("ki\u00adng\u200b", [4, 0, 1]),
        ("\ufeffking\u00a0woman", [2, 1, 0.5]),
        ("\uff4bing", [4, 0, 1]),
    ],
)
def test_terms_are_means_of_raw_vectors_and_are_added(
    text: str, vector: list[float], table: WordTable
):
    assert query_vector(text, table).tolist() == vector


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kimg", "unknown word 'kimg': expected one of 7 words; did you mean king?"),
        ("king + woaman", "unknown word 'woaman'.* did you mean woman"),
        ("man_salt", "unknown word 'salt'.* did you mean sail|no word"),
        ("qqqq", "no word is spelled like it"),
        ("king - king", "its words cancel each other out"),
        ("king+man", "unknown word 'king.man'.*; put spaces around a sign, as in king - man"),
        ("king-man+woman", "unknown word 'king-man.woman'.*; put spaces around a sign"),
        ("king- man", "unknown word 'king-'.*; put spaces around a sign"),
        ("king ,-man", "unknown word ',-man'.*; put spaces around a sign"),
        ("king +-man", "unknown word '-man'.*; put spaces around a sign"),
        ("_", "expected a word, got none"),
        ("... ?!", "expected a word, got none"),
        ("\u200b\ufeff", "expected a word, got none"),
        ("\U0001f436", "expected a word, got none"),
        ("king - ...", "expected a word after the last sign, got none"),
    ],
)
def test_a_query_without_a_vector_is_an_error_with_the_reason(
    text: str, message: str, table: WordTable
):
    with pytest.raises(InputError, match=message.replace("?", r"\?")) as caught:
        query_vector(text, table)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Un bateau à voile", "bateau voile"),
        ("le roi \u2212 l'homme + la femme", "roi - homme + femme"),
        ("- le roi", "- roi"),
        ("les + 42", "les + 42"),
    ],
)
def test_stop_words_are_dropped_in_each_term_and_signs_stay(text: str, left: str, tmp_path: Path):
    words = ["bateau", "voile", "roi", "homme", "femme", "un", "à", "le", "l", "la", "les", "42"]
    write_words(tmp_path, words, np.eye(len(words), dtype=np.float32), "abc")
    french = read_words(tmp_path)

    assert query_vector(text, french, french=True).tolist() == query_vector(left, french).tolist()
