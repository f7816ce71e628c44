"""Vectors out of .vec text."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from wordbridge.errors import InputError
from wordbridge.vectors.text_vectors import TextVectors

# As fastText writes it, with a space before each line's end; the third word holds a no-break
# space, the fourth a plain one.
FASTTEXT = "4 3\nété 1 2 3 \nl’eau -1.5 0 2e-3 \nmille\u00a0fois 4 5 6 \n. . 7 8 9 \n"  # noqa: RUF001


def _file(folder: Path, text: str | bytes, name: str = "words.vec") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_words_are_found_in_the_order_asked_for(tmp_path: Path) -> None:
    vectors = TextVectors(_file(tmp_path, FASTTEXT))

    matrix, found = vectors.lookup([". .", "absent", "l’eau", "mille\u00a0fois", "été"])  # noqa: RUF001

    assert vectors.dim == 3
    assert found.tolist() == [True, False, True, True, True]
    assert matrix.dtype == np.float32
    expected = np.array([[7, 8, 9], [-1.5, 0, 0.002], [4, 5, 6], [1, 2, 3]])
    np.testing.assert_allclose(matrix, expected, rtol=1e-6)


def test_gzip_is_known_by_its_content(tmp_path: Path) -> None:
    path = _file(tmp_path, gzip.compress(FASTTEXT.encode()), "words.data")

    assert TextVectors(path).lookup(["été"])[0].tolist() == [[1, 2, 3]]


def test_a_first_line_without_sizes_is_a_word(tmp_path: Path) -> None:
    vectors = TextVectors(_file(tmp_path, "the 0.5 1.5\nof 2 3\n"))

    assert vectors.dim == 2
    assert vectors.lookup(["of", "the"])[0].tolist() == [[2, 3], [0.5, 1.5]]


def test_the_first_of_two_equal_words_counts(tmp_path: Path) -> None:
    assert TextVectors(_file(tmp_path, "a 1 2\na 3 4\n")).lookup(["a"])[0].tolist() == [[1, 2]]


def test_windows_line_ends_are_no_numbers(tmp_path: Path) -> None:
    assert TextVectors(_file(tmp_path, "2 2\r\na 1 2\r\nb 3 4\r\n")).lookup(["b"])[1].all()


def test_no_word_found_gives_an_empty_matrix(tmp_path: Path) -> None:
    matrix, found = TextVectors(_file(tmp_path, FASTTEXT)).lookup(["absent"])

    assert matrix.shape == (0, 3)
    assert found.tolist() == [False]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2 3\na 1 2 3\nb 1 2\n", "line 3: expected a word and 3 numbers, got 2"),
        ("2 3\na 1 2 3\nb 1.0 2.0 3.0 4.0\n", "line 3: expected a word and 3 numbers, got more"),
        ("a 1 2\nb 1 two\n", "line 2: expected 2 numbers, got could not convert .*two"),
        ("a 1 2\nb 1 nan\n", "line 2: expected finite numbers, got NaN"),
        ("a 1 2\nb -inf 1\n", "line 2: expected finite numbers, got NaN, infinity"),
        ("a 1 2\nb  1\n", "line 2: expected a word and 2 numbers, got 1"),
        ("3 2\na 1 2\nb 1 2\n", "line 3: expected 3 words, as its first line says"),
        ("3 2\n", "line 1: expected 3 words"),
        ("a\nb 1\n", "line 1: expected a word and its numbers"),
        ("", "line 1: expected a word and its numbers"),
        ("2 0\n", "line 1: expected a word and its numbers"),
    ],
)
def test_a_bad_line_is_named(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message) as caught:
        TextVectors(_file(tmp_path, text)).lookup(["a", "b"])

    assert "words.vec" in str(caught.value)


def test_a_cut_gzip_file_is_named(tmp_path: Path) -> None:
    whole = gzip.compress((FASTTEXT + "x 1 2 3\n" * 1000).encode())

    with pytest.raises(InputError, match=r"words\.vec: no word vectors can be read"):
        TextVectors(_file(tmp_path, whole[:-20])).lookup(["a"])


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.vec: no word vectors can be read"):
        TextVectors(tmp_path / "none.vec")
