"""The file of an embedding matrix."""

from pathlib import Path

import numpy as np
import pytest

from wordbridge.arrays import l2_normalize, load_matrix, save_matrix
from wordbridge.errors import InputError


def test_a_matrix_comes_back_as_it_was(tmp_path: Path) -> None:
    matrix = np.arange(6, dtype=np.float32).reshape(3, 2) / np.float32(7)

    save_matrix(matrix, tmp_path / "a.npy")

    np.testing.assert_array_equal(load_matrix(tmp_path / "a.npy", words=3), matrix)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), matrix)


def test_equal_matrices_give_equal_bytes(tmp_path: Path) -> None:
    matrix = np.arange(6, dtype=np.float32).reshape(3, 2)

    save_matrix(matrix, tmp_path / "a.npy")
    save_matrix(np.asfortranarray(matrix), tmp_path / "b.npy")

    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npy", "b.npy"]


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((5, 2), np.float32), "expected 3 words, got 5"),
        (np.zeros((3, 2)), r"expected float32 of shape \(words, dim\), got float64"),
        (np.zeros(6, np.float32), r"got float32 of shape \(6,\)"),
        (np.array([[1, 2], [3, np.inf], [5, 6]], np.float32), "NaN or infinity in row 1"),
        (np.array([[None]]), "no matrix can be read"),
    ],
)
def test_what_does_not_fit_is_refused(
    array: np.ndarray[tuple[int, ...], np.dtype[np.generic]], message: str, tmp_path: Path
) -> None:
    np.save(tmp_path / "a.npy", array)

    with pytest.raises(InputError, match=message):
        load_matrix(tmp_path / "a.npy", words=3)


@pytest.mark.parametrize("content", [b"", b"no matrix", None])
def test_damaged_and_missing_files_are_named(content: bytes | None, tmp_path: Path) -> None:
    if content is None:
        save_matrix(np.ones((9, 9), np.float32), tmp_path / "a.npy")
        content = (tmp_path / "a.npy").read_bytes()[:-8]
    (tmp_path / "a.npy").write_bytes(content)

    with pytest.raises(InputError, match=r"a\.npy: no matrix can be read .*delete the file"):
        load_matrix(tmp_path / "a.npy")
    with pytest.raises(InputError, match=r"b\.npy: no matrix can be read"):
        load_matrix(tmp_path / "b.npy")


@pytest.mark.parametrize(
    ("vector", "unit"),
    [
        ([3e-15, 4e-15], [0.6, 0.8]),
        ([3e15, 4e15], [0.6, 0.8]),
        ([0, 0], [0, 0]),
        ([1e-30, 1e-30], [1e-30, 1e-30]),  # its squares are zero; it must not become a long one
    ],
)
def test_a_vector_has_length_one_unless_it_is_too_short_to_have_a_direction(
    vector: list[float], unit: list[float]
):
    assert l2_normalize(np.array([vector], np.float32))[0] == pytest.approx(unit)
