"""Parallel texts in batches of similar length.

After the lesson's two samplers, without their faults: a corpus of one batch or with a short
last batch is no special case, and an epoch's order depends on nothing but (seed, epoch).

Which pairs an epoch learns from: all of the train split, and at first auxiliary ones as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from wordbridge.corpus.ids import TokenIds, read_ids
from wordbridge.corpus.special_tokens import PAD
from wordbridge.errors import InputError

DIRECTIONS = ("fr-en", "en-fr")

Indices = NDArray[np.int64]

_CHUNK_BATCHES = 50  # batches that are sorted together, as in the lesson


def sortish_batches(lengths: ArrayLike, batch_size: int, seed: int, epoch: int) -> list[Indices]:
    """Return batches of indices into ``lengths``: each index once, similar lengths together.

    The indices are shuffled, cut into chunks of 50 batches, each chunk is sorted by falling
    length and cut into batches, and the batches are shuffled; only the batch with the longest
    text stays first, so that a lack of memory shows at once. A pure function of its arguments.
    """
    keys = np.asarray(lengths, dtype=np.int64)
    if not len(keys):
        return []
    # RandomState's stream is frozen for good; that of numpy's newer Generator is not.
    random = np.random.RandomState([seed, epoch])
    shuffled = random.permutation(len(keys))
    batches = [
        batch
        for chunk in _cut(shuffled, _CHUNK_BATCHES * batch_size)
        for batch in _cut(chunk[_falling(keys[chunk])], batch_size)
    ]
    first = int(np.argmax([keys[batch[0]] for batch in batches]))
    others = [batch for number, batch in enumerate(batches) if number != first]
    return [batches[first], *(others[number] for number in random.permutation(len(others)))]


def sorted_batches(lengths: ArrayLike, batch_size: int) -> list[Indices]:
    """Return batches of indices into ``lengths`` by falling length, equal lengths in order."""
    return _cut(_falling(np.asarray(lengths, dtype=np.int64)), batch_size)


def pad(sequences: Sequence[NDArray[Any] | Sequence[int]], pad: int = PAD) -> torch.Tensor:
    """Return the sequences as columns, padded at the end: int64 of shape (time, batch)."""
    time = max(map(len, sequences), default=0)
    padded = np.full((len(sequences), time), pad, dtype=np.int64)
    for row, sequence in zip(padded, sequences, strict=True):
        row[: len(sequence)] = sequence
    return torch.from_numpy(padded).t().contiguous()


@dataclass(frozen=True, eq=False)
class Batch:
    """Padded texts: source (source time, batch), target (target time, batch), lengths (batch).

    ``indices`` are the places of the pairs in their ParallelData. All tensors are int64;
    lengths count the end of sequence.
    """

    indices: torch.Tensor
    source: torch.Tensor
    target: torch.Tensor
    source_lengths: torch.Tensor
    target_lengths: torch.Tensor

    def to(self, device: torch.device | str) -> "Batch":
        """Return the same batch on ``device``."""
        return Batch(**{name: value.to(device) for name, value in vars(self).items()})


@dataclass(frozen=True, eq=False)
class ParallelData:
    """The pairs of one split of the corpus, as ids of the source and the target language.

    ``rows`` are the rows of these pairs in the files, ascending in each split; index i means row
    ``rows[i]``.
    With ``first_tag`` every source text begins with a number that says which version of the
    target language is wanted: ``first_tag`` plus the version's.
    """

    source: TokenIds
    target: TokenIds
    rows: Indices
    first_tag: int | None = None

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.rows)

    @property
    def source_lengths(self) -> Indices:
        """Return the length of each source text, end of sequence included."""
        return self.source.lengths[self.rows] + (self.first_tag is not None)

    @property
    def target_lengths(self) -> Indices:
        """Return the length of each target text, by which the lesson sorts."""
        return self.target.lengths[self.rows]

    def followed_by(self, *others: "ParallelData") -> "ParallelData":
        """Return the pairs of this split and behind them those of other splits of the files."""
        return replace(self, rows=np.concatenate([self.rows, *(other.rows for other in others)]))

    def batch(self, indices: ArrayLike) -> Batch:
        """Return the pairs at ``indices`` (places in this split, from 0) as padded tensors."""
        places = np.asarray(indices, dtype=np.int64)
        rows = self.rows[places]
        sources = [self._tagged(row) for row in rows]
        targets = [self.target[row] for row in rows]
        return Batch(
            indices=torch.from_numpy(places.copy()),
            source=pad(sources),
            target=pad(targets),
            source_lengths=torch.tensor([len(ids) for ids in sources], dtype=torch.int64),
            target_lengths=torch.tensor([len(ids) for ids in targets], dtype=torch.int64),
        )

    def _tagged(self, row: int) -> Indices:
        source = self.source[row].astype(np.int64)
        if self.first_tag is None:
            return source
        return np.concatenate([[self.first_tag + int(self.target.version[row])], source])


def read_parallel(
    fr_path: str | Path,
    en_path: str | Path,
    split: str,
    direction: str = "fr-en",
    first_tag: int | None = None,
) -> ParallelData:
    """Return the pairs of ``split`` from a French and an English ids file.

    ``direction`` "fr-en" makes French the source, "en-fr" English; ``first_tag`` is as in
    ParallelData. Raises InputError when the files do not belong together, the split holds no
    pair, or there are no versions to tag.
    """
    if direction not in DIRECTIONS:
        raise InputError(f"direction {direction!r}: expected one of {', '.join(DIRECTIONS)}")
    fr, en = read_ids(fr_path), read_ids(en_path)
    if len(fr) != len(en) or (fr.split != en.split).any():
        raise InputError(
            f"{fr_path} ({len(fr)} texts) and {en_path} ({len(en)} texts): expected the same "
            "pairs in the same splits, got others; make both again from one table of pairs"
        )
    rows = fr.rows(split)
    if not len(rows):
        raise InputError(
            f"{fr_path}: the split {split!r} holds no pair; enlarge its fraction, or "
            "set auxiliary.use: true for the auxiliary one"
        )
    source, target = (fr, en) if direction == "fr-en" else (en, fr)
    if first_tag is not None and not target.versions:
        raise InputError(
            f"{fr_path}, {en_path}: expected the versions of the texts, which the variant's "
            "tag_versions needs, got a corpus without them; set tag_versions: false"
        )
    return ParallelData(source, target, rows, first_tag)


def _falling(keys: Indices) -> Indices:
    return np.argsort(-keys, kind="stable")


def _cut(indices: Indices, size: int) -> list[Indices]:
    return [indices[start : start + size] for start in range(0, len(indices), size)]


@dataclass(frozen=True)
class AuxiliarySampler:
    """The sizes of the ``train`` split and of the ``auxiliary`` text that stands behind it.

    Each of the first ``epochs`` epochs draws ``drawn`` auxiliary pairs.
    """

    train: int
    auxiliary: int = 0
    drawn: int = 0
    epochs: int = 0

    def indices(self, seed: int, epoch: int) -> NDArray[np.int64]:
        """Return the indices of the pairs of ``epoch`` (from 0), the train split's first.

        The auxiliary ones go round in one order per seed, so that none comes again before all
        have come. A pure function of its arguments.
        """
        own = np.arange(self.train, dtype=np.int64)
        if not self._drawn(epoch):
            return own
        # RandomState's stream is frozen for good; that of numpy's newer Generator is not.
        order = np.random.RandomState([seed, self.auxiliary]).permutation(self.auxiliary)
        turn = np.arange(epoch * self.drawn, (epoch + 1) * self.drawn) % self.auxiliary
        return np.concatenate([own, self.train + order[turn]])

    def steps(self, batch_size: int, epochs: int) -> int:
        """Return the batches of a training of ``epochs`` epochs."""
        sizes = [self.train + self._drawn(epoch) for epoch in range(epochs)]
        return sum(-(-size // batch_size) for size in sizes)

    def _drawn(self, epoch: int) -> int:
        return self.drawn if epoch < self.epochs and self.auxiliary else 0
