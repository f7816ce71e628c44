"""What a head is trained with: features, and the vector that it should say for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wordbridge.arrays import unit_length
from wordbridge.devise.conse import conse
from wordbridge.devise.labelled import Features, Floats, Ints, Labelled
from wordbridge.nouns.matrix import NounMatrix


class Batch(NamedTuple):
    """Points of a training: ``features`` (batch, width), ``targets`` (batch, dim).

    ``labels`` (batch) are numbers of nouns among those that are seen, -1 where there is none;
    ``weights`` (batch) say how much each point counts.
    """

    features: Tensor
    targets: Tensor
    labels: Tensor
    weights: Tensor

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on ``device``."""
        return Batch(*(tensor.to(device) for tensor in self))


@dataclass(frozen=True)
class Classifier:
    """What the backbone's classifier says in words: its classes' vectors, combined by ConSE.

    ``vectors`` (classes, dim) are of unit length, ``known`` (classes) says which exist.
    """

    vectors: Floats
    known: NDArray[np.bool_]
    top: int

    def says(self, scores: Floats) -> Floats:
        """Return ConSE's predictions (images, dim), of unit length, for class scores."""
        return unit_length(conse(scores, self.vectors, self.known, self.top))


def classifier_of(nouns: NounMatrix, top: int) -> Classifier:
    """Return the classes of ``nouns`` with ConSE's ``top``."""
    return Classifier(nouns.class_vectors, nouns.known_classes, top)


@dataclass(frozen=True)
class Points:
    """Images, and points that are none, with their targets; read batch by batch.

    ``rows`` are the features' rows; ``extra`` (others, width) are features behind them, of
    nouns that the classifier knows. ``nouns`` are rows of the matrix of nouns or -1 for all of
    them, ``label_of`` their numbers among the seen nouns by row. ``distillation`` is ConSE's
    part in a target; with ``classifier`` None ConSE is not asked.
    """

    store: Features
    matrix: NounMatrix
    rows: Ints
    extra: Floats
    nouns: Ints
    weights: Floats
    label_of: Ints
    distillation: float
    classifier: Classifier | None

    def __len__(self) -> int:
        return len(self.nouns)

    def batch(self, indices: Ints) -> Batch:
        """Return the points with these numbers."""
        nouns, is_image = self.nouns[indices], indices < len(self.rows)
        rows, named = self.rows[indices[is_image]], nouns >= 0
        features = np.empty((len(indices), self.store.width), np.float32)
        features[is_image] = self.store.features(rows)
        features[~is_image] = self.extra[indices[~is_image] - len(self.rows)]
        own = np.where(named[:, None], self.matrix.vectors[nouns], np.float32(0))
        said = np.zeros_like(own)
        if self.classifier:
            said[is_image] = self.classifier.says(self.store.logits(rows))
            said[~is_image] = own[~is_image]
        share = np.where(named, np.float32(self.distillation), np.float32(1))[:, None]
        targets = unit_length((1 - share) * own + share * said)
        labels = np.where(named, self.label_of[nouns], -1)
        arrays = (features, targets, labels, self.weights[indices])
        return Batch(*map(torch.from_numpy, arrays))


def label_numbers(nouns: NounMatrix, seen: Sequence[int] | Ints) -> Ints:
    """Return the number of each noun among those that are ``seen`` (rows), -1 for the others."""
    numbers = np.full(len(nouns.synsets), -1, np.int64)
    numbers[seen] = np.arange(len(seen))
    return numbers


def of_images(
    store: Features,
    matrix: NounMatrix,
    part: Labelled,
    label_of: Ints,
    classifier: Classifier | None,
) -> Points:
    """Return points of a ``part`` to look at the head with: the targets are the nouns alone."""
    none, ones = np.zeros((0, store.width), np.float32), np.ones(len(part), np.float32)
    return Points(store, matrix, part.rows, none, part.nouns, ones, label_of, 0.0, classifier)
