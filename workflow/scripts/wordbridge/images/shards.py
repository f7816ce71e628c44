"""A picture table cut into shards, so that a changed picture changes one of them."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from wordbridge.images.table import NO_PART, Picture, write_pictures


def shard_of(picture: str, count: int) -> int:
    """Return the shard, of ``count``, of a picture: it depends on the picture's id alone."""
    return int.from_bytes(hashlib.sha256(picture.encode()).digest()[:8]) % count


def write_shards(paths: Sequence[str | Path], pictures: Iterable[Picture]) -> None:
    """Write each picture to the table of its shard, in the order given.

    The parts are left out, so that another split is no reason to compute features again.
    """
    shards: list[list[Picture]] = [[] for _ in paths]
    for picture in pictures:
        shards[shard_of(picture.picture, len(paths))].append(picture._replace(part=NO_PART))
    for path, shard in zip(paths, shards, strict=True):
        write_pictures(path, shard)
