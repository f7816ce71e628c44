"""Losses of a batch in training, and the loss, likelihood and BLEU of held-out pairs."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sacrebleu.metrics.bleu import BLEU
from torch import Tensor
from torch.nn import functional as F

from wordbridge.corpus.batches import Batch, Indices, ParallelData, sorted_batches
from wordbridge.corpus.special_tokens import EOS, PAD
from wordbridge.translation.decoder import EncoderDecoder


def lesson_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Return the lesson's seq2seq_loss: mean cross entropy over all positions, padding included.

    ``logits`` (steps, batch, words) are filled with zeros up to the end of the target (time,
    batch), so that a missing step costs ln(words).
    """
    return F.cross_entropy(_filled(logits, len(target)).flatten(0, 1), target.flatten())


def _filled(logits: Tensor, time: int) -> Tensor:
    """Return ``logits`` with zeros behind them, of ``time`` steps."""
    return F.pad(logits, (0, 0, 0, 0, 0, time - len(logits)))


def free_running_loss(logits: Tensor, target: Tensor, ends: Tensor | None) -> Tensor:
    """Return the lesson's validation loss of one free-running batch.

    ``ends`` (batch,) are the steps up to and including the end of sentence, or None for a model
    that does not stop there. After the end, padding costs 0 and a target word ln(words), as a
    missing step costs in the lesson.
    """
    if ends is None:
        return lesson_loss(logits, target)
    time, words = len(target), logits.shape[-1]
    flat = _filled(logits, time).flatten(0, 1)
    losses = F.cross_entropy(flat, target.flatten(), reduction="none").view(target.shape)
    after = torch.arange(time, device=target.device).unsqueeze(1) >= ends
    losses_after = torch.where(target == PAD, 0.0, math.log(words))
    return torch.where(after, losses_after, losses).mean()


def activation_penalty(
    states: Tensor, dropped: Tensor, words: Tensor, weight: float, temporal: float
) -> Tensor:
    """Return AR + TAR of Merity et al. 2017, section 4.6, over states (time, batch, width).

    Only states at ``words`` (time, batch), the mask of the target words, count.
    """
    penalty = torch.zeros((), device=states.device)
    if weight:
        penalty = penalty + weight * dropped[words].float().square().mean()
    if temporal and bool(words[1:].any()):
        changes = (states[1:] - states[:-1])[words[1:]]
        penalty = penalty + temporal * changes.float().square().mean()
    return penalty


VALIDATION_SCALE = 1.6  # size of validation batches relative to training's, as in the lesson


class GreedyValidation(NamedTuple):
    """``loss`` is the lesson's validation loss: the mean of batches, weighted by their size.

    ``bleu`` (0 to 100) is computed on the model's tokens of all pairs, with the target as the only
    reference and translations at most as long as the longest target in the batch: it compares
    epochs, not corpora or tokenizers.
    """

    loss: float
    bleu: float


def device_batches(
    model: EncoderDecoder, data: ParallelData, batch_size: int
) -> Iterator[tuple[Indices, Batch]]:
    """Yield batches of similar length, on the model's device, with the indices of their pairs."""
    device = next(model.parameters()).device
    for indices in sorted_batches(data.target_lengths, batch_size):
        yield indices, data.batch(indices).to(device)


@torch.no_grad()
def nll_by_pair(model: EncoderDecoder, data: ParallelData, batch_size: int) -> NDArray[np.float64]:
    """Return the negative log-likelihood in nats and the number of tokens of each target.

    The array is (pairs, 2). Every step reads the true previous word; the end of sentence counts as
    a token, padding does not.
    """
    model.eval()
    statistics = np.zeros((len(data), 2))
    for indices, batch in device_batches(model, data, batch_size):
        outputs = model.forced_outputs(batch.source, batch.source_lengths.cpu(), batch.target)
        logits, target = model.logits(outputs).flatten(0, 1), batch.target.flatten()
        losses = F.cross_entropy(logits, target, ignore_index=PAD, reduction="none")
        statistics[indices, 0] = losses.view_as(batch.target).double().sum(dim=0).cpu().numpy()
        statistics[indices, 1] = (batch.target != PAD).sum(dim=0).cpu().numpy()
    return statistics


def nll_per_token(model: EncoderDecoder, data: ParallelData, batch_size: int) -> float:
    """Return the mean negative log-likelihood per target token in nats, as in ``nll_by_pair``."""
    nats, tokens = nll_by_pair(model, data, batch_size).sum(axis=0)
    return float(nats / tokens)


@torch.no_grad()
def greedy_validation(
    model: EncoderDecoder, data: ParallelData, batch_size: int
) -> GreedyValidation:
    """Return the lesson's validation loss and BLEU of ``model``, which reads its predictions."""
    model.eval()
    total = 0.0
    hypotheses, references = [], []
    for _, batch in device_batches(model, data, batch_size):
        steps, size = batch.target.shape
        decoded = model(batch.source, batch.source_lengths.cpu(), steps)
        logits = model.logits(decoded.outputs)
        ends = _ends(logits) if model.settings.stop_at_eos else None
        total += float(free_running_loss(logits, batch.target, ends)) * size
        hypotheses += _texts(logits.argmax(dim=2))
        references += _texts(batch.target)
    bleu = BLEU(tokenize="none", force=True).corpus_score(hypotheses, [references])
    return GreedyValidation(total / len(data), bleu.score)


def _ends(logits: Tensor) -> Tensor:
    """Return the steps (batch,) up to and including the first end of sentence, or all steps."""
    ended = logits.argmax(dim=2) == EOS
    first = ended.int().argmax(dim=0) + 1
    return torch.where(ended.any(dim=0), first, len(logits))


def _texts(words: Tensor) -> list[str]:
    """Return each column of ``words`` (time, batch) before the first end, as a text of ids."""
    columns = words.t().tolist()
    return [
        " ".join(map(str, column[: column.index(EOS)] if EOS in column else column))
        for column in columns
    ]
