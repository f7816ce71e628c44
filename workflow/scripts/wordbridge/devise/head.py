"""The head of DeViSE: from an image's features to a word vector (Frome et al. 2013, section 3).

Losses of an image head, one figure per image.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity, cross_entropy, normalize

from wordbridge.devise.settings import HeadSettings, LossSettings
from wordbridge.tensors import copy_weights


class Head(nn.Module):
    """Batch norm, dropout and linear, with ReLU between, as often as there are layers."""

    def __init__(self, settings: HeadSettings, width: int, outputs: int) -> None:
        super().__init__()
        widths, layers = [width, *settings.hidden, outputs], list[nn.Module]()
        for place, dropout in enumerate(settings.dropouts):
            if place:
                layers.append(nn.ReLU())
            if settings.batch_norm:
                layers.append(nn.BatchNorm1d(widths[place]))
            layers += [nn.Dropout(dropout), _linear(widths[place], widths[place + 1])]
        self.layers = nn.Sequential(*layers)

    def forward(self, features: Tensor) -> Tensor:
        """Return vectors (batch, outputs) for features (batch, width)."""
        made: Tensor = self.layers(features)
        return made

    def freeze_statistics(self) -> None:
        """Let batch norms use their running statistics in training too (fastai's bn_freeze)."""
        for layer in self.layers:
            if isinstance(layer, nn.BatchNorm1d):
                layer.eval()


def _linear(width: int, outputs: int) -> nn.Linear:
    layer = nn.Linear(width, outputs)
    nn.init.kaiming_normal_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


class Kept(nn.Module):
    """All numbers of ``model`` as parameters, which share its memory.

    What saves and restores the parameters of a model then does so with the running statistics
    of its batch norms as well. Make it after the model has moved to its device.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        for name, value in [*model.named_parameters(), *model.named_buffers()]:
            shared = nn.Parameter(value.detach(), requires_grad=False)
            self.register_parameter(name.replace(".", "/"), shared)


def kept_weights(model: nn.Module) -> dict[str, Tensor]:
    """Return copies of all numbers of ``model``, by the names that ``Kept`` gives them."""
    return copy_weights(Kept(model))


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
    as it is. A negative that is the image's own target does not count.
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
