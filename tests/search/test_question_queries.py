"""What translated questions are searched with."""

from pathlib import Path

import pytest

from wordbridge.search.question_queries import question_vectors, words_of
from wordbridge.search.words import read_words


@pytest.mark.parametrize(
    ("translation", "words"),
    [
        ("where is the guinea pig ?", "guinea pig"),
        ("what is the _unk of the dog ?", "dog"),
        ("what is it ?", "what is it"),
        ("_unk ?", ""),
        ("", ""),
    ],
)
def test_the_words_that_say_something_are_searched_with(translation: str, words: str):
    assert words_of(translation) == words


def test_what_a_search_would_refuse_gives_zeros(finished: Path):
    table = read_words(finished / "search/words/en")
    asked = ["where is the guinea pig ?", "what is a zebra ?", "_unk ?", "dog"]

    found = question_vectors(asked, table)

    assert found.tolist() == [[0.5, 1, 0, 0, 3], [0] * 5, [0] * 5, [4, 1, 0, 0, 0]]
