"""The DeViSE head, from image features to a word vector, and its losses (Frome et al. 2013)."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, cross_entropy, normalize

SAME = 1 - 1e-5  # cosine from which two nouns count as one, as homonyms with the same vector do


class Head(nn.Module):
    """Layers of batch norm, dropout and a linear map, with ReLU between layers.

    ``settings`` has the widths of the ``hidden`` layers (none for a linear head), the dropout of
    each layer (``dropouts``), and ``batch_norm``.
    """

    def __init__(self, settings: Mapping[str, Any], width: int, outputs: int) -> None:
        super().__init__()
        widths, layers = [width, *settings["hidden"], outputs], list[nn.Module]()
        for number, dropout in enumerate(settings["dropouts"]):
            if number:
                layers.append(nn.ReLU())
            if settings["batch_norm"]:
                layers.append(nn.BatchNorm1d(widths[number]))
            linear = nn.Linear(widths[number], widths[number + 1])
            nn.init.kaiming_normal_(linear.weight)
            nn.init.zeros_(linear.bias)
            layers += [nn.Dropout(dropout), linear]
        self.layers = nn.Sequential(*layers)

    def forward(self, features: Tensor) -> Tensor:
        """Return vectors, or scores of classes, (batch, outputs) for features (batch, width)."""
        output: Tensor = self.layers(features)
        return output


def losses(
    settings: Mapping[str, Any],
    predicted: Tensor,
    target: Tensor,
    labels: Tensor,
    negatives: Tensor,
) -> Tensor:
    """Return the loss (batch,) of each image, of the ``kind`` in ``settings``.

    cosine is the lesson's loss, 1 - cosine; l1 is the mean absolute difference. hinge_rank has a
    ``margin``, contrastive a ``temperature``. For these, ``predicted`` and ``target`` are (batch,
    dim). softmax is the cross-entropy of scores ``predicted`` (batch, classes) with ``labels``
    (batch,), 0 where a label is -1.
    """
    match settings["kind"]:
        case "cosine":
            return 1 - cosine_similarity(predicted, target, dim=1)
        case "l1":
            return (predicted - target).abs().mean(dim=1)
        case "hinge_rank":
            return hinge_rank_loss(predicted, target, negatives, settings["margin"])
        case "contrastive":
            return contrastive_loss(predicted, target, negatives, settings["temperature"])
        case _:
            return cross_entropy(predicted, labels, ignore_index=-1, reduction="none")


def hinge_rank_loss(predicted: Tensor, target: Tensor, negatives: Tensor, margin: float) -> Tensor:
    """Return the loss (batch,) of Frome et al. 2013, equation 1.

    ``target`` (batch, dim) and ``negatives`` (nouns, dim) are of unit length, ``predicted`` is
    not normalised. A negative that equals the image's target is ignored.
    """
    positive = (predicted * target).sum(dim=1, keepdim=True)
    violations = (margin - positive + predicted @ negatives.T).clamp(min=0)
    return violations.masked_fill(target @ negatives.T >= SAME, 0.0).sum(dim=1)


def contrastive_loss(
    predicted: Tensor, target: Tensor, negatives: Tensor, temperature: float
) -> Tensor:
    """Return the cross-entropy (batch,) of the target among the ``negatives`` by cosine.

    Cosines are divided by ``temperature`` (van den Oord et al. 2018). The other arguments and the
    ignored negatives are as for ``hinge_rank_loss``.
    """
    unit = normalize(predicted)
    positive = (unit * target).sum(dim=1, keepdim=True) / temperature
    negative = unit @ negatives.T / temperature
    negative = negative.masked_fill(target @ negatives.T >= SAME, -torch.inf)
    return torch.cat([positive, negative], dim=1).logsumexp(dim=1) - positive.squeeze(1)


def draw_negatives(vectors: Tensor, count: int | None) -> Tensor:
    """Return ``count`` of ``vectors`` drawn without replacement by torch's generator, or all."""
    if count is None or count >= len(vectors):
        return vectors
    return vectors[torch.randperm(len(vectors))[:count].to(vectors.device)]
