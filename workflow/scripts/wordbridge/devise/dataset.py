"""Training data of image methods: features, nouns and splits of images, read batch by batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wordbridge.errors import InputError
from wordbridge.images.feature_store import FeatureStore
from wordbridge.images.table import PHOTO, TRAIN, VALID, ImageRow, read_images
from wordbridge.nouns.matrix import NounMatrix, read_noun_matrix

Ints = NDArray[np.int64]


class TrainingData(NamedTuple):
    """Features of images, the table of images with their splits, and the vectors of nouns."""

    store: FeatureStore
    images: Sequence[ImageRow]
    nouns: NounMatrix


def read_training_data(files: Mapping[str, Any]) -> TrainingData:
    """Return the data in a job's named inputs.

    Raises InputError when a file is damaged, or the files do not belong together.
    """
    nouns = read_noun_matrix(files["vectors"], files["nouns"])
    return TrainingData(FeatureStore(files["features"]), read_images(files["images"]), nouns)


class Batch(NamedTuple):
    """Features (batch, width), unit target vectors (batch, dim), and rows of the nouns (batch,)."""

    features: Tensor
    targets: Tensor
    nouns: Tensor


@dataclass(frozen=True)
class TrainingSet:
    """Images of one split, in the order of their features.

    ``rows`` are rows of ``store``, ``nouns`` rows of ``matrix`` or -1 for an image whose noun has
    no vector; ``photos`` is False for drawings.
    """

    store: FeatureStore
    matrix: NounMatrix
    rows: Ints
    nouns: Ints
    photos: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.rows)

    def batch(self, indices: Ints, device: torch.device) -> Batch:
        """Return the images ``indices`` on ``device``; each needs a noun with a vector."""
        nouns = self.nouns[indices]
        arrays = self.store.features(self.rows[indices]), self.matrix.vectors[nouns], nouns
        return Batch(*(torch.from_numpy(array).to(device) for array in arrays))

    def labelled(self) -> "TrainingSet":
        """Return the images whose noun has a vector."""
        return self._select(self.nouns >= 0)

    def subsample(self, count: int) -> "TrainingSet":
        """Return at most ``count`` of the images, evenly spaced."""
        indices = np.linspace(0, len(self) - 1, min(count, len(self)))
        return self._select(np.unique(indices.astype(np.int64)))

    def _select(self, indices: NDArray[Any]) -> "TrainingSet":
        rows, nouns, photos = self.rows[indices], self.nouns[indices], self.photos[indices]
        return replace(self, rows=rows, nouns=nouns, photos=photos)


def select_split(data: TrainingData, split: str) -> TrainingSet:
    """Return the images of ``split`` that have features."""
    image_of = {(image.set, image.image): image for image in data.images if image.split == split}
    pairs = [(row, image_of[key]) for row, key in enumerate(data.store.images) if key in image_of]
    return TrainingSet(
        data.store,
        data.nouns,
        np.array([row for row, _ in pairs], np.int64),
        np.array([data.nouns.row_of.get(image.synset, -1) for _, image in pairs], np.int64),
        np.array([image.kind == PHOTO for _, image in pairs], np.bool_),
    )


def train_and_valid(data: TrainingData) -> tuple[TrainingSet, TrainingSet]:
    """Return all images of the train split, and the labelled images of the valid split.

    Raises InputError when a split has fewer than two images with features and a labelled noun.
    """
    train, valid = select_split(data, TRAIN), select_split(data, VALID).labelled()
    for name, images in ((TRAIN, train.labelled()), (VALID, valid)):
        if len(images) < 2:
            raise InputError(
                f"split {name}: expected at least 2 images with features and a noun that has a "
                f"vector, got {len(images)} of {len(data.images)} images in all splits; "
                "take more image sets, or other word vectors"
            )
    return train, valid
