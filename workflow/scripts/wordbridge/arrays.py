"""Arrays on disk (.npy, uncompressed .npz, embedding matrices; no pickles), L2 norm and softmax."""

import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from wordbridge.errors import InputError, shorten
from wordbridge.files import atomic_write

Matrix = NDArray[np.float32]


def read_npy(file: IO[bytes]) -> NDArray[Any]:
    """Return the array in an open .npy file. Raises ValueError when the file is damaged."""
    with _value_errors():
        array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
        return array


def map_npy(path: str | Path) -> NDArray[Any]:
    """Return the memory-mapped array of a .npy file.

    Raises OSError when the file cannot be read, and ValueError when it is damaged.
    """
    with _value_errors():
        # Not np.load, which also accepts a zip or a pickle.
        array: NDArray[Any] = np.lib.format.open_memmap(path, mode="r")
        return array


@contextmanager
def _value_errors() -> Iterator[None]:
    try:
        yield
    except OSError:
        raise
    except Exception as error:  # numpy parses the header as Python, with errors of every class
        raise ValueError(shorten(error)) from None


def write_npz(
    path: str | Path, arrays: Mapping[str, NDArray[Any]], types: Mapping[str, DTypeLike]
) -> None:
    """Write the arrays named in ``types``, each of its type; equal arrays give equal bytes."""
    with atomic_write(path) as partial, zipfile.ZipFile(partial, "w") as archive:
        for name, dtype in types.items():
            member = BytesIO()
            array = np.ascontiguousarray(arrays[name], dtype=dtype)
            np.lib.format.write_array(member, array, allow_pickle=False)
            # np.savez leaves the date to zipfile, and some versions of it write the current time.
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            archive.writestr(info, member.getvalue())


def read_npz(path: str | Path, types: Mapping[str, DTypeLike]) -> dict[str, NDArray[Any]]:
    """Return the one-dimensional arrays that ``write_npz`` wrote.

    Raises InputError when the file is missing or damaged, or an array has another type.
    """
    try:
        # Not np.load, which leaves a damaged archive open and accepts other formats.
        with zipfile.ZipFile(path) as archive:
            arrays = {}
            for name in types:
                with archive.open(f"{name}.npy") as member:
                    arrays[name] = read_npy(member)
    except Exception as error:  # zipfile raises errors of every class for damaged bytes
        raise damaged(path, f"no arrays can be read ({shorten(error)})") from error
    for name, dtype in types.items():
        if arrays[name].dtype != dtype or arrays[name].ndim != 1:
            got = f"{arrays[name].dtype} of shape {arrays[name].shape}"
            raise damaged(path, f"{name}: expected one row of {np.dtype(dtype)}, got {got}")
    return arrays


def damaged(path: str | Path, reason: str) -> InputError:
    """Return the error for a file of arrays that is missing or damaged."""
    return InputError(f"{path}: {reason}; delete the file and run snakemake again")


def save_array(array: NDArray[Any], path: str | Path) -> None:
    """Write an array as .npy; equal numbers of one type give equal bytes."""
    with atomic_write(path) as partial, partial.open("wb") as file:
        np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)


def save_matrix(matrix: Matrix, path: str | Path) -> None:
    """Write a matrix (words, dim) as .npy in float32."""
    save_array(np.asarray(matrix, "<f4"), path)


def load_matrix(path: str | Path, words: int | None = None) -> Matrix:
    """Return the matrix (words, dim) that ``save_matrix`` wrote.

    Raises InputError when the file is damaged or missing, its numbers are not all finite
    float32, or it has another number of words than the caller expects.
    """
    try:
        with Path(path).open("rb") as file:
            matrix = read_npy(file)
    except (OSError, ValueError) as error:
        raise damaged(path, f"no matrix can be read ({error})") from error
    if matrix.dtype != np.float32 or matrix.ndim != 2:
        got = f"{matrix.dtype} of shape {matrix.shape}"
        raise damaged(path, f"expected float32 of shape (words, dim), got {got}")
    if words not in (None, len(matrix)):
        raise damaged(path, f"expected {words} words, got {len(matrix)}")
    if not np.isfinite(matrix).all():
        row = int(np.flatnonzero(~np.isfinite(matrix).all(axis=1))[0])
        raise damaged(path, f"expected finite numbers, got NaN or infinity in row {row}")
    return np.asarray(matrix, np.float32)


def l2_normalize(vectors: Matrix) -> Matrix:
    """Return ``vectors`` (..., dim) scaled to length 1.

    Zeros stay zeros, and a vector whose squares underflow stays as it is.
    """
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)


def softmax(scores: Matrix) -> Matrix:
    """Return the softmax over the classes of scores (images, classes)."""
    scores = np.asarray(scores, np.float32)
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True), dtype=np.float32)
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True), np.float32)
