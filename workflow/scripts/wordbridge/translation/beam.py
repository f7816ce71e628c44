"""Beam search (Graves 2012; length penalty of Wu et al. 2016, section 7)."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from wordbridge.corpus.specials import BOS, EOS
from wordbridge.translation.hypothesis import Hypothesis, block_repeats, forbid_marks
from wordbridge.translation.translator import Translator


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
    block_ngrams: int = 0,
) -> list[Hypothesis]:
    """Return the best found hypothesis for each column of ``source`` (source, batch).

    A sentence is done when ``beam`` paths have ended, or one that no open path can surpass any
    more; a sentence without an end after ``max_steps`` ends there.
    """
    batch, device = source.shape[1], source.device
    rows = torch.arange(batch, device=device).repeat_interleave(beam)
    reading = model.decoder.start(model.encoder(source, lengths)).rows(rows)
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
        if block_ngrams and trail.words:
            block_repeats(logs, trail.so_far(), block_ngrams)
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
