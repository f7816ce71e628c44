"""How well a head does on pictures: its loss, and how often the noun is among the first five."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from wordbridge.devise.head import Head
from wordbridge.devise.head_settings import LossSettings
from wordbridge.devise.losses import SAME, losses
from wordbridge.devise.targets import Batch, Points

CHUNK = 1024  # pictures at once


@torch.no_grad()
def look(head: Head, points: Points, settings: LossSettings, seen: Tensor) -> tuple[float, float]:
    """Return the mean loss over ``points`` and the part whose noun is among the first 5.

    ``seen`` (nouns, dim) are the unit vectors of the nouns that are looked among; they are all
    negatives of the hinge rank loss. The head keeps its mode.
    """
    was_training, device = head.training, seen.device
    head.eval()
    loss = hits = 0.0
    for start in range(0, len(points), CHUNK):
        batch = points.batch(np.arange(start, min(start + CHUNK, len(points)))).to(device)
        said = head(batch.features)
        loss += float(losses(settings, said, batch.targets, batch.labels, seen).sum())
        hits += float(_hits(said, batch, settings, seen).sum())
    head.train(was_training)
    return loss / len(points), hits / len(points)


def _hits(said: Tensor, batch: Batch, settings: LossSettings, seen: Tensor) -> Tensor:
    """Return whether fewer than 5 other nouns suit each picture better than its own."""
    if settings.kind == "softmax":
        known = batch.labels >= 0
        right = said.gather(1, batch.labels.clamp(min=0)[:, None])
        return ((said > right).sum(dim=1) < 5) & known
    unit = normalize(said)
    right = (unit * batch.targets).sum(dim=1, keepdim=True)
    others = batch.targets @ seen.T < SAME
    return ((unit @ seen.T > right) & others).sum(dim=1) < 5
