"""Token ids of all texts of a language in one flat array, their file, and the pairs of an epoch."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wordbridge.arrays import damaged, read_npz, write_npz

# The file stores the index of each text's split in this tuple.
SPLITS = ("train", "valid", "test", "auxiliary")

_TYPES = {
    "ids": np.int32,
    "offsets": np.int64,
    "split": np.int8,
    "version": np.int16,
    "names": np.uint8,
}


@dataclass(frozen=True, eq=False)
class TokenIds:
    """Texts as token ids, and the split and version of each.

    Text i is ``ids[offsets[i] : offsets[i + 1]]``, in the split ``SPLITS[split[i]]`` and from
    ``versions[version[i]]``. ``names`` has the versions in UTF-8, one a line; version and names
    are empty for a corpus without versions.
    """

    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]
    split: NDArray[np.int8]
    version: NDArray[np.int16]
    names: NDArray[np.uint8]

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self.split)

    def __getitem__(self, row: int | np.integer) -> NDArray[np.int32]:
        """Return the ids of the text in this row, from 0."""
        return self.ids[self.offsets[row] : self.offsets[row + 1]]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Return the number of ids of each text."""
        return np.diff(self.offsets)

    @property
    def versions(self) -> list[str]:
        """Return the names of the versions by their index in ``version``."""
        return self.names.tobytes().decode().split("\n") if len(self.names) else []

    def rows(self, split: str) -> NDArray[np.int64]:
        """Return the rows of the texts in ``split``, ascending."""
        return np.flatnonzero(self.split == SPLITS.index(split))


def pack(
    id_lists: Iterable[Sequence[int]], splits: Sequence[str], versions: Sequence[str] = ()
) -> TokenIds:
    """Return the texts of ``id_lists`` with the split and, if there are any, version of each."""
    lists = [np.asarray(ids, dtype=np.int32) for ids in id_lists]
    offsets = np.zeros(len(lists) + 1, dtype=np.int64)
    np.cumsum([len(ids) for ids in lists], out=offsets[1:])
    flat = np.concatenate(lists) if lists else np.zeros(0, dtype=np.int32)
    indices = {name: index for index, name in enumerate(dict.fromkeys(versions))}
    return TokenIds(
        flat,
        offsets,
        np.array([SPLITS.index(split) for split in splits], dtype=np.int8),
        np.array([indices[name] for name in versions], dtype=np.int16),
        np.frombuffer("\n".join(indices).encode(), dtype=np.uint8),
    )


def write_ids(texts: TokenIds, path: str | Path) -> None:
    """Write the arrays as .npz; equal texts give equal bytes."""
    write_npz(path, vars(texts), _TYPES)


def read_ids(path: str | Path) -> TokenIds:
    """Return the texts of a file that ``write_ids`` wrote.

    Raises InputError when the file is missing or damaged, or its arrays do not fit together.
    """
    texts = TokenIds(**read_npz(path, _TYPES))
    try:
        fits = (
            len(texts.offsets) == len(texts) + 1
            and texts.offsets[0] == 0
            and texts.offsets[-1] == len(texts.ids)
            and min(texts.lengths.min(initial=0), texts.ids.min(initial=0)) >= 0
            and len(texts.version) in (0, len(texts))
            and np.isin(texts.version, range(len(texts.versions))).all()
            and np.isin(texts.split, range(len(SPLITS))).all()
        )
    except UnicodeDecodeError:
        fits = False
    if not fits:
        raise damaged(path, f"expected {', '.join(_TYPES)} that fit together, got others")
    return texts


@dataclass(frozen=True)
class AuxiliarySampler:
    """The pairs of an epoch: all ``train`` pairs, and auxiliary ones in the first ``epochs``.

    The ``auxiliary`` pairs follow the train pairs; each of the first epochs draws ``drawn``.
    """

    train: int
    auxiliary: int = 0
    drawn: int = 0
    epochs: int = 0

    def indices(self, seed: int, epoch: int) -> NDArray[np.int64]:
        """Return the indices of the pairs of ``epoch`` (from 0), the train pairs first.

        Auxiliary pairs are drawn in one order per seed, none again before all have been drawn.
        """
        train = np.arange(self.train, dtype=np.int64)
        if not self._size(epoch):
            return train
        order = np.random.RandomState([seed, self.auxiliary]).permutation(self.auxiliary)
        drawn = np.arange(epoch * self.drawn, (epoch + 1) * self.drawn) % self.auxiliary
        return np.concatenate([train, self.train + order[drawn]])

    def steps(self, batch_size: int, epochs: int) -> int:
        """Return the number of batches of a training of ``epochs`` epochs."""
        sizes = [self.train + self._size(epoch) for epoch in range(epochs)]
        return sum(-(-size // batch_size) for size in sizes)

    def _size(self, epoch: int) -> int:
        return self.drawn if epoch < self.epochs and self.auxiliary else 0
