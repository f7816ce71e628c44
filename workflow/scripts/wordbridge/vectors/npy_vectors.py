"""Word vectors out of a matrix in ``.npy`` and a list of its words."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordbridge.errors import InputError, brief
from wordbridge.npy_file import map_npy
from wordbridge.vectors.protocol import Mask, Matrix

_PARQUET = b"PAR1"


class NpyVectors:
    """The rows of ``matrix``, named in order by the file ``words``.

    It has a word a line, more may follow behind a tab; or it is a table in Apache Parquet with
    one column of texts. Where a word comes twice, the first one counts. The matrix stays in its
    file, only the rows of words that are asked for are read.
    """

    def __init__(self, matrix: str | Path, words: str | Path) -> None:
        self._path = Path(matrix)
        self._matrix = open_matrix(matrix)
        names = _names(Path(words))
        if len(names) != len(self._matrix):
            raise InputError(
                f"{words}: expected {len(self._matrix)} words, as {matrix} has rows, "
                f"got {len(names)}; take the list that belongs to the matrix"
            )
        backwards = zip(reversed(names), range(len(names) - 1, -1, -1), strict=True)
        self._rows = dict(backwards)

    @property
    def dim(self) -> int:
        """Return the number of components of each vector."""
        return int(self._matrix.shape[1])

    @property
    def size(self) -> int:
        """Return how many different words the list has."""
        return len(self._rows)

    def words(self) -> Iterator[str]:
        """Yield the words in the order of the file, each once."""
        yield from sorted(self._rows, key=self._rows.__getitem__)

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
        matrix = map_npy(path)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path}: no .npy matrix can be read ({error}); fetch or make the file again"
        ) from error
    if matrix.ndim != 2 or matrix.dtype.kind != "f":
        raise InputError(
            f"{path}: expected a matrix (words, dim) of floating-point numbers, got "
            f"{matrix.dtype} of shape {matrix.shape}; name the file that holds the vectors"
        )
    return matrix


def _names(path: Path) -> list[str]:
    try:
        # By its first bytes: a fetched file has the name of its resource.
        content = path.read_bytes()
        if content.startswith(_PARQUET):
            return _column(path)
        lines = content.decode("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: no list of words can be read ({error}); name the list of the matrix"
        ) from error
    return [line.rstrip("\r").split("\t")[0] for line in (lines if lines[-1] else lines[:-1])]


def _column(path: Path) -> list[str]:
    """Return the words in the one column of texts of a Parquet file."""
    # Large and needed for such files only.
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            kinds = (pyarrow.string(), pyarrow.large_string())
            texts = [field.name for field in file.schema_arrow if field.type in kinds]
            columns = [file.read(columns=[name])[name].to_pylist() for name in texts]
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError(
            f"{path}: no Parquet table can be read ({brief(error)}); fetch the file again"
        ) from error
    if len(columns) != 1 or None in columns[0]:
        got = f"the columns of texts {', '.join(texts) or '(none)'}"
        raise InputError(
            f"{path}: expected one column of texts without gaps, got {got}; "
            "write the words in their order as text, one a line"
        )
    return [str(word) for word in columns[0]]
