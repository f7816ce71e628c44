"""Beam search over numericalized sentences, in batches; a beam of 1 is greedy search."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
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


class Beams(NamedTuple):
    """The open hypotheses of a batch, each in the row ``sentence * beam + column``.

    ``scores`` (batch, beam) are log-probabilities, ``tokens`` (rows, time) the words so far, and
    ``attention`` (rows, time, source) their weights, None before the first or without attention.
    """

    scores: Tensor
    tokens: Tensor
    attention: Tensor | None

    def hypothesis(self, sentence: int, column: int, length: int) -> Hypothesis:
        """Return one of them, whose source has ``length`` tokens, without the end of sentence."""
        row = sentence * self.scores.shape[1] + column
        ids = self.tokens[row].cpu().numpy().copy()
        weights = None
        if self.attention is not None:
            weights = self.attention[row, :, :length].cpu().numpy().copy()
        score = float(self.scores[sentence, column])
        return Hypothesis(ids[:-1] if ids[-1] == EOS else ids, score, weights)

    def extend(self, log_probs: Tensor, weights: Tensor | None) -> tuple["Beams", Tensor]:
        """Return the best continuations of each sentence, and the rows that they extend.

        ``log_probs`` (rows, words) are those of the next word, ``weights`` (rows, source) the
        attention of this step.
        """
        (batch, beam), size = self.scores.shape, log_probs.shape[1]
        totals = (self.scores.unsqueeze(2) + log_probs.view(batch, beam, size)).flatten(1)
        scores, indices = totals.topk(beam, dim=1)
        offsets = torch.arange(batch, device=log_probs.device).unsqueeze(1) * beam
        parents = (indices // size + offsets).flatten()
        words = (indices % size).view(-1, 1)
        tokens = torch.cat([self.tokens[parents], words], dim=1)
        attention = None
        if weights is not None:
            before = [] if self.attention is None else [self.attention]
            attention = torch.cat([*before, weights.unsqueeze(1)], dim=1)[parents]
        return Beams(scores, tokens, attention), parents


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
    beams = Beams(scores, words.new_zeros(batch * beam, 0), None)
    ends: list[list[Hypothesis]] = [[] for _ in range(batch)]
    for _ in range(settings.max_steps):
        output, state, weights = model.decoder.step(model.decoder.embedding(words), state)
        log_probs = model.logits(output).log_softmax(dim=1)
        mask_special_tokens(log_probs, model.settings)
        if settings.no_repeat_ngram_size:
            block_repeats(log_probs, beams.tokens, settings.no_repeat_ngram_size)
        beams, parents = beams.extend(log_probs, weights)
        words = beams.tokens[:, -1]
        ended = (words == EOS).view(batch, beam)
        possible = ended & beams.scores.isfinite()
        for sentence, column in possible.nonzero().tolist():
            if len(ends[sentence]) < beam:
                ends[sentence].append(beams.hypothesis(sentence, column, int(lengths[sentence])))
        beams = beams._replace(scores=beams.scores.masked_fill(ended, float("-inf")))
        bounds = _bounds(beams.scores, settings)
        if all(_is_done(*each, settings) for each in zip(ends, bounds, strict=True)):
            break
        state = state.rows(parents)
    for sentence, finished in enumerate(ends):
        if not finished:  # the best open hypothesis
            column = int(beams.scores[sentence].argmax())
            finished.append(beams.hypothesis(sentence, column, int(lengths[sentence])))
    return [max(finished, key=partial(_normalized, settings)) for finished in ends]


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


def _normalized(settings: DecodingSettings, finished: Hypothesis) -> float:
    """Return the normalized score of a hypothesis that has ended."""
    return length_normalized(
        finished.log_probability, len(finished.ids) + 1, settings.length_penalty
    )


def _is_done(finished: list[Hypothesis], bound: float, settings: DecodingSettings) -> bool:
    """Return whether no better hypothesis is possible, or enough have ended."""
    best = max(
        (_normalized(settings, hypothesis) for hypothesis in finished), default=float("-inf")
    )
    return len(finished) >= settings.beam or best >= bound


def mask_special_tokens(log_probs: Tensor, settings: ModelSettings) -> None:
    """Set the scores (batch, words) of padding and start of sentence to minus infinity, in place.

    The lesson's model, which is trained to predict padding, keeps both.
    """
    if settings.stop_at_eos:
        log_probs[:, [BOS, PAD]] = float("-inf")


def block_repeats(log_probs: Tensor, tokens: Tensor, size: int) -> None:
    """Set words that would repeat an n-gram of ``size`` tokens to minus infinity, in place.

    ``log_probs`` is (rows, words); ``tokens`` (rows, time) are the words so far.
    """
    for row, words in enumerate(tokens.tolist()):
        last = words[len(words) - size + 1 :] if size > 1 else []
        starts = range(len(words) - size + 1)
        banned = [words[i + size - 1] for i in starts if words[i : i + size - 1] == last]
        if banned:
            log_probs[row, banned] = float("-inf")
