"""One member out of an archive: zip, tar (plain, gz, bz2, xz), deb, or a lone compressed file.

The format is told by the first bytes, never by the name. Members are read as a stream, so memory
is constant, and a member is whole under its final name or not there at all.
"""

import errno
import lzma
import posixpath
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path

from wordbridge.atomic import replacing
from wordbridge.errors import InputError, brief
from wordbridge.sources.entries import Entry, entries, unpacked_limit
from wordbridge.sources.streams import Bounded, CorruptArchive

CHUNK = 1 << 20  # bytes


def climbs(member: str) -> bool:
    """Return whether a member's path leads out of the archive, or is no plain relative path."""
    parts = member.split("/")
    return (
        member.startswith("/")
        or ".." in parts
        or "\\" in member
        or "\0" in member
        or re.match(r"[A-Za-z]:", member) is not None
        or posixpath.normpath(member) == "."
    )


def extract_member(
    archive: Path,
    member: str,
    destination: Path,
    size: int | None = None,
    name: str | None = None,
) -> None:
    """Write one member to ``destination``.

    ``name`` is what the archive is called where it comes from, if ``archive`` is not: a lone
    compressed file has one member, that name without its ending.
    Raises CorruptArchive if the archive is damaged, and InputError if the member is not there, is
    no plain file, is encrypted, or unpacks to more than its known ``size`` in bytes.
    """
    if climbs(member):
        raise InputError(f"member {member!r} climbs out of the archive")
    wanted = posixpath.normpath(member)
    seen = []
    found = False
    with damage_named(archive), replacing(destination) as unfinished:
        # To the end even when found: only there do compressed tars show that they are whole.
        for entry in entries(archive, name or archive.name):
            if entry.name == wanted and not found:
                found = True
                _copy(entry, unfinished, size if size is not None else unpacked_limit(archive))
            seen.append(entry.name)
        if not found:
            raise InputError(_not_there(wanted, seen))


def _copy(entry: Entry, destination: Path, limit: int) -> None:
    if entry.obstacle is not None:
        raise InputError(f"member {entry.name} is {entry.obstacle}")
    with entry.open() as packed, destination.open("wb") as file:
        bounded = Bounded(packed, limit, f"member {entry.name}")
        while chunk := bounded.read(CHUNK):
            file.write(chunk)


def _not_there(wanted: str, seen: list[str]) -> str:
    base = posixpath.basename(wanted)
    same = [path for path in seen if posixpath.basename(path) == base]
    nearest = (same + get_close_matches(wanted, seen, n=3, cutoff=0.5))[:3] or sorted(seen)[:3]
    listed = ", ".join(dict.fromkeys(nearest)) or "no files at all"
    return f"no member {wanted} among {len(seen)}; nearest: {listed}"


@contextmanager
def damage_named(archive: Path) -> Iterator[None]:
    """Turn what the readers raise on a damaged archive into one CorruptArchive."""
    problems = (EOFError, IndexError, struct.error, zlib.error, lzma.LZMAError, tarfile.TarError)
    try:
        yield
    except (*problems, zipfile.BadZipFile, NotImplementedError, ValueError) as problem:
        size = archive.stat().st_size
        words = f"archive cut short or damaged ({brief(problem)}; {size} bytes)"
        raise CorruptArchive(words) from None
    except OSError as problem:
        # All that has a number is the disk's trouble, but for an impossible place to read at.
        if problem.errno not in (None, errno.EINVAL):
            raise
        raise CorruptArchive(f"archive damaged ({problem})") from None
