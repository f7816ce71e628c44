"""Features of images on disk: shards that are written alone and read as one table."""

from collections.abc import Callable, Sequence
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


class Shard(NamedTuple):
    """The features (rows, width) and logits (rows, classes) of images.

    ``failures`` has the images without features, and the reasons.
    """

    rows: list[Row]
    features: NDArray[Any]
    logits: NDArray[np.float16]
    failures: list[tuple[str, str]]


def write_shard(shard: Shard, features: str | Path, logits: str | Path) -> None:
    """Write a shard as ``features``, ``logits`` and, in the folder of the features, two tables.

    ``a/0.npy`` gets ``a/0.tsv`` (set, image and stamp of each row) and ``a/0.failed.tsv``.
    """
    stem = Path(features).with_suffix("")
    for path, array in ((features, shard.features), (logits, shard.logits)):
        with atomic_write(path) as partial, partial.open("wb") as file:
            np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)
    write_tsv(f"{stem}.tsv", HEADER, shard.rows)
    write_tsv(f"{stem}.failed.tsv", ("image", "reason"), shard.failures)


def read_rows(path: str | Path) -> list[Row]:
    """Return the rows of a shard's table; raises InputError for a file of another format."""
    return list(read_tsv(path, HEADER, Row, "extract the features again"))


class FeatureStore:
    """The rows of shards' ``.npy`` files, one after the other, memory-mapped.

    Raises InputError for no shard, a missing or damaged file, and shards of different widths.
    """

    def __init__(self, paths: Sequence[str | Path]):
        if not paths:
            raise InputError("features: expected at least one shard, got none; check run.images")
        self.rows: list[Row] = []
        self._features: list[NDArray[Any]] = []
        self._logits_paths = [Path(path).with_suffix(".logits.npy") for path in paths]
        self._logits: dict[int, NDArray[Any]] = {}
        for path in paths:
            rows = read_rows(Path(path).with_suffix(".tsv"))
            self._features.append(_open_array(path, len(rows)))
            self.rows.extend(rows)
        self._starts = np.cumsum([0, *map(len, self._features)])
        self.width = int(self._features[0].shape[1])
        for path, features in zip(paths, self._features, strict=True):
            if features.shape[1] != self.width:
                got = f"{self.width}, {features.shape[1]} in {path}"
                raise _damaged(paths[0], f"expected the same width in all shards, got {got}")

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def images(self) -> list[tuple[str, str]]:
        """Return (set, image) of every row."""
        return [(row.set, row.image) for row in self.rows]

    def features(self, rows: NDArray[np.integer[Any]]) -> NDArray[np.float32]:
        """Return the features (len(rows), width) of the rows with these indices."""
        return self._gather(rows, self._features.__getitem__)

    def logits(self, rows: NDArray[np.integer[Any]]) -> NDArray[np.float32]:
        """Return the backbone's logits (len(rows), classes) of the rows with these indices."""
        return self._gather(rows, self._shard_logits)

    def _gather(
        self, rows: NDArray[np.integer[Any]], shard: Callable[[int], NDArray[Any]]
    ) -> NDArray[np.float32]:
        if ((rows < 0) | (rows >= len(self))).any():
            raise IndexError(f"rows {rows.min()} to {rows.max()} of {len(self)}")
        gathered = np.empty((len(rows), shard(0).shape[1]), np.float32)
        shards = np.searchsorted(self._starts, rows, side="right") - 1
        for number in np.unique(shards):
            places = np.flatnonzero(shards == number)
            gathered[places] = shard(number)[rows[places] - self._starts[number]]
        return gathered

    def _shard_logits(self, number: int) -> NDArray[Any]:
        if number not in self._logits:
            rows = len(self._features[number])
            self._logits[number] = _open_array(self._logits_paths[number], rows)
        return self._logits[number]


def _open_array(path: str | Path, rows: int) -> NDArray[Any]:
    try:
        if rows:
            array = map_npy(path)
        else:  # an empty file cannot be mapped
            with Path(path).open("rb") as file:
                array = read_npy(file)
    except (OSError, ValueError) as error:
        raise _damaged(path, f"no features can be read ({error})") from error
    if array.ndim != 2 or len(array) != rows or array.dtype not in (np.float16, np.float32):
        got = f"{array.dtype} of shape {array.shape}"
        raise _damaged(path, f"expected {rows} rows of numbers as in its table, got {got}")
    return array


def _damaged(path: str | Path, reason: str) -> InputError:
    return InputError(f"{path}: {reason}; extract the features again")
