"""Telling photographs from drawings by their features, with what the train part says of its own."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import binary_cross_entropy_with_logits

from wordbridge.devise.labelled import Floats

SURE = 20.0  # log-odds where the train part has one kind only, and nothing can be told
STEPS = 300  # at most; L-BFGS needs about fifty


class PhotoGate(NamedTuple):
    """A logistic regression: ``weights`` (width,) and ``bias`` (1,) of a photograph's log-odds."""

    weights: Floats
    bias: Floats

    def chances(self, features: Floats, odds: float = 1.0) -> Floats:
        """Return how likely pictures are photographs (pictures, 1).

        ``odds`` is how many times likelier a photograph is than among the balanced examples.
        """
        log_odds = features @ self.weights + self.bias + np.log(odds)
        chances: Floats = 1 / (1 + np.exp(-log_odds.clip(-SURE, SURE)))
        return chances[:, None].astype(np.float32)


def fit_photo_gate(features: Floats, photos: NDArray[np.bool_], penalty: float) -> PhotoGate:
    """Return the gate that tells the ``photos`` (pictures,) among ``features`` from the others.

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
