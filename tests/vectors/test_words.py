"""Tests of the form in which words of vectors are compared."""

from pathlib import Path

import pytest

from wordbridge.errors import InputError
from wordbridge.vectors.words import WordKeys, word_key


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("the", "the"),
        ("\ufeffthe", "the"),
        ("pe\u0300re", "p\u00e8re"),
        ("p\u00e8re\u00a0", "p\u00e8re"),
        (" ", " "),
    ],
)
def test_words_are_compared_clean_and_in_one_normal_form(word: str, key: str) -> None:
    assert word_key(word) == key
    assert WordKeys("a.vec", "line").key(word.encode(), 1) == key


def test_a_few_words_that_are_not_utf_8_are_a_warning_and_many_an_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    few, many = WordKeys(Path("a.bin"), "word"), WordKeys(Path("a.bin"), "word")
    for number in range(200):
        few.key("\u00e9".encode(), number)
    assert few.key(b"\xe9", 201) is None
    few.check()
    assert (
        "warning: a.bin, word 201: expected UTF-8, got b'\\xe9' (1 of 201"
        in capsys.readouterr().err
    )
    many.key(b"\xe9", 7)
    with pytest.raises(InputError, match=r"a\.bin, word 7: expected UTF-8"):
        many.check()
