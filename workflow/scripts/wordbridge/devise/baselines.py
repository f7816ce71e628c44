"""Baselines of DeViSE: ConSE, ridge regression, nearest class mean and random vectors.

Each class has the fitted numbers as fields, a method ``predict(features, logits)`` for features
(images, width) and logits (images, classes), and ``fit`` if it learns from training images.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from wordbridge.arrays import Matrix, l2_normalize, softmax
from wordbridge.devise.dataset import Ints, TrainingData, TrainingSet, train_and_valid
from wordbridge.tensors import SavedModel

Doubles = NDArray[np.float64]
_CHUNK = 4096  # images whose features are in memory at a time


@dataclass(frozen=True, eq=False)
class ConSE:
    """Convex combination of the class vectors of a classifier (Norouzi et al. 2014).

    ``class_vectors`` (classes, dim) are of unit length, and zero where not in ``known_classes``.
    """

    class_vectors: Matrix
    known_classes: NDArray[np.bool_]
    top: int

    def predict(self, features: Matrix, logits: Matrix) -> Matrix:
        """Return vectors (images, dim) from ``logits`` alone.

        The weights of the ``top`` most probable known classes sum to 1.
        """
        probabilities = softmax(logits) * self.known_classes
        top = min(self.top, int(self.known_classes.sum()))
        best = np.argpartition(-probabilities, top - 1, axis=1)[:, :top]
        weights = np.zeros_like(probabilities)
        np.put_along_axis(weights, best, np.take_along_axis(probabilities, best, axis=1), axis=1)
        # All probability may be on classes without a vector.
        weights /= np.maximum(weights.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return np.asarray(weights @ self.class_vectors, np.float32)


@dataclass(frozen=True, eq=False)
class Ridge:
    """The linear map from features to unit noun vectors with the least penalised squared error.

    ``matrix`` is (width, dim), ``bias`` (dim,). ``valid_cosine`` is the mean cosine of predicted
    and true vectors on the valid split.
    """

    matrix: Matrix
    bias: Matrix
    penalty: float
    valid_cosine: float

    @classmethod
    def fit(cls, train: TrainingSet, valid: TrainingSet, lambdas: Sequence[float]) -> "Ridge":
        """Return the map with the penalty of ``lambdas`` that has the highest mean valid cosine.

        A penalty is a multiple of the number of images times the mean variance of the features.
        """
        vectors, width = train.matrix.vectors, train.store.width
        mean = _mean(train)
        counts = np.bincount(train.nouns, minlength=len(vectors))
        target_mean = counts @ vectors.astype(np.float64) / len(train)
        squares, products = np.zeros((width, width)), np.zeros((width, len(target_mean)))
        for nouns, features in _chunks(train):
            centred = features - mean
            squares += centred.T @ centred
            products += centred.T @ (vectors[nouns] - target_mean)
        unit_penalty = np.trace(squares) / width
        fits = []
        for penalty in lambdas:
            system = squares + penalty * unit_penalty * np.eye(width)
            matrix = np.linalg.solve(system, products)
            bias = target_mean - mean @ matrix
            fits.append((_mean_cosine(valid, matrix, bias), penalty, matrix, bias))
        # Among equal cosines the larger penalty wins.
        cosine, penalty, matrix, bias = max(fits, key=lambda fit: fit[:2])
        return cls(matrix.astype(np.float32), bias.astype(np.float32), penalty, cosine)

    def predict(self, features: Matrix, logits: Matrix) -> Matrix:
        """Return vectors (images, dim)."""
        return features @ self.matrix + self.bias


@dataclass(frozen=True, eq=False)
class ClassMean:
    """Cosines with the mean direction of each training noun's images.

    A direction is a unit vector from ``mean`` (width,), the mean of all features. ``means`` are the
    mean directions (classes, width) of the nouns with the synsets ``classes``.
    """

    mean: Matrix
    means: Matrix
    classes: Sequence[str]

    @classmethod
    def fit(cls, train: TrainingSet) -> "ClassMean":
        """Return the means of the nouns with training images."""
        mean = _mean(train)
        rows = np.unique(train.nouns)
        sums = np.zeros((len(rows), train.store.width))
        for nouns, features in _chunks(train):
            directions = l2_normalize((features - mean).astype(np.float32))
            np.add.at(sums, np.searchsorted(rows, nouns), directions)
        classes = [train.matrix.synsets[row] for row in rows]
        return cls(mean.astype(np.float32), l2_normalize(sums.astype(np.float32)), classes)

    def predict(self, features: Matrix, logits: Matrix) -> Matrix:
        """Return scores (images, classes)."""
        return l2_normalize(features - self.mean) @ self.means.T


@dataclass(frozen=True)
class RandomVectors:
    """Normal random vectors that depend on the seed and the image's features alone."""

    seed: int
    dim: int

    def predict(self, features: Matrix, logits: Matrix) -> Matrix:
        """Return vectors (images, dim)."""
        vectors = np.empty((len(features), self.dim), np.float32)
        for row, image in enumerate(features):
            digest = zlib.crc32(np.ascontiguousarray(image, "<f4").tobytes())
            vectors[row] = np.random.default_rng([self.seed, digest]).standard_normal(self.dim)
        return vectors


