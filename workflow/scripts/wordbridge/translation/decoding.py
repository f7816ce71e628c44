"""One translation as ids, and the rule against repeated n-grams.

Beam search (Graves 2012; length penalty of Wu et al. 2016, section 7).

Translations of numbered sentences: greedy or by beam search, in batches, order restored.
"""

from collections.abc import Callable, Sequence
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


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """Target ids without the end of sentence, and how likely they are.

    ``log_probability`` is in nats, over all tokens and the end of sentence where it was reached.
    ``attention`` (steps, source length) has a row per token and one for the end of sentence.
    """

    ids: NDArray[np.int64]
    log_probability: float
    attention: NDArray[np.float32] | None = None


def forbid_marks(logs: Tensor, settings: ModelSettings) -> None:
    """Set the marks that are no words to minus infinity, in place, in ``logs`` (batch, words).

    The lesson's model has learned to say padding, and may.
    """
    if settings.stop_at_eos:
        logs[:, [BOS, PAD]] = float("-inf")


def block_repeats(logs: Tensor, words: Tensor, size: int) -> None:
    """Set to minus infinity, in place, what would repeat an n-gram of ``size`` tokens.

    ``logs`` is (batch, words), ``words`` (time, batch) what stands so far.
    """
    columns: list[list[Any]] = words.t().tolist()
    for row, said in enumerate(columns):
        last = said[len(said) - size + 1 :] if size > 1 else []
        starts = range(len(said) - size + 1)
        banned = [said[at + size - 1] for at in starts if said[at : at + size - 1] == last]
        if banned:
            logs[row, banned] = float("-inf")


def replace_unknown(
    tokens: list[str],
    source: list[str],
    attention: NDArray[Any] | None,
    unknown: str,
    tags: int = 0,
) -> list[str]:
    """Return ``tokens`` with each unknown word replaced by the source word most attended to.

    The first ``tags`` tokens of the source are no words of it.
    """
    if attention is None or len(source) == tags:
        return tokens
    most = attention[:, tags : len(source)].argmax(axis=1) + tags
    return [
        source[int(most[place])] if token == unknown else token
        for place, token in enumerate(tokens)
    ]


class _End(NamedTuple):
    """A finished path: its value, total log-probability, last step and row at that step."""

    value: float
    score: float
    step: int
    row: int


class _Trail:
    """Words, parent rows and attention of every step, from which a path is read backwards."""

    def __init__(self) -> None:
        self.words: list[Tensor] = []  # each (batch * beam,)
        self.parents: list[Tensor] = []
        self.attention: list[Tensor] = []  # (batch * beam, source), by the parents' rows

    def paths(self, ends: list[_End], lengths: list[int]) -> list[Hypothesis]:
        """Return the path to each of ``ends``; ``lengths`` are those of its source."""
        words, parents = (torch.stack(rows).cpu().numpy() for rows in (self.words, self.parents))
        weights = torch.stack(self.attention).cpu().numpy() if self.attention else None
        made = []
        for end, length in zip(ends, lengths, strict=True):
            steps = np.arange(end.step + 1)
            rows = np.full(end.step + 2, end.row)  # of each step, and of the step before it
            for step in reversed(steps):
                rows[step] = parents[step, rows[step + 1]]
            ids = words[steps, rows[1:]]
            attention = None if weights is None else weights[steps, rows[:-1], :length]
            kept = ids[:-1] if ids[-1] == EOS else ids
            made.append(Hypothesis(kept, end.score, attention))
        return made

    def so_far(self) -> Tensor:
        """Return the words (time, batch * beam) of the paths that are still open."""
        row = torch.arange(len(self.words[-1]), device=self.words[-1].device)
        columns = []
        for words, parents in zip(reversed(self.words), reversed(self.parents), strict=True):
            columns.append(words[row])
            row = parents[row]
        return torch.stack(columns[::-1])


def penalised(score: float, tokens: int, alpha: float) -> float:
    """Return a total log-probability divided by ((5 + tokens) / 6) ** alpha."""
    return float(score / ((5 + tokens) / 6) ** alpha)


