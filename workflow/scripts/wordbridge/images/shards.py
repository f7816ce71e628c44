"""An image table cut into shards, so that a changed image changes one of them."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from wordbridge.images.table import NO_SPLIT, ImageRow, write_images


def shard_of(image: str, count: int) -> int:
    """Return the shard, of ``count``, of an image: it depends on the image's id alone."""
    return int.from_bytes(hashlib.sha256(image.encode()).digest()[:8]) % count


def write_shards(paths: Sequence[str | Path], images: Iterable[ImageRow]) -> None:
    """Write each image to the table of its shard, in the order given.

    The splits are left out, so that another split is no reason to compute features again.
    """
    shards: list[list[ImageRow]] = [[] for _ in paths]
    for image in images:
        shards[shard_of(image.image, len(paths))].append(image._replace(split=NO_SPLIT))
    for path, shard in zip(paths, shards, strict=True):
        write_images(path, shard)