Baseline = ConSE | Ridge | ClassMean | RandomVectors
BASELINES: Mapping[str, type[Baseline]] = {
    "conse": ConSE,
    "ridge": Ridge,
    "class_mean": ClassMean,
    "random": RandomVectors,
}


def fit_baseline(variant: Mapping[str, Any], seed: int, data: TrainingData) -> SavedModel:
    """Return the baseline of a ``variant``'s kind: conse, ridge, class_mean or random.

    Raises InputError when a split has no images to fit to.
    """
    kind, nouns = variant["kind"], data.nouns
    method: Baseline
    if kind == "random":
        method = RandomVectors(seed, int(nouns.vectors.shape[1]))
    elif kind == "conse":
        method = ConSE(nouns.class_vectors, nouns.known_classes, variant["top"])
    else:
        train, valid = train_and_valid(data)
        train = train.labelled()
        if kind == "ridge":
            method = Ridge.fit(train, valid, variant["lambdas"])
        else:
            method = ClassMean.fit(train)
    tensors = {
        name: torch.from_numpy(np.ascontiguousarray(value))
        for name, value in vars(method).items()
        if isinstance(value, np.ndarray)
    }
    settings = {name: value for name, value in vars(method).items() if name not in tensors}
    space = "classes" if "classes" in settings else "words"
    settings = {"classes": [], **settings, "space": space, "kind": kind, "seed": seed}
    return SavedModel(tensors, settings)


def load_baseline(saved: SavedModel) -> Baseline:
    """Return a saved baseline."""
    baseline = BASELINES[saved.settings["kind"]]
    arrays = {name: tensor.numpy() for name, tensor in saved.tensors.items()}
    values = {**saved.settings, **arrays}
    return baseline(**{field.name: values[field.name] for field in fields(baseline)})


def _chunks(images: TrainingSet) -> Iterator[tuple[Ints, Doubles]]:
    """Yield the nouns (chunk,) and the features (chunk, width) of each chunk of images."""
    for start in range(0, len(images), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        features = images.store.features(images.rows[chunk])
        yield images.nouns[chunk], features.astype(np.float64)


def _mean(images: TrainingSet) -> Doubles:
    """Return the mean features (width,)."""
    return np.asarray(sum(features.sum(axis=0) for _, features in _chunks(images)) / len(images))


def _mean_cosine(images: TrainingSet, matrix: Doubles, bias: Doubles) -> float:
    """Return the mean cosine of the images' true vectors with the linear map's predictions."""
    total = 0.0
    for nouns, features in _chunks(images):
        predicted = l2_normalize((features @ matrix + bias).astype(np.float32))
        total += float((predicted * images.matrix.vectors[nouns]).sum())
    return total / len(images)