@torch.no_grad()
def beam_search(
    model: Translator,
    source: Tensor,
    lengths: Tensor,
    *,
    beam: int,
    max_steps: int,
    length_penalty: float = 0.0,
    no_repeat_ngram_size: int = 0,
) -> list[Hypothesis]:
    """Return the best found hypothesis for each column of ``source`` (source, batch).

    A sentence is done when ``beam`` paths have ended, or one that no open path can surpass any
    more; a sentence without an end after ``max_steps`` ends there.
    """
    batch, device = source.shape[1], source.device
    rows = torch.arange(batch, device=device).repeat_interleave(beam)
    reading = model.decoder.initial_state(model.encoder(source, lengths)).rows(rows)
    words = torch.full((batch * beam,), BOS, device=device)
    # All rows of a sentence are the same at first: only the first may go on.
    scores = torch.full((batch, beam), float("-inf"), device=device)
    scores[:, 0] = 0.0
    ends: list[list[_End]] = [[] for _ in range(batch)]
    trail = _Trail()
    for step in range(max_steps):
        state, reading, attended = model.decoder.step(model.decoder.embedding(words), reading)
        logs = model.logits(state).log_softmax(dim=1)
        forbid_marks(logs, model.settings)
        if no_repeat_ngram_size and trail.words:
            block_repeats(logs, trail.so_far(), no_repeat_ngram_size)
        if attended is not None:
            trail.attention.append(attended)
        scores, words, parents = _extend(scores, logs, beam)
        trail.words.append(words)
        trail.parents.append(parents)
        scores = _collect(scores, words, ends, step, beam, length_penalty)
        hopes = [penalised(best, max_steps, length_penalty) for best in scores.amax(dim=1).tolist()]
        if all(map(_done, ends, hopes, [beam] * batch)):
            break
        reading = reading.rows(parents)
    _close(scores, ends, len(trail.words) - 1, beam, length_penalty)
    best = [max(found, key=lambda end: end.value) for found in ends]
    return trail.paths(best, lengths.tolist())


def _done(found: list[_End], hope: float, beam: int) -> bool:
    """Return whether no better end than those ``found`` is possible or looked for.

    ``hope`` is the value of the best open path if it went on to the last step at no cost: scores
    only fall, and the penalty favours length.
    """
    return len(found) >= beam or (bool(found) and max(end.value for end in found) >= hope)


def _extend(scores: Tensor, logs: Tensor, beam: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the best ``beam`` continuations: scores (batch, beam), words and parent rows."""
    batch, size = len(scores), logs.shape[1]
    totals = (scores.unsqueeze(2) + logs.view(batch, beam, size)).flatten(1)
    best, places = totals.topk(beam, dim=1)
    offsets = torch.arange(batch, device=logs.device).unsqueeze(1) * beam
    return best, (places % size).flatten(), (places // size + offsets).flatten()


def _collect(
    scores: Tensor, words: Tensor, ends: list[list[_End]], step: int, beam: int, alpha: float
) -> Tensor:
    """Note the paths that ended at ``step`` and return the scores with these closed."""
    ended = (words == EOS).view_as(scores)
    values = scores.tolist()
    for sentence, place in ended.nonzero().tolist():
        score = values[sentence][place]
        if score != float("-inf") and len(ends[sentence]) < beam:
            row = sentence * beam + place
            ends[sentence].append(_End(penalised(score, step + 1, alpha), score, step, row))
    return scores.masked_fill(ended, float("-inf"))


def _close(scores: Tensor, ends: list[list[_End]], step: int, beam: int, alpha: float) -> None:
    """End the best open path of each sentence in which no path came to its end."""
    for sentence, found in enumerate(ends):
        if not found:
            place = int(scores[sentence].argmax())
            score = float(scores[sentence, place])
            row = sentence * beam + place
            found.append(_End(penalised(score, step + 1, alpha), score, step, row))


@dataclass(frozen=True)
class DecodingSettings:
    """How translations are searched.

    ``max_steps`` tokens at most; ``beam`` 1 is greedy. ``length_penalty`` is alpha of Wu et al.
    2016, section 7 (0: none); ``no_repeat_ngram_size`` forbids repeated n-grams (0: none).
    """

    beam: int = 1
    max_steps: int = 50
    length_penalty: float = 0.0
    no_repeat_ngram_size: int = 0
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
        no_repeat_ngram_size=settings.no_repeat_ngram_size,
    )


@torch.no_grad()
def greedy(
    model: Translator, source: Tensor, lengths: Tensor, settings: DecodingSettings
) -> list[Hypothesis]:
    """Return the best word after the best word for each column of ``source`` (source, batch)."""
    reading = model.decoder.initial_state(model.encoder(source, lengths))
    words = torch.full((source.shape[1],), BOS, device=source.device)
    ended = torch.zeros_like(words, dtype=torch.bool)
    chosen: list[Tensor] = []
    scores, attention = [], []
    for _ in range(settings.max_steps):
        state, reading, attended = model.decoder.step(model.decoder.embedding(words), reading)
        logs = model.logits(state).log_softmax(dim=1)
        forbid_marks(logs, model.settings)
        if settings.no_repeat_ngram_size and chosen:
            block_repeats(logs, torch.stack(chosen), settings.no_repeat_ngram_size)
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
