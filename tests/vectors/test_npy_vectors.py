"""Vectors out of an .npy matrix and a list of words."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
from numpy.typing import NDArray
from pyarrow import parquet

from wordbridge.errors import InputError
from wordbridge.vectors.npy_vectors import NpyVectors


def _table(folder: Path, matrix: NDArray[Any], words: str | bytes) -> tuple[Path, Path]:
    np.save(folder / "matrix.npy", matrix, allow_pickle=True)
    content = words if isinstance(words, bytes) else words.encode()
    (folder / "words.txt").write_bytes(content)
    return folder / "matrix.npy", folder / "words.txt"


@pytest.mark.parametrize(
    "words", ["été\nchat\nl'eau\n", "été\nchat\nl'eau", "été\t7\r\nchat\nl'eau\tx\ty\n"]
)
def test_rows_are_named_by_lines(words: str, tmp_path: Path) -> None:
    matrix = np.arange(6, dtype=np.float64).reshape(3, 2)

    vectors = NpyVectors(*_table(tmp_path, matrix, words))
    found_vectors, found = vectors.lookup(["l'eau", "eau", "été"])

    assert vectors.dim == 2
    assert found.tolist() == [True, False, True]
    assert found_vectors.dtype == np.float32
    assert found_vectors.tolist() == [[4, 5], [0, 1]]


def test_the_first_of_two_equal_words_counts(tmp_path: Path) -> None:
    vectors = NpyVectors(*_table(tmp_path, np.eye(3, dtype=np.float32), "a\nb\na\n"))

    assert vectors.lookup(["a"])[0].tolist() == [[1, 0, 0]]


@pytest.mark.parametrize(
    ("matrix", "words", "message"),
    [
        (np.eye(3, 2), "a\nb\n", "expected 3 words, as .* got 2"),
        (np.zeros(3), "a\nb\nc\n", r"expected a matrix .* got float64 of shape \(3,\)"),
        (np.eye(2, dtype=np.int64), "a\nb\n", "floating-point numbers, got int64"),
        (np.array([None, "x"]), "a\nb\n", r"no \.npy matrix can be read"),
        (np.eye(2), b"a\n\xff\n", "no list of words can be read"),
    ],
)
def test_files_that_do_not_fit_are_named(
    matrix: NDArray[Any], words: str | bytes, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        NpyVectors(*_table(tmp_path, matrix, words))


def test_a_vector_that_is_not_finite_is_named(tmp_path: Path) -> None:
    vectors = NpyVectors(*_table(tmp_path, np.array([[1.0], [np.nan]]), "a\nb\n"))

    assert vectors.lookup(["a"])[1].all()
    with pytest.raises(InputError, match="row 1: expected finite numbers"):
        vectors.lookup(["a", "b"])


def test_an_archive_is_no_matrix(tmp_path: Path) -> None:
    path, words = _table(tmp_path, np.eye(2), "a\nb\n")
    with path.open("wb") as file:
        np.savez(file, matrix=np.eye(2))

    with pytest.raises(InputError, match=r"no \.npy matrix can be read \(the magic string"):
        NpyVectors(path, words)


def _parquet(folder: Path, **columns: list[object]) -> tuple[Path, Path]:
    np.save(folder / "matrix.npy", np.arange(6, dtype=np.float32).reshape(3, 2))
    path = folder / "words"  # a fetched file has no ending
    parquet.write_table(pyarrow.table(columns), path)
    return folder / "matrix.npy", path


def test_words_may_stand_in_a_parquet_table(tmp_path: Path) -> None:
    paths = _parquet(tmp_path, count=[7, 8, 9], index=["été", "chat\t1", "l'eau"])

    vectors = NpyVectors(*paths)

    assert list(vectors.words()) == ["été", "chat\t1", "l'eau"]
    assert vectors.lookup(["l'eau", "chat"])[0].tolist() == [[4, 5]]


@pytest.mark.parametrize(
    ("columns", "got"),
    [
        ({"count": [1, 2, 3]}, r"got the columns of texts \(none\)"),
        ({"a": ["b", "c", "d"], "e": ["f", "g", "h"]}, "got the columns of texts a, e"),
        ({"a": ["b", None, "d"]}, "without gaps, got the columns of texts a"),
        ({"a": ["b", "c"]}, "expected 3 words, as .* got 2"),
    ],
)
def test_another_parquet_table_is_named(
    columns: dict[str, list[object]], got: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=got):
        NpyVectors(*_parquet(tmp_path, **columns))


def test_a_broken_parquet_table_is_named(tmp_path: Path) -> None:
    matrix, words = _parquet(tmp_path, index=["a", "b", "c"])
    words.write_bytes(words.read_bytes()[:-9])

    with pytest.raises(InputError, match="no Parquet table can be read"):
        NpyVectors(matrix, words)
