"""Images as a table, and the bytes of an image wherever it lies."""

import hashlib
import os
import zipfile
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from sys import intern
from typing import NamedTuple

from wordbridge.errors import InputError
from wordbridge.files import read_tsv, write_tsv

PHOTO, DRAWING = KINDS = ("photo", "drawing")
TRAIN, VALID, TEST, UNSEEN, NO_SPLIT = SPLITS = ("train", "valid", "test", "unseen", "")


class ImageRow(NamedTuple):
    """An image of a noun: what it shows, where its bytes are, what split it plays.

    ``image`` is unique in its ``set``; ``synset`` is "" where nobody said what is shown.
    ``member`` is a member of the zip ``archive``, or the path of a file where that is "".
    ``stamp`` changes when the image changes.
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


class GoneImageError(InputError):
    """An image's file was deleted after it had been listed."""


def digest(data: bytes) -> str:
    """Return what stands for the bytes of an image: 16 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()[:16]


def write_images(path: str | Path, images: Iterable[ImageRow]) -> int:
    """Return the number of images written to ``path``, which appears whole or not at all.

    Raises InputError for a path that no line of the table can hold.
    """
    return write_tsv(path, HEADER, map(_written, images))


def read_images(path: str | Path) -> list[ImageRow]:
    """Return the images of the table at ``path``; raises InputError as ``iterate_images``."""
    return list(iterate_images(path))


def iterate_images(path: str | Path) -> Iterator[ImageRow]:
    """Yield the images of the table at ``path`` one at a time.

    Raises InputError when it is no such table.
    """
    return read_tsv(path, HEADER, _shared, "make the table again")


def read_bytes(image: ImageRow) -> bytes:
    """Return the bytes of an image's file, still encoded; several threads may ask at once.

    Raises GoneImageError if the file is not there any more, and InputError if its folder or
    the archive is not: a disk that is not mounted is no reason to do without all its images.
    """
    try:
        if not image.archive:
            return Path(image.member).read_bytes()
        return _opened(image.archive, os.getpid()).read(image.member)
    except (FileNotFoundError, NotADirectoryError, KeyError):
        alone = not image.archive and _holds_any(Path(image.member).parent)
        error = GoneImageError if alone else InputError
        raise error(
            f"image {image.image} of {image.set}: {image.archive or 'the file'} "
            f"{image.member} is gone; list the set again"
        ) from None


def one_line(text: str) -> str:
    """Return ``text`` with every run of white space as one space."""
    return " ".join(text.split())


# Opened once, since the directory of a large zip takes long to read, but once in each process:
# forked ones would share the place where the file is read.
@lru_cache(maxsize=8)
def _opened(archive: str, process: int) -> zipfile.ZipFile:
    return zipfile.ZipFile(archive)


def _holds_any(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _shared(
    set_: str,
    image: str,
    synset: str,
    kind: str,
    split: str,
    name: str,
    fr_name: str,
    archive: str,
    member: str,
    stamp: str,
) -> ImageRow:
    """Return the image of a row.

    A million rows share what they repeat: all but their id, member and stamp.
    """
    return ImageRow(
        intern(set_),
        image,
        intern(synset),
        intern(kind),
        intern(split),
        intern(name),
        intern(fr_name),
        intern(archive),
        member,
        stamp,
    )


def _written(image: ImageRow) -> ImageRow:
    _check_places(image)
    names = {"name": one_line(image.name), "fr_name": one_line(image.fr_name)}
    return image._replace(**names)


def _check_places(image: ImageRow) -> None:
    for field in ("set", "image", "synset", "archive", "member", "stamp"):
        value = getattr(image, field)
        if len(f".{value}.".splitlines()) != 1 or "\t" in value or not _is_utf8(value):
            raise InputError(
                f"image {image.image!a} of {image.set!a}: its {field} holds a tab, a line "
                "end or bytes that are no UTF-8; rename the file"
            )


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
