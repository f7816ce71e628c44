"""Files of predictions: word vectors of images, or scores of classes.

Kept apart from predictor.py, which imports torch: indexes and tables only read predictions, some in
environments without torch.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wordbridge.arrays import map_npy
from wordbridge.errors import InputError
from wordbridge.files import read_json
from wordbridge.images.feature_store import read_rows

WORDS = "words"


@dataclass(frozen=True)
class Predictions:
    """Predictions of a method for images.

    ``values`` are memory-mapped: vectors (images, dim) in the ``space`` "words", scores (images,
    classes) of the synsets ``classes`` in the space "classes". ``images`` has the pair (set, image)
    of each row.
    """

    values: NDArray[np.float32]
    space: str
    classes: tuple[str, ...]
    images: list[tuple[str, str]]


def read_predictions(
    values: str | Path, description: str | Path, row_tables: Iterable[str | Path]
) -> Predictions:
    """Return the predictions in ``values`` (.npy) with the JSON file ``description``.

    ``row_tables`` are the tables of rows of the feature shards, in the order of the predictions.
    Raises InputError when a file is damaged, or the files do not belong together.
    """
    settings = read_json(description, "a description of predictions", "predict again", ("space",))
    try:
        matrix = map_npy(values)
    except (OSError, ValueError) as error:
        raise InputError(f"{values}: predictions unreadable ({error}); predict again") from error
    images = [image for path in row_tables for image in read_rows(path)]
    if matrix.shape[:1] != (len(images),):
        raise InputError(
            f"{values}: expected {len(images)} rows as in the feature shards, got "
            f"shape {matrix.shape}; predict again"
        )
    return Predictions(matrix, settings["space"], tuple(settings.get("classes", ())), images)
