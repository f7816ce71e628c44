"""Archives: zip, tar (plain, gz, bz2, xz), Debian packages, and single compressed files.

The first bytes decide the format, never the name. Members are streamed, so memory is constant
(except for a Debian package, which is read whole), and limits on the unpacked bytes protect the
disk.
"""

import bz2
import errno
import gzip
import io
import lzma
import posixpath
import re
import shutil
import stat
import struct
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from pathlib import Path, PureWindowsPath
from typing import IO, cast
from unicodedata import normalize

from wordbridge.errors import InputError, shorten
from wordbridge.files import atomic_write

CHUNK = 1 << 20  # bytes
# Text packs 3 to 10 times, a table of repeated words 100 times; deflate's bound is 1032.
MAX_RATIO = 250
ALWAYS_ALLOWED = 1 << 28  # bytes; below this a high ratio is harmless
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_ZIP_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
_GZIP, _BZIP2, _XZ, _ZSTD = b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"
_UNSUPPORTED = {  # by their first bytes
    _ZSTD: "zstd",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!\x1a\x07": "rar",
    b"LZIP": "lzip",
    b"\x04\x22\x4d\x18": "lz4",
    b"\x1f\x9d": "compress (.Z)",
    b"\x5d\0\0": "lzma",
    b"MSCF": "cab",
}
_AR = b"!<arch>\n"
_AR_HEADER = 60  # bytes: name 16, date 12, owner 6, group 6, mode 8, size 10, end 2
_AR_SIZE, _AR_END = slice(48, 58), b"`\n"


class CorruptArchive(InputError):
    """The archive is truncated, damaged or no archive at all."""


@dataclass(frozen=True)
class Entry:
    """One member; it can be opened until the iteration reaches the next one."""

    name: str
    open: Callable[[], AbstractContextManager[IO[bytes]]]
    unreadable_reason: str | None

    def chunks(self, limit: int) -> Iterator[bytes]:
        """Yield the bytes. Raises InputError for more than ``limit``, and for no plain file."""
        if self.unreadable_reason is not None:
            raise InputError(f"member {self.name} is {self.unreadable_reason}")
        size = 0
        with self.open() as stream:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > limit:
                    raise InputError(
                        f"member {self.name} unpacks to more than {limit} bytes; refused"
                    )
                yield chunk


def extract_member(
    archive: Path, member: str, destination: Path, size: int | None = None, name: str | None = None
) -> None:
    """Write one member to ``destination``.

    ``name`` is the archive's original name, if ``archive`` has another: the only member of a
    single compressed file has that name without its ending.
    Raises CorruptArchive if the archive is damaged, and InputError if the member is missing, no
    plain file or encrypted, or unpacks to more than its expected ``size`` in bytes.
    """
    if escapes_archive(member):
        raise InputError(f"member {member!r} escapes the archive; expected a relative path")
    path = posixpath.normpath(_plain(member))
    limit = max(ALWAYS_ALLOWED, MAX_RATIO * archive.stat().st_size) if size is None else size
    names = []
    with corrupt_archive_errors(archive), atomic_write(destination) as unfinished:
        # Read to the end, because only there a compressed tar proves that it is complete.
        for entry in entries(archive, name or archive.name):
            if entry.name == path and path not in names:
                with unfinished.open("wb") as file:
                    file.writelines(entry.chunks(limit))
            names.append(entry.name)
        if path not in names:
            names = [name for name in names if not name.startswith("__MACOSX")]
            same = [name for name in names if Path(name).name == Path(path).name]
            nearest = (same + get_close_matches(path, names, n=3, cutoff=0.5) or sorted(names))[:3]
            listed = ", ".join(dict.fromkeys(nearest)) or "no files at all"
            raise InputError(f"no member {path} among {len(names)}; nearest: {listed}")


def escapes_archive(member: str) -> bool:
    """Return whether a member's path leads out of the archive, or is no plain relative path."""
    path = PureWindowsPath(member)  # splits at slashes of both kinds
    return bool(path.anchor) or ".." in path.parts or not path.parts or "\0" in member


def entries(archive: Path, name: str) -> Iterator[Entry]:
    """Yield the members one by one; ``name`` is the original name of the archive.

    The readers' errors on a damaged archive are translated by ``corrupt_archive_errors``.
    """
    with archive.open("rb") as file:
        magic = file.read(len(_AR))
        file.seek(0)
        if magic.startswith(_ZIP):
            yield from _zip_entries(file)
        elif magic == _AR:
            with _deb_data(file, archive) as data:
                yield from _tar_entries(data)
        else:
            yield from _stream_entries(file, magic, name)


