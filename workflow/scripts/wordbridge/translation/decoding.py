"""Translations of numericalized sentences: greedy or by beam search, in batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wordbridge.corpus.batches import pad, sorted_batches
from wordbridge.corpus.special_tokens import BOS, EOS, PAD
from wordbridge.progress import progress
from wordbridge.translation.settings import ModelSettings
from wordbridge.translation.translator import Translator


@dataclass(frozen=True)
class DecodingSettings:
    """How translations are searched.

    ``max_steps`` tokens at most; ``beam`` 1 is greedy. ``length_penalty`` is alpha of Wu et al.
    2016, section 7 (0: none); ``no_repeat_ngram_size`` forbids repeated n-grams (0: none);
    ``replace_unknown`` replaces unknown words by the source word with the most attention.
    """

    beam: int
    max_steps: int
    length_penalty: float
    no_repeat_ngram_size: int
    replace_unknown: bool
    batch_size: int


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """Target ids without the end of sentence, and their log-probability.

    ``log_probability`` is in nats, over all tokens and the end of sentence where it was reached.
    ``attention`` (steps, source length) has a row per token and one for the end of sentence.
    """

    ids: NDArray[np.int64]
    log_probability: float
    attention: NDArray[np.float32] | None


def translate(
    model: Translator, sentences: Sequence[NDArray[Any]], settings: DecodingSettings
) -> list[Hypothesis]:
    """Return one hypothesis per sentence (ids with the end of sentence), in the given order."""
    model.eval()
    device = next(model.parameters()).device
    hypotheses: dict[int, Hypothesis] = {}
    search = greedy if settings.beam == 1 else beam_search
    batches = sorted_batches([len(ids) for ids in sentences], settings.batch_size)
    for indices in progress(batches, "translating", len(batches), "batch"):
        batch = [sentences[index] for index in indices]
        lengths = torch.tensor([len(ids) for ids in batch])
        outputs = search(model, pad(batch).to(device), lengths, settings)
        hypotheses.update(zip(indices.tolist(), outputs, strict=True))
    return [hypotheses[index] for index in range(len(sentences))]


# ---- Greedy search ------------------------------------------------------------------------------


@torch.no_grad()
def greedy(
    model: Translator, source: Tensor, lengths: Tensor, settings: DecodingSettings
) -> list[Hypothesis]:
    """Return the best word after the best word for each column of ``source`` (source, batch)."""
    state = model.decoder.initial_state(model.encoder(source, lengths))
    words = torch.full((source.shape[1],), BOS, device=source.device)
    ended = torch.zeros_like(words, dtype=torch.bool)
    steps: list[Tensor] = []
    scores, attention = [], []
    for _ in range(settings.max_steps):
        output, state, weights = model.decoder.step(model.decoder.embedding(words), state)
        log_probs = model.logits(output).log_softmax(dim=1)
        mask_special_tokens(log_probs, model.settings)
        if settings.no_repeat_ngram_size and steps:
            block_repeats(log_probs, torch.stack(steps), settings.no_repeat_ngram_size)
        best, words = log_probs.max(dim=1)
        steps.append(words)
        scores.append(best)
        if weights is not None:
            attention.append(weights)
        ended |= words == EOS
        if bool(ended.all()):
            break
    return _until_end(torch.stack(steps), torch.stack(scores), attention, lengths)


def _until_end(
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


# ---- Beam search --------------------------------------------------------------------------------


class Finished(NamedTuple):
    """A finished hypothesis: its normalized score, log-probability, last step and row there."""

    value: float
    score: float
    step: int
    row: int


class BackPointers:
    """Words, parent rows and attention of every step, from which hypotheses are read backwards."""

    def __init__(self) -> None:
        self.words: list[Tensor] = []  # each (batch * beam,)
        self.parents: list[Tensor] = []
        self.attention: list[Tensor] = []  # (batch * beam, source), by the parents' rows

    def hypotheses(self, ends: list[Finished], lengths: list[int]) -> list[Hypothesis]:
        """Return the hypothesis of each of ``ends``; ``lengths`` are those of its source."""
        words, parents = (torch.stack(rows).cpu().numpy() for rows in (self.words, self.parents))
        weights = torch.stack(self.attention).cpu().numpy() if self.attention else None
        hypotheses = []
        for end, length in zip(ends, lengths, strict=True):
            steps = np.arange(end.step + 1)
            rows = np.full(end.step + 2, end.row)  # of each step, and of the step before it
            for step in reversed(steps):
                rows[step] = parents[step, rows[step + 1]]
            ids = words[steps, rows[1:]]
            attention = None if weights is None else weights[steps, rows[:-1], :length]
            kept = ids[:-1] if ids[-1] == EOS else ids
            hypotheses.append(Hypothesis(kept, end.score, attention))
        return hypotheses

    def open_words(self) -> Tensor:
        """Return the words (time, batch * beam) of the open hypotheses."""
        row = torch.arange(len(self.words[-1]), device=self.words[-1].device)
        columns = []
        for words, parents in zip(reversed(self.words), reversed(self.parents), strict=True):
            columns.append(words[row])
            row = parents[row]
        return torch.stack(columns[::-1])


@torch.no_grad()
def beam_search(
    model: Translator, source: Tensor, lengths: Tensor, settings: DecodingSettings
) -> list[Hypothesis]:
    """Return the best hypothesis for each column of ``source`` (source, batch), as Graves 2012.

    A sentence ends when ``beam`` hypotheses have ended, or one that no open hypothesis can
    surpass; without an end it ends after ``max_steps``.
    """
    batch, beam, device = source.shape[1], settings.beam, source.device
    rows = torch.arange(batch, device=device).repeat_interleave(beam)
    state = model.decoder.initial_state(model.encoder(source, lengths)).rows(rows)
    words = torch.full((batch * beam,), BOS, device=device)
    # All rows of a sentence are equal at first: only the first is extended.
    scores = torch.full((batch, beam), float("-inf"), device=device)
    scores[:, 0] = 0.0
    ends: list[list[Finished]] = [[] for _ in range(batch)]
    pointers = BackPointers()
    for step in range(settings.max_steps):
        output, state, weights = model.decoder.step(model.decoder.embedding(words), state)
        log_probs = model.logits(output).log_softmax(dim=1)
        mask_special_tokens(log_probs, model.settings)
        if settings.no_repeat_ngram_size and pointers.words:
            block_repeats(log_probs, pointers.open_words(), settings.no_repeat_ngram_size)
        if weights is not None:
            pointers.attention.append(weights)
        scores, words, parents = _extend(scores, log_probs, beam)
        pointers.words.append(words)
        pointers.parents.append(parents)
        scores = _collect(scores, words, ends, step, settings)
        if all(map(_is_done, ends, bounds(scores, settings), [beam] * batch)):
            break
        state = state.rows(parents)
    _close(scores, ends, len(pointers.words) - 1, settings)
    best = [max(finished, key=lambda end: end.value) for finished in ends]
    return pointers.hypotheses(best, lengths.tolist())


def length_normalized(score: float, tokens: int, alpha: float) -> float:
    """Return a total log-probability divided by ((5 + tokens) / 6) ** alpha."""
    return float(score / ((5 + tokens) / 6) ** alpha)


def bounds(scores: Tensor, settings: DecodingSettings) -> list[float]:
    """Return upper bounds of the normalized scores of each sentence's open hypotheses.

    That is the best of ``scores`` (batch, beam) extended to the last step at no cost: scores only
    fall, and the penalty favours length.
    """
    steps, alpha = settings.max_steps, settings.length_penalty
    return [length_normalized(best, steps, alpha) for best in scores.amax(dim=1).tolist()]


def _is_done(finished: list[Finished], bound: float, beam: int) -> bool:
    """Return whether no better hypothesis is possible, or enough have ended."""
    best_possible = bool(finished) and max(end.value for end in finished) >= bound
    return len(finished) >= beam or best_possible


def _extend(scores: Tensor, log_probs: Tensor, beam: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the best ``beam`` continuations: scores (batch, beam), words and parent rows."""
    batch, size = len(scores), log_probs.shape[1]
    totals = (scores.unsqueeze(2) + log_probs.view(batch, beam, size)).flatten(1)
    best, indices = totals.topk(beam, dim=1)
    offsets = torch.arange(batch, device=log_probs.device).unsqueeze(1) * beam
    return best, (indices % size).flatten(), (indices // size + offsets).flatten()


def _collect(
    scores: Tensor,
    words: Tensor,
    ends: list[list[Finished]],
    step: int,
    settings: DecodingSettings,
) -> Tensor:
    """Add the hypotheses that ended at ``step`` and return the scores with these closed."""
    ended = (words == EOS).view_as(scores)
    values = scores.tolist()
    for sentence, place in ended.nonzero().tolist():
        score = values[sentence][place]
        if score != float("-inf") and len(ends[sentence]) < settings.beam:
            value = length_normalized(score, step + 1, settings.length_penalty)
            row = sentence * settings.beam + place
            ends[sentence].append(Finished(value, score, step, row))
    return scores.masked_fill(ended, float("-inf"))


def _close(
    scores: Tensor, ends: list[list[Finished]], step: int, settings: DecodingSettings
) -> None:
    """End the best open hypothesis of each sentence without a finished one."""
    for sentence, finished in enumerate(ends):
        if not finished:
            place = int(scores[sentence].argmax())
            score = float(scores[sentence, place])
            value = length_normalized(score, step + 1, settings.length_penalty)
            finished.append(Finished(value, score, step, sentence * settings.beam + place))


# ---- Rules of both searches ---------------------------------------------------------------------


def mask_special_tokens(log_probs: Tensor, settings: ModelSettings) -> None:
    """Set padding and start of sentence to minus infinity, in place, in (batch, words).

    The lesson's model has learned to predict padding, and may.
    """
    if settings.stop_at_eos:
        log_probs[:, [BOS, PAD]] = float("-inf")


def block_repeats(log_probs: Tensor, words: Tensor, size: int) -> None:
    """Set to minus infinity, in place, what would repeat an n-gram of ``size`` tokens.

    ``log_probs`` is (batch, words), ``words`` (time, batch) the tokens so far.
    """
    columns: list[list[Any]] = words.t().tolist()
    for row, tokens in enumerate(columns):
        last = tokens[len(tokens) - size + 1 :] if size > 1 else []
        starts = range(len(tokens) - size + 1)
        banned = [tokens[at + size - 1] for at in starts if tokens[at : at + size - 1] == last]
        if banned:
            log_probs[row, banned] = float("-inf")
