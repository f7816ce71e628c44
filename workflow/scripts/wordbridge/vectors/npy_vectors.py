"""Word vectors out of a matrix in ``.npy`` and a list of its words."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordbridge.errors import InputError
from wordbridge.vectors.protocol import Mask, Matrix


class NpyVectors:
    """The rows of ``matrix``, named in order by the lines of ``words``.

    A line may hold more behind a tab; where a word comes twice, the first one counts. The
    matrix stays in its file, only the rows of words that are asked for are read.
    """

    def __init__(self, matrix: str | Path, words: str | Path) -> None:
        self._path = Path(matrix)
        self._matrix = open_matrix(matrix)
        names = _names(Path(words))
        if len(names) != len(self._matrix):
            raise InputError(
                f"{words}: expected {len(self._matrix)} words, one a line, as {matrix} has rows, "
                f"got {len(names)}; take the list that belongs to the matrix"
            )
        backwards = zip(reversed(names), range(len(names) - 1, -1, -1), strict=True)
        self._rows = dict(backwards)

    @property
    def dim(self) -> int:
        """Return the number of components of each vector."""
        return int(self._matrix.shape[1])

    def lookup(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        """Return the vectors (found words, dim) of the words in the list, and which they are.

        Raises InputError when one of these vectors holds NaN or infinity.
        """
        found = np.array([word in self._rows for word in words], np.bool_)
        rows = [self._rows[word] for word in words if word in self._rows]
        vectors = np.asarray(self._matrix[np.array(rows, np.int64)], np.float32)
        if not np.isfinite(vectors).all():
            row = rows[int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])]
            raise InputError(
                f"{self._path}, row {row}: expected finite numbers, got NaN or infinity; "
                "make the file again"
            )
        return vectors, found


def open_matrix(path: str | Path) -> NDArray[Any]:
    """Return the matrix (words, dim) of a ``.npy`` file, left on disk until it is used.

    Raises InputError when the file is no such matrix of floating-point numbers.
    """
    try:
        matrix: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(
            f"{path}: no .npy matrix can be read ({error}); fetch or make the file again"
        ) from error
    if not isinstance(matrix, np.ndarray) or matrix.ndim != 2 or matrix.dtype.kind != "f":
        got = f"{matrix.dtype} of shape {matrix.shape}" if hasattr(matrix, "shape") else "an .npz"
        raise InputError(
            f"{path}: expected a matrix (words, dim) of floating-point numbers, got {got}; "
            "name the file that holds the vectors"
        )
    return matrix


def _names(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: no list of words can be read ({error})") from error
    return [line.rstrip("\r").split("\t")[0] for line in (lines if lines[-1] else lines[:-1])]
