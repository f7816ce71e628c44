"""Which rows of the features are of which image, noun and split."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from wordbridge.errors import InputError
from wordbridge.images.table import PHOTO, ImageRow
from wordbridge.nouns.matrix import NounMatrix

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


class Features(Protocol):
    """Features and class scores of images by row number, as ``FeatureStore`` has them."""

    width: int

    def __len__(self) -> int: ...

    @property
    def images(self) -> list[tuple[str, str]]:
        """Return (set, image) of every row."""

    def features(self, rows: Ints) -> Floats:
        """Return features (len(rows), width)."""

    def logits(self, rows: Ints) -> Floats:
        """Return the class scores (len(rows), classes) of the backbone's own classifier."""


@dataclass(frozen=True)
class Labelled:
    """Rows of the features that belong to a split, in the store's order.

    ``nouns`` has the row of each image's noun in the matrix of nouns, -1 where it has none.
    """

    rows: Ints
    nouns: Ints
    photos: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.rows)

    def with_noun(self) -> "Labelled":
        """Return the images whose noun has a vector."""
        return self._only(self.nouns >= 0)

    def thinned(self, count: int) -> "Labelled":
        """Return at most ``count`` of the images, evenly taken."""
        places = np.linspace(0, len(self) - 1, min(count, len(self)))
        return self._only(np.unique(places.astype(np.int64)))

    def _only(self, places: NDArray[Any]) -> "Labelled":
        return Labelled(self.rows[places], self.nouns[places], self.photos[places])


def split_of(
    store: Features, images: Sequence[ImageRow], nouns: NounMatrix, split: str
) -> Labelled:
    """Return the images of ``split`` that have features."""
    wanted = {(p.set, p.image): p for p in images if p.split == split}
    found = [(row, wanted[key]) for row, key in enumerate(store.images) if key in wanted]
    return Labelled(
        np.array([row for row, _ in found], np.int64),
        np.array([nouns.row_of.get(p.synset, -1) for _, p in found], np.int64),
        np.array([p.kind == PHOTO for _, p in found], np.bool_),
    )


def seen_splits(
    store: Features, images: Sequence[ImageRow], nouns: NounMatrix
) -> tuple[Labelled, Labelled]:
    """Return the splits train, all of it, and valid, as far as its nouns have vectors.

    Raises InputError when no image of a split has both features and a noun with a vector.
    """
    train, valid = (split_of(store, images, nouns, split) for split in ("train", "valid"))
    for name, split in (("train", train), ("valid", valid)):
        if len(split.with_noun()) < 2:
            raise InputError(
                f"split {name}: expected at least 2 images with features and a noun that has a "
                f"vector, got {len(split.with_noun())} of {len(images)} images in the split; "
                "take more image sets, or other word vectors"
            )
    return train, valid.with_noun()
