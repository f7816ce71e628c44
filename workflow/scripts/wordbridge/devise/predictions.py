"""Files of predictions: word vectors of images, or scores of classes.

Apart from predictor.py, which imports the networks: scores, index and tables read predictions only.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordbridge.arrays import map_npy
from wordbridge.errors import InputError
from wordbridge.files import read_json
from wordbridge.images.feature_store import read_rows

SPACES = (WORDS, CLASSES) = ("words", "classes")


@dataclass(frozen=True)
class Predictions:
    """Predictions of images.

    ``values`` are vectors (images, dim) in the space "words", scores (images, classes) in the
    space "classes", memory-mapped; ``images`` are the (set, image) of the rows.
    """

    values: NDArray[np.float32]
    space: str
    classes: tuple[str, ...]
    images: list[tuple[str, str]]


def read_predictions(
    values: str | Path, description: str | Path, row_tables: Iterable[str | Path]
) -> Predictions:
    """Return the predictions in ``values`` (.npy) with the JSON file ``description``.

    ``row_tables`` are those of the feature shards, in the order of the predictions. Raises
    InputError when the files do not belong together.
    """
    settings = read_json(description, "a description of predictions", "predict again")
    space, classes = settings.get("space"), tuple(settings.get("classes", ()))
    if space not in SPACES:
        raise InputError(
            f"{description}: expected a space of {SPACES}, got {space!r}; predict again"
        )
    matrix = _map(values)
    images = [(row.set, row.image) for path in row_tables for row in read_rows(path)]
    if matrix.dtype != np.float32 or matrix.ndim != 2 or len(matrix) != len(images):
        raise InputError(
            f"{values}: expected {len(images)} rows of float32 as in the feature shards, got "
            f"{matrix.dtype} of shape {matrix.shape}; predict again"
        )
    if space == CLASSES and len(classes) != matrix.shape[1]:
        raise InputError(
            f"{description}: expected {matrix.shape[1]} classes as {values} has columns, got "
            f"{len(classes)}; predict again"
        )
    return Predictions(matrix, space, classes, images)


def _map(path: str | Path) -> NDArray[Any]:
    try:
        return map_npy(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: predictions unreadable ({error}); predict again") from error
