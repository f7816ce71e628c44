"""Parallel texts in batches of similar length.

The batches are those of the lesson's two samplers without their faults: one batch and a short last
batch are no special cases, and the order of an epoch depends on (seed, epoch) alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch.nn.utils.rnn import pad_sequence

from wordbridge.corpus.ids import TokenIds, read_ids
from wordbridge.corpus.special_tokens import PAD
from wordbridge.errors import InputError

DIRECTIONS = ("fr-en", "en-fr")

Indices = NDArray[np.int64]

_CHUNK_BATCHES = 50  # batches that are sorted together, as in the lesson


def sortish_batches(lengths: ArrayLike, batch_size: int, seed: int, epoch: int) -> list[Indices]:
    """Return batches of indices into ``lengths``: each index once, similar lengths together.

    The indices are shuffled and cut into chunks of 50 batches; each chunk is sorted by descending
    length and cut into batches; the batches are shuffled. The batch with the longest text comes
    first, so that a lack of memory shows at once.
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
        for batch in _cut(chunk[_descending(keys[chunk])], batch_size)
    ]
    first = batches.pop(int(np.argmax([keys[batch[0]] for batch in batches])))
    return [first, *(batches[number] for number in random.permutation(len(batches)))]


def sorted_batches(lengths: ArrayLike, batch_size: int) -> list[Indices]:
    """Return batches of indices into ``lengths`` by descending length, equal lengths in order."""
    return _cut(_descending(np.asarray(lengths, dtype=np.int64)), batch_size)


def _descending(keys: Indices) -> Indices:
    return np.argsort(-keys, kind="stable")


def _cut(indices: Indices, size: int) -> list[Indices]:
    return [indices[start : start + size] for start in range(0, len(indices), size)]


class Batch(NamedTuple):
    """Padded texts: source (source time, batch), target (target time, batch), lengths (batch).

    All tensors are int64; lengths include EOS.
    """

    source: torch.Tensor
    target: torch.Tensor
    source_lengths: torch.Tensor

    def to(self, device: torch.device | str) -> "Batch":
        """Return the same batch on ``device``."""
        return Batch(*(tensor.to(device) for tensor in self))


def pad(sequences: Sequence[NDArray[Any] | Sequence[int]]) -> torch.Tensor:
    """Return the sequences as columns, padded at the end: int64 of shape (time, batch)."""
    columns = [torch.as_tensor(sequence, dtype=torch.int64) for sequence in sequences]
    return pad_sequence(columns, padding_value=PAD)


@dataclass(frozen=True, eq=False)
class ParallelData:
    """The pairs of a split as ids of the source and the target language.

    Index i is the pair in row ``rows[i]`` of the files. With ``first_tag`` every source text
    begins with the tag of its target's version: ``first_tag`` plus the index of the version.
    """

    source: TokenIds
    target: TokenIds
    rows: Indices
    first_tag: int | None = None

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.rows)

    @property
    def target_lengths(self) -> Indices:
        """Return the length of each target text, by which the lesson sorts."""
        return self.target.lengths[self.rows]

    def followed_by(self, *others: "ParallelData") -> "ParallelData":
        """Return the pairs of this split, followed by those of other splits of the same files."""
        return replace(self, rows=np.concatenate([self.rows, *(other.rows for other in others)]))

    def batch(self, indices: ArrayLike) -> Batch:
        """Return the pairs at ``indices`` as padded tensors."""
        rows = self.rows[np.asarray(indices, dtype=np.int64)]
        sources, targets = ([texts[row] for row in rows] for texts in (self.source, self.target))
        if self.first_tag is not None:
            tags = self.first_tag + self.target.version[rows].astype(np.int64)
            sources = [np.append(tag, ids) for tag, ids in zip(tags, sources, strict=True)]
        return Batch(pad(sources), pad(targets), torch.tensor([len(ids) for ids in sources]))


def read_parallel(
    fr_path: str | Path,
    en_path: str | Path,
    split: str,
    direction: str = "fr-en",
    first_tag: int | None = None,
) -> ParallelData:
    """Return the pairs of ``split`` from a French and an English ids file.

    Both files are made from the same table of pairs. The source is French in the ``direction``
    "fr-en", else English. Raises InputError when the split has no pair.
    """
    fr, en = read_ids(fr_path), read_ids(en_path)
    rows = fr.rows(split)
    if not len(rows):
        raise InputError(
            f"{fr_path}: expected pairs in the split {split!r}, got none; enlarge its fraction, or "
            "set auxiliary.use: true for the auxiliary split"
        )
    source, target = (fr, en) if direction == "fr-en" else (en, fr)
    return ParallelData(source, target, rows, first_tag)
