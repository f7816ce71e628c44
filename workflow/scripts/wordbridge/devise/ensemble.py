"""Telling photographs from drawings by their features, with what the train split says of its own.

What the backbone's classifier says beside a head: much where it is sure of a photograph.

A trained head as images are sent through it: with the backbone's classifier beside it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import binary_cross_entropy_with_logits

from wordbridge.arrays import l2_normalize
from wordbridge.devise.conse import certainty, probabilities
from wordbridge.devise.labelled import Features, Floats, seen_splits
from wordbridge.devise.settings import ClassifierSettings, settings_from
from wordbridge.images.table import ImageRow
from wordbridge.nouns.matrix import NounMatrix
from wordbridge.tensors import SavedModel

SURE = 20.0  # log-odds where the train split has one kind only, and nothing can be told
STEPS = 300  # at most; L-BFGS needs about fifty


class PhotoGate(NamedTuple):
    """A logistic regression: ``weights`` (width,) and ``bias`` (1,) of a photograph's log-odds."""

    weights: Floats
    bias: Floats

    def chances(self, features: Floats, odds: float = 1.0) -> Floats:
        """Return how likely images are photographs (images, 1).

        ``odds`` is how many times likelier a photograph is than among the balanced examples.
        """
        log_odds = features @ self.weights + self.bias + np.log(odds)
        chances: Floats = 1 / (1 + np.exp(-log_odds.clip(-SURE, SURE)))
        return chances[:, None].astype(np.float32)


def fit_photo_gate(features: Floats, photos: NDArray[np.bool_], penalty: float) -> PhotoGate:
    """Return the gate that tells the ``photos`` (images,) among ``features`` from the others.

    Both kinds count as much as each other. ``penalty`` weighs the squared weights of
    standardised features in the mean loss.
    """
    if photos.all() or not photos.any():
        sure = SURE if photos.any() else -SURE
        return PhotoGate(np.zeros(features.shape[1], np.float32), np.array([sure], np.float32))
    mean, deviation = features.mean(axis=0), features.std(axis=0) + np.float32(1e-3)
    points = torch.from_numpy((features - mean) / deviation)
    labels = torch.from_numpy(photos.astype(np.float32))
    balance = (1 - labels.mean()) / labels.mean()
    weights = torch.zeros(points.shape[1], requires_grad=True)
    bias = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights, bias], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        said = points @ weights + bias
        each = binary_cross_entropy_with_logits(said, labels, pos_weight=balance)
        total = each + penalty * (weights**2).sum()
        total.backward()
        return total

    optimizer.step(loss)
    scaled: Floats = weights.detach().numpy() / deviation
    return PhotoGate(scaled, bias.detach().numpy() - np.float32(mean @ scaled))


STEPS_SECOND_VOICE, RATE = 20, 0.6  # more steps move no image's first five answers


@dataclass(frozen=True)
class SecondVoice:
    """The classifier in words: its classes' unit ``vectors`` (classes, dim), where ``known``."""

    vectors: Floats
    known: NDArray[np.bool_]
    gate: PhotoGate
    settings: ClassifierSettings

    def says(self, features: Floats, scores: Floats) -> Floats:
        """Return vectors (images, dim) to be added to the head's of unit length.

        They are as long as the classifier is trusted: 1 / (1 - p)^2 for the probability p of
        its likeliest class, at most ``weight``, times the chance that this is a photograph.
        """
        settings = self.settings
        said = likeliest(scores, self.vectors, self.known, settings.top, settings.temperature)
        chances = self.gate.chances(features, settings.photo_odds)
        added: Floats = said * chances * certainty(scores, settings.weight)
        return added


def likeliest(
    scores: Floats, vectors: Floats, known: NDArray[np.bool_], top: int, temperature: float
) -> Floats:
    """Return the unit vectors (images, dim) that say best what the classifier says.

    A softmax of a vector's cosines with the classes' ``vectors``, divided by ``temperature``,
    comes as near as it can to the probabilities of the ``top`` classes (least cross-entropy).
    The way there begins at their combination, ConSE's vector, which often is nearer to a third
    class than to those that it combines.
    """
    classes, chances = vectors[known], _chances(scores, known, top)
    said = l2_normalize(chances @ classes)
    for _ in range(STEPS_SECOND_VOICE):
        wanted = (chances - probabilities(said @ classes.T / np.float32(temperature))) @ classes
        along = (wanted * said).sum(axis=1, keepdims=True)
        said = l2_normalize(said + np.float32(RATE) * (wanted - along * said))
    return said


def _chances(scores: Floats, known: NDArray[np.bool_], top: int) -> Floats:
    """Return the probabilities (images, known classes) of the ``top`` classes, summing to 1."""
    chances = probabilities(np.asarray(scores, np.float32)[:, known])
    top = min(top, chances.shape[1])
    least = np.partition(chances, -top, axis=1)[:, -top, None]
    kept = np.where(chances >= least, chances, np.float32(0))
    summed: Floats = kept / kept.sum(axis=1, keepdims=True)
    return summed


EXAMPLES = 20_000  # images, evenly taken, by which photographs are told from drawings


def voiced_head(
    head: SavedModel,
    block: Mapping[str, Any],
    store: Features,
    images: Sequence[ImageRow],
    nouns: NounMatrix,
) -> SavedModel:
    """Return ``head`` with what the classifier needs to speak beside it, see second_voice.py.

    ``block`` has the classifier's settings; with weight 0 it has no say and needs nothing. Raises
    InputError for a head whose outputs are no vectors.
    """
    own = head.settings
    described = {**own, "settings": {**own["settings"], "classifier": dict(block)}}
    settings = settings_from(described["settings"]).classifier
    if not settings.weight:
        return SavedModel(head.tensors, described)
    train, _ = seen_splits(store, images, nouns)
    some = train.thinned(EXAMPLES)
    gate = fit_photo_gate(store.features(some.rows), some.photos, settings.photo_penalty)
    arrays = {"class_vectors": nouns.class_vectors, "known_classes": nouns.known_classes}
    arrays |= {"photo_weights": gate.weights, "photo_bias": gate.bias}
    beside = {name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in arrays.items()}
    return SavedModel({**head.tensors, **beside}, described)
