"""Losses of a batch of decoded sentences."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from wordbridge.corpus.specials import PAD


def lesson_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Return the lesson's seq2seq_loss: mean cross entropy over all positions, padding included.

    ``logits`` (steps, batch, words) are cut to the target (time, batch), or filled with zeros, so
    that a missing step costs ln(words).
    """
    time, missing = len(target), len(target) - len(logits)
    if missing > 0:
        logits = F.pad(logits, (0, 0, 0, 0, 0, missing))
    return F.cross_entropy(logits[:time].flatten(0, 1), target.flatten())


def word_loss(logits: Tensor, target: Tensor, label_smoothing: float = 0.0) -> Tensor:
    """Return the mean cross entropy of ``logits`` (words in the batch, vocabulary).

    ``target`` (words in the batch,) holds no padding.
    """
    return F.cross_entropy(logits, target, label_smoothing=label_smoothing)


def free_running_loss(logits: Tensor, target: Tensor, ends: Tensor | None) -> Tensor:
    """Return the lesson's validation loss of one free-running batch.

    A model that stops (``ends`` (batch,): steps up to and with its end of sentence) says nothing
    afterwards: padding is then right and costs nothing, a word that should have been there costs
    ln(words), as a missing step does in the lesson.
    """
    if ends is None:
        return lesson_loss(logits, target)
    words = logits.shape[-1]
    time, missing = len(target), len(target) - len(logits)
    if missing > 0:
        logits = F.pad(logits, (0, 0, 0, 0, 0, missing))
    losses = F.cross_entropy(logits[:time].flatten(0, 1), target.flatten(), reduction="none")
    losses = losses.view(target.shape)
    after = torch.arange(time, device=target.device).unsqueeze(1) >= ends
    silent = torch.where(target == PAD, 0.0, math.log(words))
    return torch.where(after, silent, losses).mean()


def activation_penalty(
    states: Tensor, dropped: Tensor, words: Tensor, weight: float, temporal: float
) -> Tensor:
    """Return AR + TAR of Merity et al. 2017, section 4.6, over states (time, batch, width).

    Only states at ``words`` (time, batch) count, so that padding weighs nothing.
    """
    penalty = torch.zeros((), device=states.device)
    if weight:
        penalty = penalty + weight * dropped[words].float().square().mean()
    if temporal and bool(words[1:].any()):
        changes = (states[1:] - states[:-1])[words[1:]]
        penalty = penalty + temporal * changes.float().square().mean()
    return penalty
