"""Images that look mislabelled: far from their noun, close to another one."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordbridge.devise.evaluation import Labelled, NounScores, Words, blocks, labelled, noun_scores
from wordbridge.devise.predictions import WORDS, Predictions
from wordbridge.errors import InputError
from wordbridge.images.table import ImageRow

Ints = NDArray[np.int64]
Doubles = NDArray[np.float64]


class Suspect(NamedTuple):
    """An image whose noun may be wrong; cosines are those with the image's point."""

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


def suspects(
    predictions: Predictions, table: Sequence[ImageRow], words: Words, settings: Mapping[str, Any]
) -> list[Suspect]:
    """Return the suspects, the widest gap between the other noun's cosine and their own's first.

    An image is one when its noun's cosine is among the lowest ``low_share`` and the best other
    noun's among the highest ``high_share`` of all labelled images, and the other is ahead; at
    most ``count`` are returned. Other nouns are those that label any image, without those
    that are right as well: of the same vector, or within ``near`` steps in WordNet. Raises
    InputError for a method whose predictions are no points among the words.
    """
    if predictions.space != WORDS:
        raise InputError(
            f"suspects: expected predictions among the words, got scores of {predictions.space}; "
            "name another method in the configuration"
        )
    images = labelled(predictions.images, table, words.synsets)
    if not len(images):
        return []
    scores = noun_scores(predictions, words.synsets, words.vectors)
    own, other, taken_for = _cosines(scores, images, words, int(settings["near"]))
    gap = other - own
    found = (
        (own <= np.quantile(own, settings["low_share"]))
        & (other >= np.quantile(other, 1 - settings["high_share"]))
        & (gap > 0)
    )
    order = np.flatnonzero(found)
    order = order[np.argsort(-gap[order], kind="stable")][: settings["count"]]
    return [
        _suspect(images, words, number, float(own[number]), taken_for[number], other[number])
        for number in order.tolist()
    ]


def _cosines(
    scores: NounScores, images: Labelled, words: Words, near: int
) -> tuple[Doubles, Doubles, Ints]:
    """Return the cosine with the own noun, the highest with another, and which that is (row)."""
    graph = words.graph()
    labels = np.unique(images.nouns)
    columns = scores.column_of[labels]
    own, other = np.empty(len(images)), np.empty(len(images))
    taken_for = np.empty(len(images), np.int64)
    allowed: tuple[int, NDArray[np.bool_]] = (-1, np.empty(0, bool))
    for block in blocks(len(images), max(len(labels), scores.width)):
        cosines = scores.scores(images.rows[block], columns)
        for place, line in enumerate(cosines, start=block.start):
            noun = int(images.nouns[place])
            if allowed[0] != noun:  # images are sorted by noun
                steps = graph.distances(words.nodes[noun])[words.nodes[labels]]
                allowed = noun, (steps > near) & (columns != scores.column_of[noun])
            own[place] = line[np.searchsorted(labels, noun)]
            best = int(np.argmax(np.where(allowed[1], line, -np.inf)))
            other[place] = line[best] if allowed[1].any() else -1.0
            taken_for[place] = labels[best]
    return own, other, taken_for


def _suspect(
    images: Labelled, words: Words, number: int, own: float, taken_for: int, other: float
) -> Suspect:
    one = images.images[number]
    return Suspect(
        one.set,
        one.image,
        one.split,
        one.synset,
        words.name(int(words.nodes[images.nouns[number]])),
        own,
        words.synsets[taken_for],
        words.name(int(words.nodes[taken_for])),
        float(other),
        float(other) - own,
    )
