"""What a head is trained with: features, and the vector that it should say for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from wordbridge.devise.labelled import Features, Ints, Labelled
from wordbridge.nouns.matrix import NounMatrix


class Batch(NamedTuple):
    """Images of a training: ``features`` (batch, width), ``targets`` (batch, dim) of unit length.

    ``labels`` (batch) number the nouns among those with training images.
    """

    features: Tensor
    targets: Tensor
    labels: Tensor

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on ``device``."""
        return Batch(*(tensor.to(device) for tensor in self))


@dataclass(frozen=True)
class Points:
    """Images with the vectors of their nouns as targets, read batch by batch.

    ``rows`` are the features' rows, ``nouns`` rows of the ``matrix`` of nouns, ``label_of`` the
    number of each noun among those with training images.
    """

    store: Features
    matrix: NounMatrix
    rows: Ints
    nouns: Ints
    label_of: Ints

    def __len__(self) -> int:
        return len(self.nouns)

    def batch(self, indices: Ints) -> Batch:
        """Return the images with these numbers."""
        nouns = self.nouns[indices]
        features, targets = self.store.features(self.rows[indices]), self.matrix.vectors[nouns]
        arrays = (features, targets, self.label_of[nouns])
        return Batch(*map(torch.from_numpy, arrays))


def label_numbers(nouns: NounMatrix, seen: Sequence[int] | Ints) -> Ints:
    """Return the number of each noun among those that are ``seen`` (rows), -1 for the others."""
    numbers = np.full(len(nouns.synsets), -1, np.int64)
    numbers[seen] = np.arange(len(seen))
    return numbers


def of_images(store: Features, matrix: NounMatrix, split: Labelled, label_of: Ints) -> Points:
    """Return the images of a ``split`` as points."""
    return Points(store, matrix, split.rows, split.nouns, label_of)
