"""Losses on held-out pairs, without dropout."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from wordbridge.corpus.batches import Batch, ParallelData, sorted_batches
from wordbridge.corpus.specials import EOS, PAD
from wordbridge.translation.loss import free_running_loss
from wordbridge.translation.translator import Translator

VALIDATION_SCALE = 1.6  # validation batches are so much larger than training's, as in the lesson


def _batches(model: Translator, data: ParallelData, batch_size: int) -> Iterator[Batch]:
    device = next(model.parameters()).device
    for indices in sorted_batches(data.target_lengths, batch_size):
        yield data.batch(indices).to(device)


@torch.no_grad()
def nll_per_token(model: Translator, data: ParallelData, batch_size: int) -> float:
    """Return the mean negative log-likelihood per target token in nats, fed the true words.

    The end of sentence counts as a token, padding does not.
    """
    model.eval()
    total, count = 0.0, 0
    for batch in _batches(model, data, batch_size):
        words = batch.target != PAD
        states = model.forced_states(batch.source, batch.source_lengths.cpu(), batch.target)
        target = batch.target[words]
        total += float(F.cross_entropy(model.logits(states[words]), target, reduction="sum"))
        count += len(target)
    return total / count


@torch.no_grad()
def free_running_losses(model: Translator, data: ParallelData, batch_size: int) -> float:
    """Return the lesson's validation loss: fed its own words, batch means weighted by size."""
    model.eval()
    total = 0.0
    for batch in _batches(model, data, batch_size):
        steps, size = batch.target.shape
        decoded = model(batch.source, batch.source_lengths.cpu(), steps)
        logits = model.logits(decoded.states)
        ends = _ends(logits) if model.settings.stop_at_eos else None
        total += float(free_running_loss(logits, batch.target, ends)) * size
    return total / len(data)


def _ends(logits: Tensor) -> Tensor:
    """Return the steps (batch,) up to and with the first end of sentence, or all of them."""
    ended = logits.argmax(dim=2) == EOS
    first = ended.int().argmax(dim=0) + 1
    return torch.where(ended.any(dim=0), first, len(logits))
