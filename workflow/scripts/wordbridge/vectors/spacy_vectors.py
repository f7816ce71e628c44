"""Word vectors out of the tables of a spaCy pipeline, of which nothing else is needed."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import srsly
from spacy.strings import StringStore
from spacy.vectors import Vectors

from wordbridge.errors import InputError, brief
from wordbridge.vectors.npy_vectors import open_matrix
from wordbridge.vectors.protocol import Mask, Matrix

_NUMBERS = (ArithmeticError, ValueError)  # those that no row and no key can have


class SpacyVectors:
    """The table of a pipeline: files ``vocab/vectors``, ``key2row`` and ``strings.json``.

    Many words may share a row (pruned tables). spaCy finds a word by the number of its
    string, which is a hash but for some hundred words such as "aux" and "number": they are
    names of spaCy's own symbols. ``strings``, where given, is used to see that the files
    belong together.
    """

    def __init__(
        self, vectors: str | Path, key2row: str | Path, strings: str | Path | None = None
    ) -> None:
        matrix = open_matrix(vectors)
        store = StringStore() if strings is None else _strings(Path(strings))
        self._table = Vectors(strings=store, data=np.asarray(matrix, np.float32))
        self._rows_path = Path(key2row)
        try:
            # The one setting: a part of a table's own format, which names its parts.
            part = {"key2row": self._rows_path.read_bytes()}
            self._table.from_bytes(srsly.msgpack_dumps(part))
            rows = np.fromiter(self._table.key2row.values(), np.int64)
            np.fromiter(self._table.key2row, np.uint64)  # a key of another kind is told here
        except (OSError, AttributeError, LookupError, TypeError, *_NUMBERS) as error:
            raise InputError(
                f"{key2row}: expected spaCy's vocab/key2row, which numbers the rows, got none "
                f"({brief(error)}); take it from the pipeline that the vectors are from"
            ) from error
        if not len(rows):
            raise InputError(
                f"{key2row}: expected words with a row each, got none; take a pipeline with a "
                "plain table of vectors (floret's, which hold no words, are not read)"
            )
        if not 0 <= rows.min() <= rows.max() < len(matrix):
            raise InputError(
                f"{key2row}: names row {rows.max()}, but {vectors} has {len(matrix)} rows; "
                "take both from the same pipeline"
            )
        if strings is not None:
            self._check_names(Path(strings))

    @property
    def dim(self) -> int:
        """Return the number of components of each vector."""
        return int(self._table.shape[1])

    @property
    def size(self) -> int:
        """Return how many words have a row; fewer rows may serve them."""
        return len(self._table.key2row)

    def lookup(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        """Return the vectors (found words, dim) of the words in the table, and which they are."""
        rows = np.asarray(self._table.find(keys=list(words)), np.int64)
        found: Mask = rows >= 0
        return np.asarray(self._table.data[rows[found]], np.float32), found

    def _check_names(self, path: Path) -> None:
        keys = list(self._table.key2row)
        named = sum(key in self._table.strings for key in keys)
        if 2 * named < len(keys):
            raise InputError(
                f"{path}: names only {named} of the {len(keys)} keys in {self._rows_path}; "
                "take both from the same pipeline"
            )


def _strings(path: Path) -> StringStore:
    try:
        return StringStore().from_disk(path)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"{path}: expected spaCy's vocab/strings.json, a list of words ({error})"
        ) from error
