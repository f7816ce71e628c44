"""What a head is held against: ConSE, ridge regression, nearest class mean, random vectors."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from wordbridge.arrays import l2_normalize
from wordbridge.devise.labelled import Features, Floats, Labelled, seen_splits
from wordbridge.errors import InputError
from wordbridge.images.table import ImageRow
from wordbridge.nouns.matrix import NounMatrix
from wordbridge.tensors import SavedModel

Doubles = NDArray[np.float64]
CHUNK = 4096  # images whose features are in memory at once


def fit_baseline(
    variant: Mapping[str, Any],
    seed: int,
    store: Features,
    images: Sequence[ImageRow],
    nouns: NounMatrix,
) -> SavedModel:
    """Return the method of a ``variant``'s kind: conse, ridge, class_mean or random.

    Raises InputError for another kind, and when there is nothing to learn from.
    """
    if variant["kind"] == "random":
        return _fitted("random", seed, {}, dim=int(nouns.vectors.shape[1]))
    if variant["kind"] == "conse":
        return conse_method(nouns, variant.get("top", 10), seed)
    fits: dict[str, Callable[[Labelled, Labelled], SavedModel]] = {
        "ridge": lambda train, valid: ridge(store, nouns, train, valid, variant["lambdas"], seed),
        "class_mean": lambda train, valid: class_mean(store, nouns, train, seed),
    }
    if variant["kind"] not in fits:
        raise InputError(
            f"kind of an image method: expected conse, {', '.join(fits)} or random, "
            f"got {variant['kind']!r}; correct the variant"
        )
    train, valid = seen_splits(store, images, nouns)
    return fits[variant["kind"]](train.with_noun(), valid)


def conse_method(nouns: NounMatrix, top: int, seed: int = 0) -> SavedModel:
    """Return ConSE: nothing is fitted, the classes' vectors are all that it needs."""
    arrays = {"class_vectors": nouns.class_vectors, "known_classes": nouns.known_classes}
    return _fitted("conse", seed, arrays, top=top)


def ridge(
    store: Features,
    nouns: NounMatrix,
    train: Labelled,
    valid: Labelled,
    lambdas: Sequence[float],
    seed: int = 0,
) -> SavedModel:
    """Return the linear map to the nouns' unit vectors with the smallest squared error.

    The penalty is the one of ``lambdas``, in multiples of the features' mean variance, with
    which the ``valid`` images have the highest mean cosine with their nouns.
    """
    mean = _mean(store, train)
    counts = np.bincount(train.nouns, minlength=len(nouns.vectors))
    centre = counts @ nouns.vectors.astype(np.float64) / len(train)
    squares = np.zeros((store.width, store.width))
    products = np.zeros((store.width, len(centre)))
    for start, features in _chunks(store, train):
        centred = features - mean
        squares += centred.T @ centred
        targets = nouns.vectors[train.nouns[start : start + len(features)]]
        products += centred.T @ (targets - centre)
    unit_penalty = np.trace(squares) / store.width
    found = []
    for penalty in lambdas:
        system = squares + penalty * unit_penalty * np.eye(store.width)
        matrix = np.linalg.solve(system, products)
        bias = centre - mean @ matrix
        found.append((_mean_cosine(store, nouns, valid, matrix, bias), penalty, matrix, bias))
    cosine, penalty, matrix, bias = max(found, key=lambda each: each[:2])
    arrays = {"matrix": matrix.astype(np.float32), "bias": bias.astype(np.float32)}
    return _fitted("ridge", seed, arrays, penalty=penalty, valid_cosine=cosine)


def class_mean(store: Features, nouns: NounMatrix, train: Labelled, seed: int = 0) -> SavedModel:
    """Return the mean of each seen noun's images, as directions from the mean of all."""
    mean = _mean(store, train)
    rows, labels = np.unique(train.nouns, return_inverse=True)
    sums = np.zeros((len(rows), store.width))
    for start, features in _chunks(store, train):
        np.add.at(sums, labels[start : start + len(features)], _directions(features - mean))
    arrays = {"mean": mean.astype(np.float32), "means": l2_normalize(sums.astype(np.float32))}
    classes = [nouns.synsets[row] for row in rows]
    return _fitted("class_mean", seed, arrays, classes)


def _fitted(
    kind: str,
    seed: int,
    arrays: Mapping[str, NDArray[Any]],
    classes: Sequence[str] = (),
    **more: Any,
) -> SavedModel:
    tensors = {name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in arrays.items()}
    space = "classes" if classes else "words"
    described = {"kind": kind, "space": space, "classes": list(classes), "seed": seed, **more}
    return SavedModel(tensors, described)


def _chunks(store: Features, split: Labelled) -> Iterator[tuple[int, Doubles]]:
    """Yield the place of a chunk's first image, and the chunk's features (images, width)."""
    for start in range(0, len(split), CHUNK):
        yield start, store.features(split.rows[start : start + CHUNK]).astype(np.float64)


def _mean(store: Features, split: Labelled) -> Doubles:
    sums = np.zeros(store.width)
    for _, features in _chunks(store, split):
        sums += features.sum(axis=0)
    return np.asarray(sums / len(split))


def _directions(centred: Doubles) -> Floats:
    return l2_normalize(centred.astype(np.float32))


def _mean_cosine(
    store: Features, nouns: NounMatrix, split: Labelled, matrix: Doubles, bias: Doubles
) -> float:
    total = 0.0
    for start, features in _chunks(store, split):
        said = _directions(features @ matrix + bias)
        right = nouns.vectors[split.nouns[start : start + len(features)]]
        total += float((said * right).sum())
    return total / len(split)
