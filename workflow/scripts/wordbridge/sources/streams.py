"""Byte streams over compressed files and Debian packages, told by their first bytes."""

import bz2
import gzip
import io
import lzma
import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol, cast

from wordbridge.errors import InputError

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
