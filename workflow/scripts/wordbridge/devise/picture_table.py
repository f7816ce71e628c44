"""Pictures as a table, and the bytes of a picture wherever it lies."""

import hashlib
import os
import zipfile
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from sys import intern
from typing import NamedTuple

from wordbridge.atomic import replacing
from wordbridge.errors import InputError, brief
from wordbridge.table_file import opened_table

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
_REPEATED = tuple(n for n, f in enumerate(HEADER) if f not in ("picture", "member", "stamp"))


def digest(data: bytes) -> str:
    """Return what stands for the bytes of a picture: 16 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()[:16]


def write_pictures(path: str | Path, pictures: Iterable[Picture]) -> int:
    """Return the number of pictures written to ``path``, which appears whole or not at all.

    Raises InputError for a path that no line of the table can hold.
    """
    count = 0
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as table:
        table.write("\t".join(HEADER) + "\n")
        for picture in pictures:
            _check_places(picture)
            names = {"name": one_line(picture.name), "fr_name": one_line(picture.fr_name)}
            table.write("\t".join(picture._replace(**names)) + "\n")
            count += 1
    return count


def read_pictures(path: str | Path) -> list[Picture]:
    """Return the pictures of the table at ``path``; raises InputError as ``iterate_pictures``."""
    return list(iterate_pictures(path))


def iterate_pictures(path: str | Path) -> Iterator[Picture]:
    """Yield the pictures of the table at ``path`` one at a time.

    Raises InputError when it cannot be read, the header is another one or a row has not as many
    columns.
    """
    with opened_table(path, "make it again") as table:
        header = tuple(table.readline().rstrip("\n").split("\t"))
        if header != HEADER:
            raise InputError(
                f"{path}: expected the columns {', '.join(HEADER)}, got "
                f"{brief(', '.join(header))!r}; make the table again"
            )
        for number, line in enumerate(table, start=2):
            fields = line.rstrip("\n").split("\t")
            if len(fields) != len(HEADER):
                raise InputError(
                    f"{path}, line {number}: expected {len(HEADER)} columns, got {len(fields)}; "
                    "make the table again"
                )
            # A million rows share what they repeat: all but their id, member and stamp.
            for column in _REPEATED:
                fields[column] = intern(fields[column])
            yield Picture(*fields)


def read_bytes(picture: Picture) -> bytes:
    """Return the bytes of a picture's file, still encoded; several threads may ask at once.

    Raises InputError if the file or member is not there any more.
    """
    try:
        if not picture.archive:
            return Path(picture.member).read_bytes()
        return _opened(picture.archive, os.getpid()).read(picture.member)
    except (FileNotFoundError, KeyError):
        raise InputError(
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
