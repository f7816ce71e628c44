"""Word alignment by IBM model 1, and how a translator's attention agrees with it.

Model 1 (Brown et al. 1993, section 4.1) has the probability t(e|f) that source word f is translated
by target word e, and aligns each target word with one source word or with none. Links are those of
both directions (Och and Ney 2003, section 4), since one direction alone aligns rare words badly.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from wordbridge.corpus.batches import ParallelData, read_parallel
from wordbridge.corpus.special_tokens import BOS, EOS, PAD
from wordbridge.translation.decoder import EncoderDecoder
from wordbridge.translation.losses import VALIDATION_SCALE, device_batches
from wordbridge.translation.translator import first_tag

ITERATIONS = 5  # of EM, as usual for model 1
TRAINING_PAIRS = 20_000  # at most
TEST_PAIRS = 2_000  # at most
NULL = BOS  # no text has it: a target word without a source word is aligned with it
UNALIGNED = -1

Ids = NDArray[np.int64]


class Model1(NamedTuple):
    """t(e|f) of words that occur in one pair of texts; ``keys`` are f * ``width`` + e, sorted."""

    keys: Ids
    probabilities: NDArray[np.float64]
    width: int

    def table(self, source: Ids, target: Ids) -> NDArray[np.float64]:
        """Return t(e|f) of each source word f (rows) and target word e; 0 for other pairs."""
        keys = source[:, None] * self.width + target
        indices = np.searchsorted(self.keys, keys).clip(max=len(self.keys) - 1)
        is_known = (self.keys[indices] == keys) & (target < self.width)
        return np.where(is_known, self.probabilities[indices], 0.0)

    def align(self, source: Ids, target: Ids) -> Ids:
        """Return the position in ``source`` of each target word, UNALIGNED for NULL."""
        table = self.table(np.concatenate([[NULL], source]), target)
        positions: Ids = np.argmax(table, axis=0) - 1  # without NULL
        return positions


def train_model1(
    sources: Sequence[Ids], targets: Sequence[Ids], iterations: int = ITERATIONS
) -> Model1:
    """Return model 1 after EM from uniform probabilities; NULL is a word of each source text."""
    width = 1 + max((int(target.max(initial=0)) for target in targets), default=0)
    # A link is a source word and a target token of one pair.
    links = [np.zeros(0, np.int64)]  # f * width + e of each
    tokens = [np.zeros(0, np.int64)]  # the number of its target token
    count = 0
    for source, target in zip(sources, targets, strict=True):
        words = np.concatenate([[NULL], source])
        links.append((words[:, None] * width + target).ravel())
        tokens.append(np.tile(np.arange(count, count + len(target)), len(words)))
        count += len(target)
    token_of = np.concatenate(tokens)
    keys, key_of = np.unique(np.concatenate(links), return_inverse=True)
    source_of = keys // width
    probabilities = np.ones(len(keys))
    for _ in range(iterations):
        # Expectation: the probability of each link among the links of its target token.
        posterior = probabilities[key_of]
        posterior /= np.bincount(token_of, posterior)[token_of]
        # Maximization: the relative frequency of target words, for each source word.
        counts = np.bincount(key_of, posterior)
        probabilities = counts / np.bincount(source_of, counts)[source_of]
    return Model1(keys, probabilities, width)


def common_links(forward: Model1, backward: Model1, source: Ids, target: Ids) -> Ids:
    """Return ``forward.align`` where ``backward``, the model of the other direction, agrees."""
    positions = forward.align(source, target)
    reverse = np.append(backward.align(target, source), UNALIGNED)  # at index UNALIGNED, -1
    agrees = (positions != UNALIGNED) & (reverse[positions] == np.arange(len(target)))
    return np.where(agrees, positions, UNALIGNED)


def attention_record(
    model: EncoderDecoder, description: Mapping[str, Any], ids: tuple[str, str], split: str
) -> dict[str, float]:
    """Return the ``attention_statistics`` of the first pairs of ``split``.

    ``description`` is the JSON of the model; ``ids`` are the French and the English file. Both
    models 1 learn from pairs of the train and auxiliary splits, at even distances.
    """
    data = read_parallel(*ids, split, description["direction"], first_tag(description))
    data = replace(data, rows=data.rows[:TEST_PAIRS])
    rows = np.concatenate([data.source.rows(name) for name in ("train", "auxiliary")])
    chosen = rows[np.linspace(0, len(rows) - 1, min(len(rows), TRAINING_PAIRS)).astype(int)]
    sources = [_words(data.source[row]) for row in chosen]
    targets = [_words(data.target[row]) for row in chosen]
    forward = train_model1(sources, targets)
    backward = train_model1(targets, sources)
    alignments = [
        common_links(forward, backward, _words(data.source[row]), _words(data.target[row]))
        for row in data.rows
    ]
    size = int(description["settings"]["training"]["batch_size"] * VALIDATION_SCALE)
    return attention_statistics(model, data, alignments, size)


@torch.no_grad()
def attention_statistics(
    model: EncoderDecoder, data: ParallelData, alignments: Sequence[Ids], batch_size: int
) -> dict[str, float]:
    """Return means over the target words, each predicted after the true previous words.

    ``padding`` is the share of attention on padding, ``entropy`` the entropy of the weights (nats),
    ``uniform_entropy`` that of equal weights. Of the words with a link in ``alignments``,
    ``agreement`` is the share whose highest weight is on the linked source word, ``diagonal`` that
    of a diagonal alignment, and ``chance`` that of a source word at random.
    """
    model.eval()
    tags = int(data.first_tag is not None)
    sums: Counter[str] = Counter()
    for indices, batch in device_batches(model, data, batch_size):
        lengths = batch.source_lengths
        forced = torch.ones(batch.target.shape, dtype=torch.bool)
        decoded = model(batch.source, lengths.cpu(), len(forced), batch.target, forced)
        weights = decoded.attention.double()  # (time, batch, source)
        is_word = batch.target[: len(weights)] != PAD  # models that do not stop may stop early
        is_padding = torch.arange(weights.shape[2], device=lengths.device) >= lengths[:, None]
        values = {
            "words": is_word.double(),
            "padding": (weights * is_padding).sum(dim=2),
            "entropy": torch.special.entr(weights).sum(dim=2),
            "uniform_entropy": lengths.double().log().expand(is_word.shape),
        }
        sums.update({name: value[is_word].sum().item() for name, value in values.items()})
        attended = weights.argmax(dim=2).cpu().numpy()
        for column, index in enumerate(indices):
            source = batch.source[:, column].cpu().numpy()
            sums.update(_agreements(source, tags, alignments[index], attended[:, column]))
    words, links = max(sums["words"], 1), max(sums["links"], 1)
    means = {name: sums[name] / words for name in ("padding", "entropy", "uniform_entropy")}
    shares = {name: sums[name] / links for name in ("agreement", "diagonal", "chance")}
    return means | shares


def _words(ids: NDArray[np.integer]) -> Ids:
    words: Ids = ids[(ids != EOS) & (ids != PAD)].astype(np.int64)
    return words


def _agreements(source: Ids, tags: int, alignment: Ids, attended: Ids) -> dict[str, Any]:
    """Return the number of links, and of those that attention, diagonal and chance agree with.

    ``attended`` has a position in ``source``, with tag, end and padding, for each target word.
    Equal source words count as one.
    """
    words = _words(source)[tags:]
    positions = np.flatnonzero(alignment[: len(attended)] != UNALIGNED)
    linked = words[alignment[positions]]
    diagonal = ((positions + 0.5) * len(words) / len(alignment)).astype(int)
    return {
        "links": len(positions),
        "agreement": int((source[attended[positions]] == linked).sum()),
        "diagonal": int((words[diagonal] == linked).sum()),
        "chance": int((words[:, None] == linked).sum()) / max(len(words), 1),
    }
