"""Byte streams over compressed files and Debian packages, told by their first bytes.

The members of an archive one by one, whatever its format.

One member out of an archive: zip, tar (plain, gz, bz2, xz), deb, or a lone compressed file.

The format is told by the first bytes, never by the name. Members are read as a stream, so memory
is constant, and a member is whole under its final name or not there at all.
"""

import bz2
import errno
import gzip
import io
import lzma
import posixpath
import re
import shutil
import struct
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import IO, Protocol, cast

from wordbridge.errors import InputError, shorten
from wordbridge.files import atomic_write

BLOCK = 512  # bytes of a tar header
AR_MAGIC = b"!<arch>\n"
AR_HEADER = 60  # bytes: name 16, date 12, owner 6, group 6, mode 8, size 10, end 2
AR_SIZE, AR_END = slice(48, 58), b"`\n"
GZIP, BZIP2, XZ, ZSTD = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"


class CorruptArchive(InputError):
    """The archive is cut short, damaged or no archive at all."""


class Readable(Protocol):
    """Anything that gives its next bytes."""

    def read(self, count: int, /) -> bytes:
        """Return at most ``count`` bytes, none at the end."""


class Bounded:
    """A stream that refuses to give more than ``limit`` bytes, so that no disk is filled.

    ``head`` are bytes that were read from the stream already; they come first.
    """

    def __init__(self, stream: Readable, limit: int, words: str, head: bytes = b"") -> None:
        self._stream = stream
        self._limit = self._left = limit
        self._words = words
        self._head = head

    def read(self, count: int, /) -> bytes:
        """Return the next bytes; raises InputError beyond the limit."""
        chunk, self._head = self._head[:count], self._head[count:]
        chunk = chunk or self._stream.read(count)
        self._left -= len(chunk)
        if self._left < 0:
            raise InputError(f"{self._words} unpacks to more than {self._limit} bytes; refused")
        return chunk


class _Slice:
    """The next ``size`` bytes of a file."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file = file
        self._left = size

    def read(self, count: int, /) -> bytes:
        """Return the next bytes; raises CorruptArchive if the file ends too early."""
        wanted = min(count, self._left)
        chunk = self._file.read(wanted)
        self._left -= len(chunk)
        if wanted and not chunk:
            raise CorruptArchive("the Debian package is cut short")
        return chunk


def is_deb(head: bytes) -> bool:
    """Return whether a file that begins like this is a Debian package."""
    return head.startswith(AR_MAGIC)


def is_compressed(head: bytes) -> bool:
    """Return whether ``unpacked`` can unpack a file that begins like this."""
    return head.startswith((GZIP, BZIP2, XZ))


def is_tar(head: bytes) -> bool:
    """Return whether a file that begins like this is a tar archive."""
    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def unpacked(head: bytes, file: IO[bytes]) -> IO[bytes]:
    """Return the unpacked bytes of a file that begins with ``head``, or the file itself."""
    if head.startswith(GZIP):
        return gzip.open(file, "rb")  # type: ignore[return-value]
    if head.startswith(BZIP2):
        return bz2.open(file, "rb")
    return lzma.open(file, "rb") if head.startswith(XZ) else file


@contextmanager
def deb_data(file: IO[bytes], path: Path) -> Iterator[IO[bytes]]:
    """Yield the tar archive of the files that a Debian package installs.

    Raises CorruptArchive if it is damaged, InputError if it needs a program that is missing.
    """
    size = _seek_data(file)
    start = file.tell()
    head = file.read(len(XZ))
    file.seek(start)
    if head.startswith(ZSTD):  # the standard library reads zstd from Python 3.14 on
        with _dpkg_output(path) as stream:
            yield stream
    else:
        yield unpacked(head, cast(IO[bytes], _Slice(file, size)))


def _seek_data(file: IO[bytes]) -> int:
    """Return the size in bytes of the package's data, at whose start the file stands then."""
    file.seek(len(AR_MAGIC))
    while len(header := file.read(AR_HEADER)) == AR_HEADER and header.endswith(AR_END):
        size = int(header[AR_SIZE])
        if size < 0:  # one of -60 would lead back to where it stands, for ever
            break
        if header.startswith(b"data.tar"):
            return size
        file.seek(size + size % 2, io.SEEK_CUR)  # members start at even places
    raise CorruptArchive("the Debian package is cut short or holds no data")


