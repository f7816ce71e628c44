"""Picture files out of packages, and into one zip that the jobs after it read."""

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from wordbridge.errors import InputError, located
from wordbridge.sources.archives import climbs, damage_named
from wordbridge.sources.entries import entries
from wordbridge.sources.streams import Bounded

CHUNK = 1 << 20  # bytes
LARGEST = 1 << 28  # bytes of one member; the largest photographs of ImageNet have 16 MB
_NO_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say


def members(package: str | Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of the wanted files in a zip, tar or Debian package, in its order.

    One member is in memory at a time. Raises InputError for a missing or damaged
    archive, a path that leads out of it and a file of more than 256 MB.
    """
    path = Path(package)
    if not path.is_file():
        raise InputError(f"{path}: expected an archive, got no file; correct the path")
    with located(path), damage_named(path):
        for entry in entries(path, path.name):
            if entry.obstacle is not None or not wanted(entry.name):
                continue
            if climbs(entry.name):
                raise InputError(f"member {entry.name!r} climbs out of the archive; refused")
            with entry.open() as packed:
                bounded = Bounded(packed, LARGEST, f"member {entry.name}")
                chunks = []
                while chunk := bounded.read(CHUNK):
                    chunks.append(chunk)
            yield entry.name, b"".join(chunks)


def member(package: str | Path, name: str) -> bytes:
    """Return the bytes of one file in a package; raises InputError if it is not there."""
    for _, data in members(package, lambda path: path == name):
        return data
    raise InputError(f"{package}: expected a member {name}, got none; name the right package")


def add_picture(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Put a picture into a zip so that its bytes repeat: as it is, undated, one mode."""
    info = zipfile.ZipInfo(name, _NO_DATE)
    info.external_attr = 0o644 << 16
    info.create_system = 3  # Unix, on every system
    archive.writestr(info, data, zipfile.ZIP_STORED)
