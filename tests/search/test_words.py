"""Tables of words to search with.

Which words a table for searching holds.

The words of names with content.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from wordbridge.errors import InputError
from wordbridge.search.words import (
    WordTable,
    content_words,
    read_words,
    words_to_search,
    write_words,
)
from wordbridge.vectors.protocol import Mask
from wordbridge.vectors.readers import NpyVectors

WORDS = ["boat", "Zürich", "été", "boats", "barot", "dog", "boat", "a b\n"]


@pytest.fixture
def table(tmp_path: Path) -> WordTable:
    vectors = np.arange(16, dtype=np.float32).reshape(8, 2)
    write_words(tmp_path, WORDS, vectors, "abc")
    return read_words(tmp_path)


def test_words_are_found_by_their_exact_spelling_and_keep_the_first_vector(table: WordTable):
    assert [*map(table.word, range(table.size))] == sorted(set(WORDS[:-1]))
    result, known = table.lookup(["été", "boat", "Boat", "Zürich", ""])
    assert known.tolist() == [True, True, False, True, False]
    assert result.tolist() == [[4, 5], [0, 1], [2, 3]]
    assert table.vectors.dtype == np.float16
    assert (table.dim, table.word_vectors) == (2, "abc")


def test_words_with_zeros_are_unknown(tmp_path: Path):
    write_words(tmp_path, ["boat", "dog"], np.array([[0, 0], [1, 0]], np.float32), "a")

    table = read_words(tmp_path)
    assert (table.size, table.word(0)) == (1, "dog")


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("baot", ["barot"]),
        ("Boots", ["boats"]),
        ("zurich", ["Zürich"]),
        ("xylophone", []),
        ("", []),
    ],
)
def test_the_nearest_spellings_are_named(table: WordTable, word: str, near: list[str]):
    assert table.suggestions(word)[:1] == near


def test_equal_words_make_equal_bytes(table: WordTable, tmp_path: Path):
    vectors = np.arange(16, dtype=np.float32).reshape(8, 2)
    write_words(tmp_path / "again", WORDS, vectors, "abc")

    for name in ("words.txt", "vectors.npy", "words.json"):
        assert (tmp_path / "again" / name).read_bytes() == (table.folder / name).read_bytes()


def test_a_missing_or_damaged_table_is_refused(table: WordTable):
    (table.folder / "words.txt").write_text("boat\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"expected vectors \(6, 2\).* and 1 words"):
        read_words(table.folder)
    with pytest.raises(InputError, match="run snakemake first"):
        read_words(table.folder / "none")


def test_the_most_frequent_words_of_the_source_come_before_those_needed(tmp_path: Path):
    np.save(tmp_path / "m.npy", np.ones((4, 2), np.float32))
    (tmp_path / "w.txt").write_text("the\ndog\na b\nrare\n", encoding="utf-8")
    vectors = NpyVectors(tmp_path / "m.npy", tmp_path / "w.txt")

    words, matrix = words_to_search(["boat", "rare", "dog"], vectors, {}, 3)
    assert (words, len(matrix)) == (["the", "dog", "rare"], 3)


class Unlisted:
    """Vectors of all words, without a list of them."""

    dim = 1

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, Mask]:
        return np.ones((len(words), 1), np.float32), np.ones(len(words), np.bool_)


def test_of_a_table_without_order_all_words_in_lower_case_are_taken(tmp_path: Path):
    path = tmp_path / "strings.json"
    path.write_text(json.dumps(["été", "Paris", "chat", "\n"]), encoding="utf-8")

    assert words_to_search(["x"], Unlisted(), {"strings": path}, 1)[0] == ["chat", "été", "x"]
    assert words_to_search(["x"], Unlisted(), {}, 1)[0] == ["x"]


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("A dog.", "en", ["dog"]),
        ("Un bateau à voile", "fr", ["bateau", "voile"]),
        ("L\u2019Étoile de mer", "fr", ["étoile", "mer"]),
        ("l'e\u0301toile", "fr", ["étoile"]),
        ("Guinea-pig 2", "en", ["guinea-pig"]),
        ("where is the boat ?", "en", ["boat"]),
        ("The", "en", ["the"]),
        ("42!", "fr", []),
        ("Le chat est-il là où vit-elle ?", "fr", ["chat", "là", "vit"]),
        ("Qu'est-ce que j'ai, un porte-avions ?", "fr", ["ai", "porte-avions"]),
        ("ba\u00adteau\u200b\u00a0de e\u0301te\u0301", "fr", ["bateau", "\u00e9t\u00e9"]),
    ],
)
def test_stop_words_are_left_out(text: str, language: str, words: list[str]):
    assert content_words(text, language) == words


def test_a_text_of_stop_words_may_have_no_content():
    assert content_words("Where is it?", "en", may_be_empty=True) == []
    assert content_words("Where is the boat?", "en", may_be_empty=True) == ["boat"]
