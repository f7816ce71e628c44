"""Which image each row of a shard's features belongs to.

Features of images on disk: shards that are written alone and read as one table.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordbridge.arrays import map_npy, read_npy
from wordbridge.errors import InputError
from wordbridge.files import atomic_write, read_tsv, write_tsv


class Row(NamedTuple):
    """The image that a row of features belongs to."""

    set: str
    image: str
    stamp: str


HEADER = Row._fields


def write_rows(path: str | Path, rows: Iterable[Row]) -> None:
    """Write the table of ``rows``, in their order."""
    write_tsv(path, HEADER, rows)


def read_rows(path: str | Path) -> list[Row]:
    """Return the rows of the table at ``path``. Raises InputError when it is no such table."""
    return list(read_tsv(path, HEADER, Row, "extract the features again"))


class Shard(NamedTuple):
    """The features (rows, width) and class scores (rows, classes) of images.

    ``failures`` has the images that were left out, and why.
    """

    rows: list[Row]
    features: NDArray[Any]
    logits: NDArray[np.float16]
    failures: list[tuple[str, str]]


def write_shard(shard: Shard, features: str | Path, logits: str | Path) -> None:
    """Write a shard as ``features``, ``logits`` and, beside the features, two tables.

    ``a/0.npy`` gets ``a/0.tsv`` (set, image and stamp of each row) and ``a/0.failed.tsv``.
    """
    stem = Path(features).with_suffix("")
    _write_array(features, shard.features)
    _write_array(logits, shard.logits)
    write_rows(f"{stem}.tsv", shard.rows)
    write_tsv(f"{stem}.failed.tsv", ("image", "reason"), shard.failures)


class FeatureStore:
    """The rows of all shards, one after the other, read only where they are asked for."""

    def __init__(self, paths: Sequence[str | Path]):
        self.rows: list[Row] = []
        self._features: list[NDArray[Any]] = []
        self._logits = [Path(path).with_suffix(".logits.npy") for path in paths]
        self._opened: dict[int, NDArray[Any]] = {}
        for path in paths:
            rows = read_rows(Path(path).with_suffix(".tsv"))
            self._features.append(_open_array(path, len(rows)))
            self.rows.extend(rows)
        self._starts = np.cumsum([0, *map(len, self._features)])
        self.width = self._common_width(paths)

    @classmethod
    def open(cls, paths: Sequence[str | Path]) -> "FeatureStore":
        """Return the store of shards' ``.npy`` files, in this order.

        Raises InputError when a file is missing or damaged, or shards do not go together.
        """
        if not paths:
            raise InputError("features: expected at least one shard, got none; check run.images")
        return cls(paths)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def images(self) -> list[tuple[str, str]]:
        """Return (set, image) of every row."""
        return [(row.set, row.image) for row in self.rows]

    def features(self, rows: NDArray[np.integer[Any]]) -> NDArray[np.float32]:
        """Return the features (len(rows), width) of the rows with these numbers."""
        return self._gather(rows, self._features.__getitem__, self.width)

    def logits(self, rows: NDArray[np.integer[Any]]) -> NDArray[np.float32]:
        """Return the backbone's own class scores (len(rows), classes), before the softmax."""
        classes = self._shard_logits(0).shape[1]
        return self._gather(rows, self._shard_logits, classes)

    def _gather(
        self, rows: NDArray[np.integer[Any]], shard: Callable[[int], NDArray[Any]], width: int
    ) -> NDArray[np.float32]:
        wanted = np.asarray(rows)
        if ((wanted < 0) | (wanted >= len(self))).any():
            raise IndexError(f"rows {wanted.min()} to {wanted.max()} of {len(self)}")
        gathered = np.empty((len(wanted), width), np.float32)
        owners = np.searchsorted(self._starts, wanted, side="right") - 1
        for number in np.unique(owners):
            here = np.flatnonzero(owners == number)
            gathered[here] = shard(number)[wanted[here] - self._starts[number]]
        return gathered

    def _shard_logits(self, number: int) -> NDArray[Any]:
        if number not in self._opened:
            rows = len(self._features[number])
            self._opened[number] = _open_array(self._logits[number], rows)
        return self._opened[number]

    def _common_width(self, paths: Sequence[str | Path]) -> int:
        width = int(self._features[0].shape[1])
        for path, features in zip(paths, self._features, strict=True):
            if features.shape[1] != width:
                got = f"{features.shape[1]} in {path}"
                raise _fault(paths[0], f"expected the same width in all shards, got {width}, {got}")
        return width


def _open_array(path: str | Path, rows: int) -> NDArray[Any]:
    try:
        array = map_npy(path) if rows else _read_array(path)
    except (OSError, ValueError) as error:
        raise _fault(path, f"no features can be read ({error})") from error
    if array.ndim != 2 or len(array) != rows or array.dtype not in (np.float16, np.float32):
        got = f"{array.dtype} of shape {array.shape}"
        raise _fault(path, f"expected {rows} rows of numbers as its table says, got {got}")
    return array


def _read_array(path: str | Path) -> NDArray[Any]:
    with Path(path).open("rb") as file:
        return read_npy(file)


def _write_array(path: str | Path, array: NDArray[Any]) -> None:
    with atomic_write(path) as partial, partial.open("wb") as file:
        np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)


def _fault(path: str | Path, reason: str) -> InputError:
    return InputError(f"{path}: {reason}; extract the features again")
