"""Fetching of resources: from the store of verified files, else from the first working location.

The store has files under their sha256, survives the deletion of results and needs no network.
Next comes the file that a user may have put into the folder for manual downloads under the
resource's name, then the locations of the configuration in their order.

In the folder of the store

- ``<sha256>`` is a verified file, read-only,
- ``known/<key>`` is a note: the sha256 of the file at a location without a checksum,
- ``work/<key>/`` is for a file that is being fetched; a partial download stays there,
- ``locks/<key>`` lets one process at a time fetch one file.
"""

import errno
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from wordbridge.errors import InputError, with_location
from wordbridge.files import DiskError, atomic_write, file_sha256, lock, partial_path
from wordbridge.sources.archives import CorruptArchive, extract_member
from wordbridge.sources.download import PartialDownload, download, looks_like_html
from wordbridge.sources.locations import Location, download_package, parse_location

PARTIAL = "part"  # a partial download in a workspace
READ_ONLY = 0o444  # names elsewhere are hard links: writing through one would change the store
FULL_DISK = (errno.ENOSPC, errno.EDQUOT)


class Mismatch(InputError):
    """A file is not the expected one."""


def fetch(
    name: str,
    resource: Mapping[str, Any],
    destination: Path,
    store: Path,
    manual: Path,
    attempts: int = 5,
    omission: str = "",
) -> tuple[str, str]:
    """Put the verified file of a resource at ``destination``; return its sha256 and origin.

    ``resource`` is the configuration's entry; ``store`` and ``manual`` are folders; ``attempts``
    counts failures in a row at one address; ``omission`` has the settings that avoid the resource,
    "" if there are none. The origin is "store" or the location. Raises InputError if no location
    has the file (with the reason of each), or if the disk is full.
    """
    job = FetchJob(
        resource.get("sha256"), resource.get("size"), Store(store), manual / name, attempts
    )
    with with_location(f"resource {name}"):
        try:
            sha256, origin = job.run(map(parse_location, resource["locations"]), omission)
            job.store.link(sha256, destination)
        except OSError as error:
            remedy = "free some space" if error.errno in FULL_DISK else "check the folder"
            raise InputError(f"{error}; {remedy} and run again ({store})") from error
    if job.sha256 is None:
        print(
            f"resource {name}: to pin this file, set sha256: {sha256}; to fetch it again, delete "
            f"{job.store.notes} and {destination}",
            file=sys.stderr,
        )
    return sha256, origin


@dataclass(frozen=True)
class FetchJob:
    """One resource that is fetched into a store; ``sha256`` and ``size`` are the expected ones."""

    sha256: str | None
    size: int | None
    store: "Store"
    manual: Path
    attempts: int

    def run(self, locations: Iterable[Location], omission: str) -> tuple[str, str]:
        """Return the sha256 of the file, which is in the store then, and its origin."""
        if self.sha256 and self.store.has(self.sha256, self.size):
            return self.sha256, "store"
        reasons: list[str] = []
        for location in (Location(path=self.manual), *locations):
            try:
                return self._fetch(location, self.sha256, self.size), str(location)
            except (InputError, OSError) as error:
                if isinstance(error, DiskError) or getattr(error, "errno", None) in FULL_DISK:
                    raise
                reasons.append(f"({len(reasons) + 1}) {location}: {error}")
                if location.path != self.manual or self.manual.exists():
                    print(f"{location}: {error}", file=sys.stderr)
        checksum = f" with sha256 {self.sha256}" if self.sha256 else ""
        omit = f"; or leave it out with {omission}" if omission else ""
        raise InputError(
            f"none of {len(reasons)} locations has it: {'; '.join(reasons)}. Correct the "
            f"locations in the configuration, or put the file{checksum} at {self.manual}, and "
            f"run again{omit}"
        )

    def _fetch(self, location: Location, sha256: str | None, size: int | None) -> str:
        """Return the sha256 of the file at a location; the store has the file then."""
        if location.path and not location.path.is_file():
            raise InputError("no such file")
        key = location.key()
        note = self.store.notes / key
        with self.store.workspace(key, str(location)) as folder:
            actual = sha256
            if sha256 is None and note.is_file():
                actual = note.read_text(encoding="utf-8").partition("\n")[0]
            if actual and self.store.has(actual, size):
                return actual
            if location.member is None:
                actual = self._add(location, folder, sha256, size)
            else:
                actual = self._extract(location, location.member, folder)
            if not location.path:  # a local file is read each time
                with atomic_write(note) as unfinished:
                    unfinished.write_text(f"{actual}\n{location}\n", encoding="utf-8")
            return actual

    def _extract(self, location: Location, member: str, folder: Path) -> str:
        """Return the sha256 of an archive's member, which is in the store then."""
        source, sha256 = replace(location, member=None), location.archive_sha256
        if location.path:
            check_file(location.path, sha256)
        archive = location.path or self.store.path(self._fetch(source, sha256, None))
        try:
            file = folder / "member"
            extract_member(archive, member, file, self.size, location.filename)
            return self.store.add(file, self.sha256, self.size)
        except (CorruptArchive, Mismatch):
            if sha256 is None:  # else a damaged archive would be used forever
                (self.store.notes / source.key()).unlink(missing_ok=True)
            raise

    def _add(self, location: Location, folder: Path, sha256: str | None, size: int | None) -> str:
        """Move the file or archive at a location into the store and return its sha256."""
        path = folder / PARTIAL
        resumed = False
        if location.path:  # a copy, because the original stays the user's
            path = Path(shutil.copyfile(location.path, folder / "copy"))
        elif location.url:
            resumed = download(location.url, path, size, self.attempts)
        else:
            path = download_package(location, folder)
        try:
            with path.open("rb") as file:
                html = looks_like_html(file.read(512), location.filename)
            if html and file_sha256(path) != sha256:
                raise Mismatch("expected the file, got a web page (HTML)")
            return self.store.add(path, sha256, size)
        except Mismatch:
            PartialDownload(path).discard()
            if not resumed:
                raise
            # A power cut, for example, may have damaged the earlier part.
            print(f"{location}: wrong checksum after resuming; starting again", file=sys.stderr)
            return self._add(location, folder, sha256, size)


