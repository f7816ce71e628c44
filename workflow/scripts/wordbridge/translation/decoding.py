"""Translations of numbered sentences: greedy or by beam search, in batches, order restored."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wordbridge.corpus.batches import pad, sorted_batches
from wordbridge.corpus.specials import BOS, EOS
from wordbridge.progress import progress
from wordbridge.translation.beam import beam_search
from wordbridge.translation.hypothesis import Hypothesis, block_repeats, forbid_marks
from wordbridge.translation.translator import Translator


@dataclass(frozen=True)
class DecodingSettings:
    """How translations are searched.

    ``max_steps`` tokens at most; ``beam`` 1 is greedy. ``length_penalty`` is alpha of Wu et al.
    2016, section 7 (0: none); ``block_ngrams`` forbids a repetition of n tokens (0: allowed).
    """

    beam: int = 1
    max_steps: int = 50
    length_penalty: float = 0.0
    block_ngrams: int = 0
    batch_size: int = 128


def translate(
    model: Translator, sentences: Sequence[NDArray[Any]], settings: DecodingSettings
) -> list[Hypothesis]:
    """Return one hypothesis per sentence (ids with the end of sentence), in the given order."""
    model.eval()
    device = next(model.parameters()).device
    found: list[Hypothesis | None] = [None] * len(sentences)
    search: Callable[[Translator, Tensor, Tensor, DecodingSettings], list[Hypothesis]]
    search = greedy if settings.beam == 1 else _beam
    batches = sorted_batches([len(ids) for ids in sentences], settings.batch_size)
    for indices in progress(batches, "translating", len(batches), "batch"):
        chosen = [sentences[index] for index in indices]
        lengths = torch.tensor([len(ids) for ids in chosen])
        for index, hypothesis in zip(
            indices, search(model, pad(chosen).to(device), lengths, settings), strict=True
        ):
            found[index] = hypothesis
    return [hypothesis for hypothesis in found if hypothesis is not None]


def _beam(
    model: Translator, source: Tensor, lengths: Tensor, settings: DecodingSettings
) -> list[Hypothesis]:
    return beam_search(
        model,
        source,
        lengths,
        beam=settings.beam,
        max_steps=settings.max_steps,
        length_penalty=settings.length_penalty,
        block_ngrams=settings.block_ngrams,
    )


@torch.no_grad()
def greedy(
    model: Translator, source: Tensor, lengths: Tensor, settings: DecodingSettings
) -> list[Hypothesis]:
    """Return the best word after the best word for each column of ``source`` (source, batch)."""
    reading = model.decoder.start(model.encoder(source, lengths))
    words = torch.full((source.shape[1],), BOS, device=source.device)
    ended = torch.zeros_like(words, dtype=torch.bool)
    chosen: list[Tensor] = []
    scores, attention = [], []
    for _ in range(settings.max_steps):
        state, reading, attended = model.decoder.step(model.decoder.embedding(words), reading)
        logs = model.logits(state).log_softmax(dim=1)
        forbid_marks(logs, model.settings)
        if settings.block_ngrams and chosen:
            block_repeats(logs, torch.stack(chosen), settings.block_ngrams)
        best, words = logs.max(dim=1)
        chosen.append(words)
        scores.append(best)
        if attended is not None:
            attention.append(attended)
        ended |= words == EOS
        if bool(ended.all()):
            break
    return _cut(torch.stack(chosen), torch.stack(scores), attention, lengths)


def _cut(
    words: Tensor, scores: Tensor, attention: list[Tensor], lengths: Tensor
) -> list[Hypothesis]:
    """Return columns of words and scores (time, batch) up to their first end of sentence."""
    ids, logs = words.cpu().numpy(), scores.cpu().numpy()
    weights = torch.stack(attention).cpu().numpy() if attention else None
    hypotheses = []
    for row, length in enumerate(lengths.tolist()):
        ends = np.flatnonzero(ids[:, row] == EOS)
        steps = int(ends[0]) + 1 if len(ends) else len(ids)
        hypotheses.append(
            Hypothesis(
                ids=ids[: steps - 1 if len(ends) else steps, row],
                log_probability=float(logs[:steps, row].sum()),
                attention=None if weights is None else weights[:steps, row, :length],
            )
        )
    return hypotheses
