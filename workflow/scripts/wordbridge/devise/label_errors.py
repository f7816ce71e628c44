"""Possible label errors: images far from their noun and close to another one."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordbridge.devise.predictions import Predictions
from wordbridge.devise.similarity import (
    Ints,
    LabelledImages,
    NounScores,
    WordSpace,
    labelled_images,
    noun_scores,
)
from wordbridge.images.table import ImageRow

# Shares of the images: those farthest from their noun, and those closest to another noun.
LOW_SHARE = HIGH_SHARE = 0.25
NEAR = 2  # steps in WordNet; a noun so near the label is no label error

Doubles = NDArray[np.float64]


class LabelError(NamedTuple):
    """An image whose noun may be wrong, and another noun that is closer to the image.

    Cosines are between a noun's vector and the predicted vector of the image; ``gap`` is their
    difference.
    """

    set: str
    image: str
    split: str
    synset: str
    noun: str
    cosine: float
    other_synset: str
    other: str
    other_cosine: float
    gap: float


def find_label_errors(
    predictions: Predictions, table: Sequence[ImageRow], space: WordSpace, count: int
) -> list[LabelError]:
    """Return at most ``count`` possible label errors, the widest gap between the cosines first.

    The cosine with the label is among the lowest LOW_SHARE of all labelled images; the cosine with
    the best other noun is among the highest HIGH_SHARE, and higher than with the label. Other nouns
    are the labels of other images, except those with the same vector or within NEAR steps in
    WordNet.
    """
    images = labelled_images(predictions.images, table, space.synsets)
    if not len(images):
        return []
    scores = noun_scores(predictions, space)
    cosines, best_cosines, other_nouns = _cosines(scores, images, space)
    gap = best_cosines - cosines
    is_error = (
        (cosines <= np.quantile(cosines, LOW_SHARE))
        & (best_cosines >= np.quantile(best_cosines, 1 - HIGH_SHARE))
        & (gap > 0)
    )
    indices = np.flatnonzero(is_error)
    indices = indices[np.argsort(-gap[indices], kind="stable")][:count]
    errors = []
    for index in indices.tolist():
        image, other = images.images[index], int(other_nouns[index])
        error = LabelError(
            set=image.set,
            image=image.image,
            split=image.split,
            synset=image.synset,
            noun=space.name(space.nodes[images.nouns[index]]),
            cosine=float(cosines[index]),
            other_synset=space.synsets[other],
            other=space.name(space.nodes[other]),
            other_cosine=float(best_cosines[index]),
            gap=float(gap[index]),
        )
        errors.append(error)
    return errors


def _cosines(
    scores: NounScores, images: LabelledImages, space: WordSpace
) -> tuple[Doubles, Doubles, Ints]:
    """Return each image's cosine with its label, then cosine and row of the best other noun."""
    labels = np.unique(images.nouns)
    columns = scores.column_of[labels]
    cosines, best_cosines = np.empty((2, len(images)))
    other_nouns = np.empty(len(images), np.int64)
    for number, noun in enumerate(labels):
        indices = np.flatnonzero(images.nouns == noun)
        matrix = scores.scores(images.rows[indices], columns)
        steps = space.hierarchy.distances(space.nodes[noun])[space.nodes[labels]]
        allowed = (steps > NEAR) & (columns != columns[number])
        others = np.where(allowed, matrix, -np.inf)
        cosines[indices] = matrix[:, number]
        best_cosines[indices] = others.max(axis=1) if allowed.any() else -1.0
        other_nouns[indices] = labels[others.argmax(axis=1)]
    return cosines, best_cosines, other_nouns
