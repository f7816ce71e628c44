"""Arrays in ``.npy`` files: damage has one kind of error, and nothing is unpickled.

Arrays in an uncompressed .npz: equal arrays give equal bytes, and nothing is unpickled.

The file of an embedding matrix.

Vectors as directions.
"""

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from wordbridge.errors import InputError, brief
from wordbridge.files import replacing
from wordbridge.vectors.protocol import Matrix


def read_npy(file: IO[bytes]) -> NDArray[Any]:
    """Return the array in an open file. Raises ValueError when there is none in it."""
    with _one_kind_of_error():
        array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
        return array


def map_npy(path: str | Path) -> NDArray[Any]:
    """Return the array in a file, left on disk until it is used.

    Raises OSError when the file cannot be read, and ValueError when there is no array in it.
    """
    with _one_kind_of_error():
        # Not np.load, which would take a zip or a pickle for something to try.
        array: NDArray[Any] = np.lib.format.open_memmap(path, mode="r")
        return array


@contextmanager
def _one_kind_of_error() -> Iterator[None]:
    try:
        yield
    except OSError:
        raise
    except Exception as error:  # numpy parses the header as Python, and raises of every kind
        raise ValueError(brief(error)) from None


def write_arrays(
    path: str | Path, arrays: Mapping[str, NDArray[Any]], types: Mapping[str, DTypeLike]
) -> None:
    """Write the arrays that ``types`` names, each of its type."""
    with replacing(path) as partial, zipfile.ZipFile(partial, "w") as archive:
        for name, kind in types.items():
            member = BytesIO()
            array = np.ascontiguousarray(arrays[name], dtype=kind)
            np.lib.format.write_array(member, array, allow_pickle=False)
            # np.savez leaves the date to zipfile, which some versions set to now.
            stamp = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            archive.writestr(stamp, member.getvalue())


def read_arrays(path: str | Path, types: Mapping[str, DTypeLike]) -> dict[str, NDArray[Any]]:
    """Return the one-dimensional arrays that ``write_arrays`` wrote.

    Raises InputError when the file is missing or damaged, or an array is of another type.
    """
    try:
        # Not np.load, which leaves a damaged archive open and accepts other formats.
        with zipfile.ZipFile(path) as archive:
            arrays = {name: _array(archive, name) for name in types}
    except Exception as error:  # zipfile raises of every kind when bytes are damaged
        raise fault(path, f"no arrays can be read ({brief(error)})") from error
    for name, kind in types.items():
        if arrays[name].dtype != kind or arrays[name].ndim != 1:
            got = f"{arrays[name].dtype} of shape {arrays[name].shape}"
            raise fault(path, f"{name}: expected one row of {np.dtype(kind)}, got {got}")
    return arrays


def fault(path: str | Path, reason: str) -> InputError:
    """Return the error for a file of arrays that is not as it was written."""
    return InputError(f"{path}: {reason}; delete the file and make it again")


def _array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    with archive.open(f"{name}.npy") as member:
        return read_npy(member)


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


def unit_length(vectors: Matrix) -> Matrix:
    """Return ``vectors`` (..., dim) with length 1 each.

    Zeros stay zeros, and so short a vector that its squares vanish stays as it is.
    """
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)
