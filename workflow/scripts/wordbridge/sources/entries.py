"""The members of an archive one by one, whatever its format."""

import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, cast

from wordbridge.sources.streams import (
    AR_MAGIC,
    BLOCK,
    XZ,
    Bounded,
    CorruptArchive,
    Readable,
    deb_data,
    is_compressed,
    is_deb,
    is_tar,
    unpacked,
)

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
