"""What a method says about every picture: a point among the words, or a score per class."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordbridge.devise.feature_rows import read_rows
from wordbridge.errors import InputError
from wordbridge.json_file import read_object
from wordbridge.npy_file import map_npy

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
    described = read_object(settings, "a description of predictions", "predict again")
    space, classes = described.get("space"), tuple(described.get("classes", ()))
    if space not in SPACES:
        raise InputError(f"{settings}: expected a space of {SPACES}, got {space!r}; predict again")
    matrix = _mapped(values)
    pictures = [(row.set, row.picture) for path in row_tables for row in read_rows(path)]
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


def _mapped(path: str | Path) -> NDArray[Any]:
    try:
        return map_npy(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: no predictions can be read ({error}); predict again") from error
