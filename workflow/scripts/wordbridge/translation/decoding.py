"""Beam search over numericalized sentences, in batches; a beam of 1 is greedy search."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from wordbridge.corpus.special_tokens import BOS, EOS, PAD
from wordbridge.progress import progress
from wordbridge.translation.decoder import EncoderDecoder
from wordbridge.translation.settings import ModelSettings

LONG = 200  # tokens of a source text


@dataclass(frozen=True)
class DecodingSettings:
    """Settings of the search.

    A translation has ``max_steps`` tokens at most. ``length_penalty`` is alpha of Wu et al. 2016,
    section 7 (0: none); ``no_repeat_ngram_size`` forbids repeated n-grams (0: none);
    ``replace_unknown`` replaces unknown words by the source word with the most attention.
    """

    beam: int
    max_steps: int
    length_penalty: float
    no_repeat_ngram_size: int
    replace_unknown: bool
    batch_size: int


class Hypothesis(NamedTuple):
    """Target ids without the end of sentence, and their log-probability.

    ``log_probability`` is in nats, over all tokens and the end of sentence where it was reached.
    ``attention`` (steps, source length) has a row per token and, where it was reached, one for the
    end of sentence.
    """

    ids: NDArray[np.int64]
    log_probability: float
    attention: NDArray[np.float32] | None


def translate_ids(
    model: EncoderDecoder, sentences: Sequence[NDArray[Any]], settings: DecodingSettings
) -> list[Hypothesis]:
    """Return the best hypothesis of each sentence (source ids with the end of sentence)."""
    model.eval()
    device = next(model.parameters()).device
    hypotheses: dict[int, Hypothesis] = {}
    size = settings.batch_size
    order = np.argsort([-len(ids) for ids in sentences], kind="stable")  # the longest first
    # Memory grows with the longest text of a batch, so each long text is a batch by itself.
    long = sum(len(ids) > LONG for ids in sentences)
    batches = [order[start : start + 1] for start in range(long)]
    batches += [order[start : start + size] for start in range(long, len(order), size)]
    for indices in progress(batches, "translating", len(batches), "batch"):
        batch = [torch.as_tensor(sentences[index]) for index in indices]
        lengths = torch.tensor([len(ids) for ids in batch])
        source = pad_sequence(batch, padding_value=PAD).long().to(device)
        outputs = beam_search(model, source, lengths, settings)
        hypotheses.update(zip(indices.tolist(), outputs, strict=True))
    return [hypotheses[index] for index in range(len(sentences))]


class FinishedHypothesis(NamedTuple):
    """A finished hypothesis: its log-probability, its last step, and its row at this step."""

    score: float
    step: int
    row: int

    def value(self, settings: DecodingSettings) -> float:
        """Return the normalized score."""
        return length_normalized(self.score, self.step + 1, settings.length_penalty)


class BackPointers:
    """Words, parent rows and attention of every step, from which hypotheses are read backwards."""

    def __init__(self) -> None:
        self.words: list[Tensor] = []  # each (batch * beam,)
        self.parents: list[Tensor] = []
        self.attention: list[Tensor] = []  # (batch * beam, source), by the parents' rows

    def hypotheses(self, ends: list[FinishedHypothesis], lengths: list[int]) -> list[Hypothesis]:
        """Return the hypothesis of each of ``ends``, whose sources have ``lengths``."""
        words = torch.stack(self.words).cpu().numpy()
        parents = torch.stack(self.parents).cpu().numpy()
        weights = torch.stack(self.attention).cpu().numpy() if self.attention else None
        hypotheses = []
        for end, length in zip(ends, lengths, strict=True):
            steps = np.arange(end.step + 1)
            rows = np.full(end.step + 2, end.row)  # before the first step and after each
            for step in reversed(steps):
                rows[step] = parents[step, rows[step + 1]]
            ids = words[steps, rows[1:]]
            attention = None if weights is None else weights[steps, rows[:-1], :length]
            ids = ids[:-1] if ids[-1] == EOS else ids
            hypotheses.append(Hypothesis(ids, end.score, attention))
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
    model: EncoderDecoder, source: Tensor, lengths: Tensor, settings: DecodingSettings
) -> list[Hypothesis]:
    """Return the best hypothesis for each column of ``source`` (source, batch).

    This is the beam search of Sutskever et al. 2014, section 3.2. The search for a sentence ends
    when ``beam`` hypotheses have ended, when no open hypothesis can surpass the best of these, or
    after ``max_steps``. ``lengths`` (batch,) are on the CPU.
    """
    batch, beam, device = source.shape[1], settings.beam, source.device
    rows = torch.arange(batch, device=device).repeat_interleave(beam)
    state = model.decoder.initial_state(model.encoder(source, lengths)).rows(rows)
    words = torch.full((batch * beam,), BOS, device=device)
    # All rows of a sentence are equal at first: only the first is extended.
    scores = torch.full((batch, beam), float("-inf"), device=device)
    scores[:, 0] = 0.0
    ends: list[list[FinishedHypothesis]] = [[] for _ in range(batch)]
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
        scores = _collect(scores, words, ends, step)
        bounds = _bounds(scores, settings)
        done = [_is_done(*each, settings) for each in zip(ends, bounds, strict=True)]
        if all(done):
            break
        state = state.rows(parents)
    for sentence, finished in enumerate(ends):
        if not finished:  # the best open hypothesis
            column = int(scores[sentence].argmax())
            score, row = float(scores[sentence, column]), sentence * beam + column
            finished.append(FinishedHypothesis(score, len(pointers.words) - 1, row))
    best = [max(finished, key=lambda end: end.value(settings)) for finished in ends]
    return pointers.hypotheses(best, lengths.tolist())


def length_normalized(score: float, tokens: int, alpha: float) -> float:
    """Return a total log-probability divided by ((5 + tokens) / 6) ** alpha."""
    return float(score / ((5 + tokens) / 6) ** alpha)


def _bounds(scores: Tensor, settings: DecodingSettings) -> list[float]:
    """Return an upper bound of the normalized scores of each sentence's open hypotheses.

    The bound is the best of ``scores`` (batch, beam) at the length ``max_steps``: log-probabilities
    only fall, and the penalty favours length.
    """
    steps, alpha = settings.max_steps, settings.length_penalty
    return [length_normalized(best, steps, alpha) for best in scores.amax(dim=1).tolist()]


def _is_done(finished: list[FinishedHypothesis], bound: float, settings: DecodingSettings) -> bool:
    """Return whether no better hypothesis is possible, or enough have ended."""
    return len(finished) >= settings.beam or any(end.value(settings) >= bound for end in finished)


def _extend(scores: Tensor, log_probs: Tensor, beam: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the best ``beam`` continuations of each sentence.

    These are scores (batch, beam), words (batch * beam,) and the rows (batch * beam,) that the
    words extend.
    """
    batch, size = len(scores), log_probs.shape[1]
    totals = (scores.unsqueeze(2) + log_probs.view(batch, beam, size)).flatten(1)
    best, indices = totals.topk(beam, dim=1)
    offsets = torch.arange(batch, device=log_probs.device).unsqueeze(1) * beam
    return best, (indices % size).flatten(), (indices // size + offsets).flatten()


def _collect(
    scores: Tensor, words: Tensor, ends: list[list[FinishedHypothesis]], step: int
) -> Tensor:
    """Add hypotheses that ended at ``step`` to ``ends``; return scores with -inf for these."""
    ended, beam = (words == EOS).view_as(scores), scores.shape[1]
    values = scores.tolist()
    for sentence, column in ended.nonzero().tolist():
        score = values[sentence][column]
        if score != float("-inf") and len(ends[sentence]) < beam:
            ends[sentence].append(FinishedHypothesis(score, step, sentence * beam + column))
    return scores.masked_fill(ended, float("-inf"))


def mask_special_tokens(log_probs: Tensor, settings: ModelSettings) -> None:
    """Set the scores (batch, words) of padding and start of sentence to minus infinity, in place.

    The lesson's model, which is trained to predict padding, keeps both.
    """
    if settings.stop_at_eos:
        log_probs[:, [BOS, PAD]] = float("-inf")


def block_repeats(log_probs: Tensor, words: Tensor, size: int) -> None:
    """Set words that would repeat an n-gram of ``size`` tokens to minus infinity, in place.

    ``log_probs`` is (batch, words); ``words`` (time, batch) are the tokens so far.
    """
    columns: list[list[Any]] = words.t().tolist()
    for row, tokens in enumerate(columns):
        last = tokens[len(tokens) - size + 1 :] if size > 1 else []
        starts = range(len(tokens) - size + 1)
        banned = [tokens[i + size - 1] for i in starts if tokens[i : i + size - 1] == last]
        if banned:
            log_probs[row, banned] = float("-inf")
