"""A resource under its final name: from the store, or from the first place that gives it.

The store comes first and needs no network. Then comes the file that a person may have put into
the folder for manual downloads under the resource's name, then the configured places in order.
"""

import errno
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from wordbridge.atomic import Refused
from wordbridge.digests import sha256_of
from wordbridge.errors import InputError
from wordbridge.sources.archives import extract_member
from wordbridge.sources.http import download
from wordbridge.sources.pages import HEAD, is_page_name, looks_like_page
from wordbridge.sources.part import Part
from wordbridge.sources.places import LocalPlace, PackagePlace, Place, UrlPlace
from wordbridge.sources.registry import download_package
from wordbridge.sources.resource import Resource, parse_resource
from wordbridge.sources.store import PART, Mismatch, Store, verify
from wordbridge.sources.streams import CorruptArchive

FULL_DISK = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class Receipt:
    """What was fetched; everything but ``origin`` depends on the bytes and the configuration."""

    name: str
    sha256: str
    size: int  # bytes
    licence: str
    citation: str
    origin: str  # the place in words, or "store"


@dataclass(frozen=True)
class _Errand:
    """One resource on its way into one store."""

    resource: Resource
    store: Store
    attempts: int
    omission: str


def fetch(
    name: str,
    resource: Mapping[str, object],
    destination: Path,
    store: Path,
    manual: Path,
    attempts: int = 5,
    omission: str = "",
) -> Receipt:
    """Return the receipt of the resource, which lies verified at ``destination`` then.

    ``resource`` is the configuration's entry, ``store`` and ``manual`` are folders,
    ``attempts`` counts tries in a row at one address, and ``omission`` are the settings that do
    without the resource, if any do. Raises InputError if the entry is wrong, if
    no place gives the resource (with each place's reason), or if the disk is full.
    """
    parsed = parse_resource(name, resource)
    errand = _Errand(parsed, Store(store), attempts, omission)
    try:
        sha256, origin = _obtain(errand, LocalPlace(path=manual / name))
        errand.store.link(sha256, destination)
    except OSError as problem:
        remedy = "make room and run again" if problem.errno in FULL_DISK else "check the folder"
        raise InputError(f"resource {name}: {problem}; {remedy} ({store})") from problem
    if parsed.sha256 is None:
        print(
            f"resource {name}: to pin these bytes, set sha256: {sha256}; to fetch anew what a "
            f"place gave once, delete {errand.store.notes} and {destination}",
            file=sys.stderr,
        )
    size = destination.stat().st_size
    return Receipt(name, sha256, size, parsed.licence, parsed.citation, origin)


def _obtain(errand: _Errand, by_hand: LocalPlace) -> tuple[str, str]:
    """Return the sha256 of the resource's bytes, which are in the store then, and their origin."""
    resource = errand.resource
    if resource.sha256 and errand.store.holds(resource.sha256):
        _check_size(resource, errand.store.path(resource.sha256).stat().st_size)
        return resource.sha256, "store"
    reasons: list[str] = []
    for place in (by_hand, *resource.places):
        try:
            return _from_place(errand, place), str(place)
        except (InputError, OSError) as problem:
            full = isinstance(problem, OSError) and problem.errno in FULL_DISK
            if full or isinstance(problem, Refused):
                raise
            reasons.append(f"({len(reasons) + 1}) {place}: {problem}")
            if place is not by_hand or by_hand.path.exists():
                print(f"resource {resource.name}: {place}: {problem}", file=sys.stderr)
    raise InputError(
        f"resource {resource.name}: none of {len(reasons)} places gave it: {'; '.join(reasons)}. "
        f"{_remedies(errand, by_hand)}"
    )


def _check_size(resource: Resource, size: int) -> None:
    """Raise InputError when bytes with the right sha256 have another size: nothing gives those."""
    if resource.size not in (None, size):
        raise InputError(
            f"resource {resource.name}: size: expected {size} bytes, since the bytes with this "
            f"sha256 have so many, got {resource.size}; correct it in the configuration"
        )


