"""Possible label errors: images far from their noun and close to another one."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

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

Doubles = NDArray[np.float64]


class LabelError(NamedTuple):
    """An image whose noun may be wrong; cosines are those with the image's predicted vector."""

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
    predictions: Predictions,
    table: Sequence[ImageRow],
    space: WordSpace,
    settings: Mapping[str, Any],
) -> list[LabelError]:
    """Return at most ``count`` possible label errors, the widest gap between the cosines first.

    The cosine with the label is among the lowest ``low_share`` of all labelled images, that with
    the best other noun among the highest ``high_share`` and higher than the label's. Other nouns
    are the labels of other images, except those with the same vector or within ``near`` steps in
    WordNet.
    """
    images = labelled_images(predictions.images, table, space.synsets)
    if not len(images):
        return []
    scores = noun_scores(predictions, space)
    cosines, best_cosines, other_nouns = _cosines(scores, images, space, settings["near"])
    gap = best_cosines - cosines
    is_error = (
        (cosines <= np.quantile(cosines, settings["low_share"]))
        & (best_cosines >= np.quantile(best_cosines, 1 - settings["high_share"]))
        & (gap > 0)
    )
    order = np.flatnonzero(is_error)
    order = order[np.argsort(-gap[order], kind="stable")][: settings["count"]]
    errors = []
    for number in order.tolist():
        image, other = images.images[number], int(other_nouns[number])
        label = image.synset, space.name(space.nodes[images.nouns[number]]), float(cosines[number])
        best = space.synsets[other], space.name(space.nodes[other]), float(best_cosines[number])
        key = image.set, image.image, image.split
        errors.append(LabelError(*key, *label, *best, float(gap[number])))
    return errors


def _cosines(
    scores: NounScores, images: LabelledImages, space: WordSpace, near: int
) -> tuple[Doubles, Doubles, Ints]:
    """Return the cosine with the label, the highest with another noun, and that noun's row."""
    labels = np.unique(images.nouns)
    columns = scores.column_of[labels]
    cosines, best_cosines = np.empty((2, len(images)))
    other_nouns = np.empty(len(images), np.int64)
    for place, noun in enumerate(labels):
        numbers = np.flatnonzero(images.nouns == noun)
        matrix = scores.scores(images.rows[numbers], columns)
        steps = space.hierarchy.distances(space.nodes[noun])[space.nodes[labels]]
        allowed = (steps > near) & (columns != columns[place])
        others = np.where(allowed, matrix, -np.inf)
        cosines[numbers] = matrix[:, place]
        best_cosines[numbers] = others.max(axis=1) if allowed.any() else -1.0
        other_nouns[numbers] = labels[others.argmax(axis=1)]
    return cosines, best_cosines, other_nouns
