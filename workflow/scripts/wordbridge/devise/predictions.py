"""What a method says about every picture: a point among the words, or a score per class."""

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wordbridge.errors import InputError

SPACES = (WORDS, CLASSES) = ("words", "classes")


@dataclass(frozen=True)
class Predictions:
    """Predictions of all pictures.

    ``values`` is (pictures, dim) in the space "words", (pictures, classes) in the space "classes",
    and stays on disk until it is read; ``pictures`` are (set, picture) row by row.
    """

    values: NDArray[np.float32]
    space: str
    classes: tuple[str, ...]
    pictures: list[tuple[str, str]]


def read_predictions(
    values: str | Path, settings: str | Path, row_tables: Iterable[str | Path]
) -> Predictions:
    """Return the predictions in ``values`` (.npy), described by the JSON file ``settings``.

    ``row_tables`` are those of the feature shards, in the order in which they were predicted.
    Raises InputError when the three do not belong together.
    """
    described = json.loads(Path(settings).read_text(encoding="utf-8"))
    space, classes = described.get("space"), tuple(described.get("classes", ()))
    if space not in SPACES:
        raise InputError(f"{settings}: expected a space of {SPACES}, got {space!r}; predict again")
    matrix = np.load(values, mmap_mode="r", allow_pickle=False)
    pictures = [
        (row[0], row[1]) for path in row_tables for row in read_columns(path, ("set", "picture"))
    ]
    if matrix.dtype != np.float32 or matrix.ndim != 2 or len(matrix) != len(pictures):
        raise InputError(
            f"{values}: expected {len(pictures)} rows of float32 as the feature shards have, got "
            f"{matrix.dtype} of shape {matrix.shape}; predict again"
        )
    if space == CLASSES and len(classes) != matrix.shape[1]:
        raise InputError(
            f"{settings}: expected {matrix.shape[1]} classes as {values} has columns, got "
            f"{len(classes)}; predict again"
        )
    return Predictions(matrix, space, classes, pictures)


def read_columns(path: str | Path, columns: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the fields under ``columns`` of a TSV table, row by row.

    Raises InputError when a column is not there.
    """
    with Path(path).open(encoding="utf-8", newline="\n") as file:
        rows = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE, lineterminator="\n")
        header = next(rows, [])
        lacking = [name for name in columns if name not in header]
        if lacking:
            raise InputError(
                f"{path}: expected the column {lacking[0]}, got {', '.join(header)!r}; "
                "make the table again"
            )
        places = [header.index(name) for name in columns]
        return [tuple(row[place] for place in places) for row in rows]
