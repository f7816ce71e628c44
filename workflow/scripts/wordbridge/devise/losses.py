"""Losses of a picture head, one figure per picture."""

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity, cross_entropy, normalize

from wordbridge.devise.head_settings import LossSettings

SAME = 1 - 1e-5  # cosine from which two nouns have one and the same vector, as homonyms have


def cosine_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Return 1 - cosine (batch,) of vectors (batch, dim): the lesson's loss."""
    return 1 - cosine_similarity(predicted, target, dim=1)


def l1_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Return the mean absolute difference (batch,) of vectors (batch, dim)."""
    return (predicted - target).abs().mean(dim=1)


def hinge_rank_loss(predicted: Tensor, target: Tensor, negatives: Tensor, margin: float) -> Tensor:
    """Return the loss (batch,) of Frome et al. 2013, equation 1.

    ``target`` (batch, dim) and ``negatives`` (others, dim) are of unit length, ``predicted`` is
    as it is. A negative that is the picture's own target does not count.
    """
    right = (predicted * target).sum(dim=1, keepdim=True)
    violated = (margin - right + predicted @ negatives.T).clamp(min=0)
    own = target @ negatives.T >= SAME
    return violated.masked_fill(own, 0.0).sum(dim=1)


def contrastive_loss(
    predicted: Tensor, target: Tensor, negatives: Tensor, temperature: float
) -> Tensor:
    """Return the cross-entropy (batch,) of finding the target among the ``negatives`` by cosine.

    Cosines are divided by ``temperature``, as in van den Oord et al. 2018. ``target`` and
    ``negatives`` are as for the hinge rank loss, and what does not count is the same.
    """
    unit = normalize(predicted)
    right = (unit * target).sum(dim=1, keepdim=True) / temperature
    others = unit @ negatives.T / temperature
    others = others.masked_fill(target @ negatives.T >= SAME, -torch.inf)
    return torch.cat([right, others], dim=1).logsumexp(dim=1) - right.squeeze(1)


def softmax_loss(scores: Tensor, labels: Tensor) -> Tensor:
    """Return cross-entropy (batch,) of scores (batch, classes); 0 where the label is -1."""
    return cross_entropy(scores, labels, ignore_index=-1, reduction="none")


def draw_negatives(vectors: Tensor, count: int | None) -> Tensor:
    """Return ``count`` of ``vectors`` drawn without repetition from torch's generator, or all."""
    if count is None or count >= len(vectors):
        return vectors
    return vectors[torch.randperm(len(vectors))[:count].to(vectors.device)]


def losses(
    settings: LossSettings, predicted: Tensor, target: Tensor, labels: Tensor, negatives: Tensor
) -> Tensor:
    """Return the configured loss (batch,); each kind looks at what it needs."""
    if settings.kind == "cosine":
        return cosine_loss(predicted, target)
    if settings.kind == "l1":
        return l1_loss(predicted, target)
    if settings.kind == "hinge_rank":
        return hinge_rank_loss(predicted, target, negatives, settings.margin)
    if settings.kind == "contrastive":
        return contrastive_loss(predicted, target, negatives, settings.temperature)
    return softmax_loss(predicted, labels)
