"""Beam search (Graves 2012; length penalty of Wu et al. 2016, section 7)."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from wordbridge.corpus.specials import BOS, EOS, PAD
from wordbridge.translation.hypothesis import Hypothesis, block_repeats
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

    def path(self, end: _End, length: int) -> Hypothesis:
        ids, weights, row = [], [], end.row
        for step in range(end.step, -1, -1):
            parent = int(self.parents[step][row])
            ids.append(int(self.words[step][row]))
            if self.attention:
                weights.append(self.attention[step][parent, :length].cpu().numpy())
            row = parent
        ids.reverse()
        attention = np.stack(weights[::-1]) if weights else None
        kept = ids[:-1] if ids[-1] == EOS else ids
        return Hypothesis(np.array(kept, dtype=np.int64), end.score, attention)

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

    A sentence is done when ``beam`` paths have ended; what is open after ``max_steps`` ends there.
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
        logs[:, [BOS, PAD]] = float("-inf")
        if block_ngrams and trail.words:
            block_repeats(logs, trail.so_far(), block_ngrams)
        if attended is not None:
            trail.attention.append(attended)
        scores, words, parents = _extend(scores, logs, beam)
        trail.words.append(words)
        trail.parents.append(parents)
        scores = _collect(scores, words, ends, step, beam, length_penalty)
        if all(len(found) >= beam for found in ends):
            break
        reading = reading.rows(parents)
    _close(scores, ends, len(trail.words) - 1, beam, length_penalty)
    return [
        trail.path(max(found, key=lambda end: end.value), length)
        for found, length in zip(ends, lengths.tolist(), strict=True)
    ]


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
    for sentence, place in ended.nonzero().tolist():
        score = float(scores[sentence, place])
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
