"""Features of images on disk: shards that are written alone and read as one table."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordbridge.arrays import map_npy, save_array
from wordbridge.errors import InputError
from wordbridge.files import read_tsv, write_tsv


class Row(NamedTuple):
    """The image that a row of features belongs to."""

    set: str
    image: str
    stamp: str


HEADER = Row._fields


class Shard(NamedTuple):
    """The features (rows, width) and logits (rows, classes) of images.

    ``failures`` has the images without features, each with the reason.
    """

    rows: list[Row]
    features: NDArray[Any]
    logits: NDArray[np.float16]
    failures: list[tuple[str, str]]


def write_shard(shard: Shard, features: str | Path, logits: str | Path) -> None:
    """Write a shard to the files ``features``, ``logits`` and two tables beside the features.

    The tables of a/0.npy are a/0.tsv (set, image and stamp of each row) and a/0.failed.tsv.
    """
    stem = Path(features).with_suffix("")
    save_array(shard.features, features)
    save_array(shard.logits, logits)
    write_tsv(f"{stem}.tsv", HEADER, shard.rows)
    write_tsv(f"{stem}.failed.tsv", ("image", "reason"), shard.failures)


def read_rows(path: str | Path) -> list[tuple[str, str]]:
    """Return (set, image) of each row of a shard; raises InputError for another format."""
    rows = read_tsv(path, HEADER, Row, "extract the features again")
    return [(row.set, row.image) for row in rows]


class FeatureStore:
    """The rows of shards' ``.npy`` files, one after the other, memory-mapped.

    ``images`` has (set, image) of every row, ``width`` is the number of features. Raises InputError
    for no shard, and for a missing or damaged file.
    """

    def __init__(self, paths: Sequence[str | Path]):
        if not paths:
            raise InputError("features: expected at least one shard, got none; check run.images")
        self._paths = paths
        tables = [read_rows(Path(path).with_suffix(".tsv")) for path in paths]
        self.images = [image for table in tables for image in table]
        self._starts = np.cumsum([0, *map(len, tables)])
        self._features = [
            _open_array(path, len(table)) for path, table in zip(paths, tables, strict=True)
        ]
        self.width = int(self._features[0].shape[1])

    def __len__(self) -> int:
        return len(self.images)

    def features(self, rows: NDArray[np.integer[Any]]) -> NDArray[np.float32]:
        """Return the features (len(rows), width) of the given rows."""
        return self._gather(rows, self._features)

    def logits(self, rows: NDArray[np.integer[Any]]) -> NDArray[np.float32]:
        """Return the backbone's logits (len(rows), classes) of the given rows."""
        return self._gather(rows, self._logits)

    @cached_property
    def _logits(self) -> list[NDArray[Any]]:
        return [
            _open_array(Path(path).with_suffix(".logits.npy"), len(features))
            for path, features in zip(self._paths, self._features, strict=True)
        ]

    def _gather(
        self, rows: NDArray[np.integer[Any]], shards: Sequence[NDArray[Any]]
    ) -> NDArray[np.float32]:
        gathered = np.empty((len(rows), shards[0].shape[1]), np.float32)
        shard_of = np.searchsorted(self._starts, rows, side="right") - 1
        for number in np.unique(shard_of):
            in_shard = shard_of == number
            gathered[in_shard] = shards[number][rows[in_shard] - self._starts[number]]
        return gathered


def _open_array(path: str | Path, rows: int) -> NDArray[Any]:
    """Return the memory-mapped array (rows, ...); raises InputError if it is damaged or missing."""
    try:
        array = map_npy(path)
        if array.ndim == 2 and len(array) == rows and array.dtype in (np.float16, np.float32):
            return array
        reason = f"got {array.dtype} of shape {array.shape}"
    except (OSError, ValueError) as error:
        reason = f"no features can be read ({error})"
    raise InputError(
        f"{path}: expected {rows} rows of numbers as in its table, {reason}; extract the features "
        "again"
    )
