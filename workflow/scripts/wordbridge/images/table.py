"""Pictures as a table, and the bytes of a picture wherever it lies."""

import hashlib
import os
import zipfile
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from sys import intern
from typing import NamedTuple

from wordbridge.errors import InputError
from wordbridge.files import read_table, write_table

PHOTO, DRAWING = KINDS = ("photo", "drawing")
TRAIN, VALID, TEST, UNSEEN, NO_PART = PARTS = ("train", "valid", "test", "unseen", "")


class Picture(NamedTuple):
    """A picture of a noun: what it shows, where its bytes are, what part it plays.

    ``picture`` is unique in its ``set``; ``synset`` is "" where nobody said what is shown.
    ``member`` is a member of the zip ``archive``, or the path of a file where that is "".
    ``stamp`` changes when the picture changes.
    """

    set: str
    picture: str
    synset: str
    kind: str
    part: str
    name: str
    fr_name: str
    archive: str
    member: str
    stamp: str


HEADER = Picture._fields


class GonePictureError(InputError):
    """A picture's file was deleted after it had been listed."""


def digest(data: bytes) -> str:
    """Return what stands for the bytes of a picture: 16 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()[:16]


def write_pictures(path: str | Path, pictures: Iterable[Picture]) -> int:
    """Return the number of pictures written to ``path``, which appears whole or not at all.

    Raises InputError for a path that no line of the table can hold.
    """
    return write_table(path, HEADER, map(_written, pictures))


def read_pictures(path: str | Path) -> list[Picture]:
    """Return the pictures of the table at ``path``; raises InputError as ``iterate_pictures``."""
    return list(iterate_pictures(path))


def iterate_pictures(path: str | Path) -> Iterator[Picture]:
    """Yield the pictures of the table at ``path`` one at a time.

    Raises InputError when it is no such table.
    """
    return read_table(path, HEADER, _shared, "make the table again")


def read_bytes(picture: Picture) -> bytes:
    """Return the bytes of a picture's file, still encoded; several threads may ask at once.

    Raises GonePictureError if the file is not there any more, and InputError if its folder or
    the archive is not: a disk that is not mounted is no reason to do without all its pictures.
    """
    try:
        if not picture.archive:
            return Path(picture.member).read_bytes()
        return _opened(picture.archive, os.getpid()).read(picture.member)
    except (FileNotFoundError, NotADirectoryError, KeyError):
        alone = not picture.archive and _holds_any(Path(picture.member).parent)
        error = GonePictureError if alone else InputError
        raise error(
            f"picture {picture.picture} of {picture.set}: {picture.archive or 'the file'} "
            f"{picture.member} is gone; list the set again"
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
    picture: str,
    synset: str,
    kind: str,
    part: str,
    name: str,
    fr_name: str,
    archive: str,
    member: str,
    stamp: str,
) -> Picture:
    """Return the picture of a row.

    A million rows share what they repeat: all but their id, member and stamp.
    """
    return Picture(
        intern(set_),
        picture,
        intern(synset),
        intern(kind),
        intern(part),
        intern(name),
        intern(fr_name),
        intern(archive),
        member,
        stamp,
    )


def _written(picture: Picture) -> Picture:
    _check_places(picture)
    names = {"name": one_line(picture.name), "fr_name": one_line(picture.fr_name)}
    return picture._replace(**names)


def _check_places(picture: Picture) -> None:
    for field in ("set", "picture", "synset", "archive", "member", "stamp"):
        value = getattr(picture, field)
        if len(f".{value}.".splitlines()) != 1 or "\t" in value or not _is_utf8(value):
            raise InputError(
                f"picture {picture.picture!a} of {picture.set!a}: its {field} holds a tab, a line "
                "end or bytes that are no UTF-8; rename the file"
            )


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
