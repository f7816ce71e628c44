"""The file of an embedding matrix."""

from pathlib import Path

import numpy as np

from wordbridge.atomic import replacing
from wordbridge.errors import InputError
from wordbridge.npy_file import read_npy
from wordbridge.vectors.protocol import Matrix


def save_matrix(matrix: Matrix, path: str | Path) -> None:
    """Write a matrix (words, dim) as ``.npy``: equal numbers give equal bytes."""
    with replacing(path) as partial, partial.open("wb") as file:
        contiguous = np.ascontiguousarray(matrix, "<f4")
        np.lib.format.write_array(file, contiguous, allow_pickle=False)


def load_matrix(path: str | Path, words: int | None = None, dim: int | None = None) -> Matrix:
    """Return the matrix (words, dim) of a file that ``save_matrix`` wrote.

    Raises InputError when the file is damaged or missing, its numbers are not all finite
    float32, or it is not of the number of words and the dimension that the caller names.
    """
    try:
        with Path(path).open("rb") as file:
            matrix = read_npy(file)
    except (OSError, ValueError) as error:
        raise _fault(path, f"no matrix can be read ({error})") from error
    if matrix.dtype != np.float32 or matrix.ndim != 2:
        got = f"{matrix.dtype} of shape {matrix.shape}"
        raise _fault(path, f"expected float32 of shape (words, dim), got {got}")
    for name, expected, got in zip(("words", "dim"), (words, dim), matrix.shape, strict=True):
        if expected not in (None, got):
            raise _fault(path, f"expected {expected} {name}, got {got}")
    if not np.isfinite(matrix).all():
        row = int(np.flatnonzero(~np.isfinite(matrix).all(axis=1))[0])
        raise _fault(path, f"expected finite numbers, got NaN or infinity in row {row}")
    return np.asarray(matrix, np.float32)


def _fault(path: str | Path, reason: str) -> InputError:
    return InputError(f"{path}: {reason}; make the embeddings again")
