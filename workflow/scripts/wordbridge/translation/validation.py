"""Losses and BLEU on held-out pairs, without dropout."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from sacrebleu.metrics.bleu import BLEU
from torch import Tensor
from torch.nn import functional as F

from wordbridge.corpus.batches import Batch, ParallelData, sorted_batches
from wordbridge.corpus.specials import EOS, PAD
from wordbridge.translation.loss import free_running_loss
from wordbridge.translation.translator import Translator

VALIDATION_SCALE = 1.6  # validation batches are so much larger than training's, as in the lesson


class FreeRun(NamedTuple):
    """``loss`` is the lesson's: batch means weighted by size.

    ``bleu`` (0 to 100) is that of all pairs, each with its own target as the one reference,
    over the model's tokens and at most as long as the longest target in the batch: of use to
    tell epochs apart, not to be held against other corpora or tokenizers.
    """

    loss: float
    bleu: float


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
def free_run(model: Translator, data: ParallelData, batch_size: int) -> FreeRun:
    """Return the lesson's validation loss, and BLEU, of ``model`` fed its own best words."""
    model.eval()
    total = 0.0
    hypotheses, references = [], []
    for batch in _batches(model, data, batch_size):
        steps, size = batch.target.shape
        decoded = model(batch.source, batch.source_lengths.cpu(), steps)
        logits = model.logits(decoded.states)
        ends = _ends(logits) if model.settings.stop_at_eos else None
        total += float(free_running_loss(logits, batch.target, ends)) * size
        hypotheses += _texts(logits.argmax(dim=2))
        references += _texts(batch.target)
    bleu = BLEU(tokenize="none", force=True).corpus_score(hypotheses, [references])
    return FreeRun(total / len(data), bleu.score)


def _ends(logits: Tensor) -> Tensor:
    """Return the steps (batch,) up to and with the first end of sentence, or all of them."""
    ended = logits.argmax(dim=2) == EOS
    first = ended.int().argmax(dim=0) + 1
    return torch.where(ended.any(dim=0), first, len(logits))


def _texts(words: Tensor) -> list[str]:
    """Return the numbers in the columns of ``words`` (time, batch) up to the first end, as text."""
    columns = words.t().tolist()
    return [
        " ".join(map(str, column[: column.index(EOS)] if EOS in column else column))
        for column in columns
    ]