def _remedies(errand: _Errand, by_hand: LocalPlace) -> str:
    sha256 = errand.resource.sha256
    expected = f" with sha256 {sha256}" if sha256 else ""
    told = (
        f"Correct the places in the configuration, or put the file itself{expected} "
        f"at {by_hand.path}, and run again"
    )
    return f"{told}; or leave it out with {errand.omission}" if errand.omission else told


def _from_place(errand: _Errand, place: Place) -> str:
    """Return the sha256 of the resource's bytes, which are in the store then."""
    if isinstance(place, LocalPlace):
        return _from_file(errand, place)
    key = place.key(member=True)
    known = errand.resource.sha256 or errand.store.recall(key)
    if known and _holds(errand, known, errand.resource.size):
        return known
    whole = _downloaded(errand, place)
    if place.member is None:
        return whole
    with errand.store.workspace(key, str(place)) as folder:
        try:
            sha256 = _unpacked(errand, place, errand.store.path(whole), folder)
        except (CorruptArchive, Mismatch):
            if place.archive_sha256 is None:  # else a bad archive would be found for ever
                errand.store.forget(place.key(member=False))
            raise
        errand.store.remember(key, sha256, str(place))
        return sha256


def _holds(errand: _Errand, sha256: str, size: int | None) -> bool:
    """Return whether the store has these bytes, and so many: a place may give others later on."""
    if not errand.store.holds(sha256):
        return False
    return size in (None, errand.store.path(sha256).stat().st_size)


def _from_file(errand: _Errand, place: LocalPlace) -> str:
    if not place.path.is_file():
        raise InputError("no such file")
    with errand.store.workspace(place.key(member=True), str(place)) as folder:
        if place.member is not None:
            verify(place.path, place.archive_sha256, None)
            return _unpacked(errand, place, place.path, folder)
        copy = folder / "file"  # the file stays a person's own, who may change it
        shutil.copyfile(place.path, copy)
        return _added(errand, place, copy)


def _unpacked(errand: _Errand, place: Place, archive: Path, folder: Path) -> str:
    """Return the sha256 of an archive's member, which is in the store then."""
    target = folder / "member"
    extract_member(archive, place.member or "", target, errand.resource.size, place.filename())
    return errand.store.add(target, errand.resource.sha256, errand.resource.size)


def _downloaded(errand: _Errand, place: Place) -> str:
    """Return the sha256 of the whole file that a place holds, which is in the store then."""
    key = place.key(member=False)
    expected = place.archive_sha256 if place.member else errand.resource.sha256
    with errand.store.workspace(key, place.where()) as folder:
        known = expected or errand.store.recall(key)
        if known and _holds(errand, known, None if place.member else errand.resource.size):
            return known
        if isinstance(place, PackagePlace):
            path = download_package(place, folder)
            sha256 = _added(errand, place, path)
        else:
            assert isinstance(place, UrlPlace)
            sha256 = _from_url(errand, place, folder / PART)
        errand.store.remember(key, sha256, place.where())
        return sha256


def _from_url(errand: _Errand, place: UrlPlace, part: Path) -> str:
    size = None if place.member else errand.resource.size
    resumed = download(place.url, part, size, errand.attempts)
    try:
        return _added(errand, place, part)
    except Mismatch:
        Part(part).discard()
        if not resumed:
            raise
        # The earlier half may have been harmed, by a power cut for instance.
        print(f"{place}: wrong checksum after resuming; starting anew", file=sys.stderr)
        download(place.url, part, size, errand.attempts)
        return _added(errand, place, part)


def _added(errand: _Errand, place: Place, path: Path) -> str:
    """Return the sha256 of a file that was moved into the store; raises Mismatch."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head and isinstance(place, UrlPlace):  # else it would be kept for ever as what it gave
        raise Mismatch("expected a file, got an empty one")
    page = looks_like_page(head) and not is_page_name(place.filename())
    resource = errand.resource
    sha256 = place.archive_sha256 if place.member else resource.sha256
    if page and sha256_of(path) != sha256:
        raise Mismatch("this is a web page (HTML) in place of the file")
    return errand.store.add(path, sha256, None if place.member else resource.size)