@contextmanager
def corrupt_archive_errors(archive: Path) -> Iterator[None]:
    """Raise a CorruptArchive for anything that the readers raise on a damaged archive."""
    formats = (struct.error, zlib.error, lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile)
    try:
        yield
    except (*formats, EOFError, IndexError, NotImplementedError, ValueError, OSError) as error:
        # An error with a number is the disk's, except for a seek to an impossible offset.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        size = archive.stat().st_size
        raise CorruptArchive(
            f"archive truncated or damaged ({shorten(error)}; {size} bytes)"
        ) from None


def _zip_entries(file: IO[bytes]) -> Iterator[Entry]:
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            reason = None
            if info.flag_bits & 1:
                reason = "encrypted; unpack it manually"
            elif info.compress_type not in _ZIP_METHODS:
                reason = f"packed by method {info.compress_type}; pack it with deflate"
            elif stat.S_ISLNK(info.external_attr >> 16):  # a Unix file mode
                reason = "a link"
            elif info.filename.endswith(("/", "\\")):
                reason = "a folder"
            name = info.filename
            if not info.flag_bits & 0x800:  # macOS does not mark its names as UTF-8
                with suppress(UnicodeError):
                    name = name.encode("cp437").decode()
            yield Entry(_plain(name), partial(_open_zip_member, archive, info), reason)


@contextmanager
def _open_zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[IO[bytes]]:
    """Open a member whose damage does not concern the others."""
    try:
        with archive.open(info) as stream:
            yield stream
    except (zlib.error, lzma.LZMAError, zipfile.BadZipFile, EOFError, ValueError) as error:
        raise CorruptArchive(f"damaged in the archive ({shorten(error)})") from None


def _stream_entries(file: IO[bytes], magic: bytes, name: str) -> Iterator[Entry]:
    """Yield the members of a tar archive, compressed or not, or the single compressed file."""
    stream = _decompressed(magic, file)
    head = stream.read(tarfile.BLOCKSIZE)
    stream.seek(0)
    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        if stream is file:
            for start, kind in _UNSUPPORTED.items():
                if magic.startswith(start):
                    raise InputError(f"{kind} is not supported; unpack it first") from None
            raise CorruptArchive("no zip, tar, deb or compressed file") from None
        member = re.sub(r"\.(gz|bz2|xz)$", "", name, flags=re.IGNORECASE)
        yield Entry(_plain(member), lambda: nullcontext(stream), None)
    else:
        yield from _tar_entries(stream)


def _decompressed(magic: bytes, file: IO[bytes]) -> IO[bytes]:
    """Return the decompressed bytes of a file that begins with ``magic``, or the file itself."""
    if magic.startswith(_GZIP):
        return gzip.open(file, "rb")  # type: ignore[return-value]
    if magic.startswith(_BZIP2):
        return bz2.open(file, "rb")
    return lzma.open(file, "rb") if magic.startswith(_XZ) else file


def _tar_entries(stream: IO[bytes]) -> Iterator[Entry]:
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for info in archive:
            reason = None
            if info.issym() or info.islnk():
                reason = f"a link to {info.linkname}; name that member instead"
            elif info.isdir():
                reason = "a folder"
            elif not info.isreg():
                reason = "a device, not a plain file"
            # Only links and special files have no reader.
            reader = cast(Callable[[], IO[bytes]], partial(archive.extractfile, info))
            yield Entry(_plain(info.name), reader, reason)
    while stream.read(CHUNK):  # the checksum follows the last member
        pass


def _plain(name: str) -> str:
    """Return a member's name in NFC, with slashes where Windows has written backslashes."""
    return normalize("NFC", name).replace("\\", "/").removeprefix("./").rstrip("/")


@contextmanager
def _deb_data(file: IO[bytes], path: Path) -> Iterator[IO[bytes]]:
    """Yield the tar archive of the files that a Debian package installs."""
    data = _read_deb_data(file)
    if not data.startswith(_ZSTD):
        yield _decompressed(data, io.BytesIO(data))
        return
    program = shutil.which("dpkg-deb")  # the standard library reads zstd from Python 3.14 on
    if program is None:
        raise InputError("a Debian package with zstd compression; unpacking it needs dpkg-deb")
    command = [program, "--fsys-tarfile", str(path.absolute())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None  # it is a pipe
        yield process.stdout
    if process.returncode != 0:
        raise CorruptArchive(f"dpkg-deb failed with status {process.returncode}")


def _read_deb_data(file: IO[bytes]) -> bytes:
    """Return the packed tar archive in a Debian package."""
    length = file.seek(0, io.SEEK_END)
    file.seek(len(_AR))
    while len(header := file.read(_AR_HEADER)) == _AR_HEADER and header.endswith(_AR_END):
        size = int(header[_AR_SIZE])
        if not 0 <= size <= length - file.tell():  # -60 would lead back to this header forever
            break
        if header.startswith(b"data.tar"):
            return file.read(size)
        file.seek(size + size % 2, io.SEEK_CUR)  # members start at even offsets
    raise CorruptArchive("the Debian package is truncated or has no data")
