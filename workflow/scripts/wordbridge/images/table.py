"""Images as a table, its shards, and the bytes of an image in a file or a zip archive."""

import hashlib
import os
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from sys import intern
from typing import NamedTuple

from wordbridge.errors import InputError
from wordbridge.files import read_tsv, write_tsv

PHOTO, DRAWING = "photo", "drawing"
TRAIN, VALID, TEST, UNSEEN, NO_SPLIT = "train", "valid", "test", "unseen", ""


class ImageRow(NamedTuple):
    """An image: its id, its label, its split and the location of its bytes.

    ``image`` is unique in its ``set``; ``synset`` is "" for an image without a label.
    ``member`` is a member of the zip ``archive``, or the path of a file if ``archive`` is "".
    ``stamp`` changes with the content of the image.
    """

    set: str
    image: str
    synset: str
    kind: str
    split: str
    name: str
    fr_name: str
    archive: str
    member: str
    stamp: str


HEADER = ImageRow._fields
# Fields with few distinct values, of which a million rows share the strings.
_SHARED = {"set", "synset", "kind", "split", "name", "fr_name", "archive"}
# Control characters, all that end a line in Python, and bytes of a name that are not UTF-8.
INVALID = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


class MissingImageError(InputError):
    """The file of an image was deleted after the set was listed."""


def write_images(path: str | Path, images: Iterable[ImageRow]) -> None:
    """Write the table of ``images``, with names on one line."""
    rows = (
        image._replace(name=collapse_spaces(image.name), fr_name=collapse_spaces(image.fr_name))
        for image in images
    )
    write_tsv(path, HEADER, rows)


def read_images(path: str | Path) -> list[ImageRow]:
    """Return the images of a table; raises InputError for a file of another format."""
    return list(iterate_images(path))


def iterate_images(path: str | Path) -> Iterator[ImageRow]:
    """Yield the images of a table one at a time; raises as ``read_images`` does."""
    return read_tsv(path, HEADER, _parse_row, "make the table again")


def shard_of(image: str, count: int) -> int:
    """Return the index of an image's shard among ``count``, a function of its id alone."""
    return int.from_bytes(hashlib.sha256(image.encode()).digest()[:8]) % count


def write_shards(paths: Sequence[str | Path], images: Iterable[ImageRow]) -> None:
    """Write each image to the table of its shard, so that a changed image changes one shard.

    The splits are omitted: another split does not change the features.
    """
    shards: list[list[ImageRow]] = [[] for _ in paths]
    for image in images:
        shards[shard_of(image.image, len(paths))].append(image._replace(split=NO_SPLIT))
    for path, shard in zip(paths, shards, strict=True):
        write_images(path, shard)


def read_bytes(image: ImageRow) -> bytes:
    """Return the encoded bytes of an image; several threads may call this at once.

    Raises MissingImageError if only the file is missing, and InputError if its folder or archive is
    missing: an unmounted disk must not silently drop a whole set.
    """
    try:
        if not image.archive:
            return Path(image.member).read_bytes()
        return _open_zip(image.archive, os.getpid()).read(image.member)
    except (FileNotFoundError, NotADirectoryError, KeyError):
        folder = Path(image.member).parent
        only_file = not image.archive and folder.is_dir() and any(folder.iterdir())
        error = MissingImageError if only_file else InputError
        raise error(
            f"image {image.image} of {image.set}: expected {image.archive or 'the file'} "
            f"{image.member}, got none; list the set again"
        ) from None


def content_stamp(data: bytes) -> str:
    """Return the stamp of an image's bytes: 16 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()[:16]


def collapse_spaces(text: str) -> str:
    """Return ``text`` with every run of white space as one space."""
    return " ".join(text.split())


# Opened once, since the directory of a large zip takes long to read, but once per process:
# forked processes would share the file position.
@lru_cache(maxsize=8)
def _open_zip(archive: str, process: int) -> zipfile.ZipFile:
    return zipfile.ZipFile(archive)


def _parse_row(*fields: str) -> ImageRow:
    names = zip(HEADER, fields, strict=True)
    return ImageRow._make(intern(text) if name in _SHARED else text for name, text in names)