class Store:
    """Verified files in one folder, safe for several processes at once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.notes = root / "known"  # about locations without checksums

    def path(self, sha256: str) -> Path:
        """Return the path of the file with this checksum."""
        return self.root / sha256

    def has(self, sha256: str, size: int | None = None) -> bool:
        """Return whether the file is here, with ``size`` bytes; a damaged one is deleted."""
        path = self.path(sha256)
        if not path.is_file():
            return False
        try:
            check_file(path, sha256)
        except Mismatch as error:
            print(f"{path} is damaged ({error}): it is fetched again", file=sys.stderr)
            path.unlink(missing_ok=True)
            return False
        return size in (None, path.stat().st_size)

    def add(self, path: Path, sha256: str | None = None, size: int | None = None) -> str:
        """Move a file into the store and return its sha256.

        Raises Mismatch, and does not move the file, if it is not the expected one.
        """
        actual = check_file(path, sha256, size)
        with path.open("rb") as file:
            os.fsync(file.fileno())
        path.replace(self.path(actual))
        # Last: a read-only partial download of a killed process would stop the next one.
        self.path(actual).chmod(READ_ONLY)
        return actual

    def link(self, sha256: str, destination: Path) -> None:
        """Hard-link the file to ``destination``, atomically; copy it where that is impossible."""
        destination.parent.mkdir(parents=True, exist_ok=True)
        partial = partial_path(destination)
        try:
            partial.unlink(missing_ok=True)
            os.link(self.path(sha256), partial)
            partial.replace(destination)
        except OSError:  # another file system, one without hard links, or too many of them
            with atomic_write(destination) as copy:
                shutil.copyfile(self.path(sha256), copy)
            destination.chmod(READ_ONLY)
        finally:
            # A rename between two names of one file does nothing and leaves both.
            partial.unlink(missing_ok=True)

    @contextmanager
    def workspace(self, key: str, description: str) -> Iterator[Path]:
        """Yield a folder that only this process uses until the block ends.

        The folder is deleted on success; after an error it keeps a partial download.
        """
        folder = self.root / "work" / key
        with lock(self.root / "locks" / key, f"fetches {description}"):
            folder.mkdir(parents=True, exist_ok=True)
            for path in folder.iterdir():
                if path.is_dir():
                    shutil.rmtree(path)
                elif not path.name.startswith(PARTIAL):
                    path.unlink()
            yield folder
            shutil.rmtree(folder)


def check_file(path: Path, sha256: str | None, size: int | None = None) -> str:
    """Return a file's sha256; raises Mismatch if that or the size in bytes is another one."""
    actual_size = path.stat().st_size
    if size is not None and actual_size != size:
        raise Mismatch(f"expected {size} bytes, got {actual_size}")
    actual = file_sha256(path)
    if sha256 is not None and actual != sha256:
        raise Mismatch(f"expected sha256 {sha256}, got {actual} ({actual_size} bytes)")
    return actual