@contextmanager
def _dpkg_output(path: Path) -> Iterator[IO[bytes]]:
    program = shutil.which("dpkg-deb")
    if program is None:
        raise InputError("a Debian package packed with zstd; unpacking it needs dpkg-deb")
    command = [program, "--fsys-tarfile", str(path.absolute())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None  # it was asked for
        try:
            yield process.stdout
            process.stdout.read()
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise CorruptArchive(f"dpkg-deb failed with status {process.returncode}")


CHUNK = 1 << 20  # bytes
# Text packs 3 to 10 times, a table of repeated words 100 times; deflate's bound is 1032.
LARGEST_RATIO = 250
ALWAYS_ALLOWED = 1 << 28  # bytes; below this a high ratio does no harm
ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
COMPRESSED_ENDING = re.compile(r"\.(gz|bz2|xz)$", re.IGNORECASE)
ENCRYPTED = 0x1  # bit of a zip member's flags
LINK_MODE, TYPE_MASK = 0o120000, 0o170000  # Unix file types in a zip member's attributes


@dataclass(frozen=True)
class Entry:
    """One member; ``open`` works until the next entry is asked for."""

    name: str
    open: Callable[[], AbstractContextManager[Readable]]
    obstacle: str | None  # why its bytes cannot be had


def unpacked_limit(archive: Path) -> int:
    """Return the bytes that an archive of this size may unpack to."""
    return max(ALWAYS_ALLOWED, LARGEST_RATIO * archive.stat().st_size)


def entries(archive: Path, name: str) -> Iterator[Entry]:
    """Yield the members one by one; an entry can be opened until the next one is asked for."""
    with archive.open("rb") as file:
        magic = file.read(max(len(AR_MAGIC), len(XZ)))
        file.seek(0)
        if magic.startswith(ZIP_MAGIC):
            yield from _zip_entries(file)
        elif is_deb(magic):
            with deb_data(file, archive) as data:
                yield from _tar_entries(Bounded(data, unpacked_limit(archive), "the archive"))
        else:
            yield from _stream_entries(archive, name, magic, file)


def _stream_entries(archive: Path, name: str, magic: bytes, file: IO[bytes]) -> Iterator[Entry]:
    """Yield the members of a tar archive, packed or not, or the one file that is packed alone."""
    stream = unpacked(magic, file)
    head = stream.read(BLOCK)
    bounded = Bounded(stream, unpacked_limit(archive), "the archive", head)
    if is_tar(head):
        yield from _tar_entries(bounded)
    elif is_compressed(magic):
        yield Entry(COMPRESSED_ENDING.sub("", name), lambda: nullcontext(bounded), None)
    else:
        raise CorruptArchive("no zip, tar, deb or compressed file")


def _zip_entries(file: IO[bytes]) -> Iterator[Entry]:
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            obstacle = None
            if info.flag_bits & ENCRYPTED:
                obstacle = "encrypted; unpack it by hand"
            elif (info.external_attr >> 16) & TYPE_MASK == LINK_MODE:
                obstacle = "a link"
            elif info.is_dir():
                obstacle = "a folder"

            yield Entry(_plain(info.filename), partial(archive.open, info), obstacle)


def _tar_entries(stream: Bounded) -> Iterator[Entry]:
    with tarfile.open(fileobj=cast(IO[bytes], stream), mode="r|") as archive:
        for info in archive:
            obstacle = None
            if info.issym() or info.islnk():
                obstacle = f"a link to {info.linkname}; name that member instead"
            elif info.isdir():
                obstacle = "a folder"
            elif not info.isreg():
                obstacle = "no plain file but a device"
            yield Entry(_plain(info.name), partial(_tar_member, archive, info), obstacle)
    while stream.read(CHUNK):  # what follows the last member carries the checksum
        pass


def _tar_member(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    reader = archive.extractfile(info)
    assert reader is not None  # only links and special files have none
    return reader


def _plain(name: str) -> str:
    return name.removeprefix("./").rstrip("/")


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
    with damage_named(archive), atomic_write(destination) as unfinished:
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
        words = f"archive cut short or damaged ({shorten(problem)}; {size} bytes)"
        raise CorruptArchive(words) from None
    except OSError as problem:
        # All that has a number is the disk's trouble, but for an impossible place to read at.
        if problem.errno not in (None, errno.EINVAL):
            raise
        raise CorruptArchive(f"archive damaged ({problem})") from None
