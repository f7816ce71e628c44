"""The store: verified bytes under the name of their sha256, kept when results are deleted.

- ``store/<sha256>`` holds the bytes, read-only.
- ``store/known/<key>`` holds the sha256 of what a place gave; for resources that are not pinned.
- ``store/work/<key>/`` holds what is being fetched; a half download waits here to be resumed.
- ``store/locks/<key>`` lets one process at a time fetch one thing.

A download so far, in a form that can go on after an interruption.

Web pages, which servers like to send in place of data.

Download over http and https: resumes, tries again, and tells data from web pages.

A resource under its final name: from the store, or from the first place that gives it.

The store comes first and needs no network. Then comes the file that a person may have put into
the folder for manual downloads under the resource's name, then the configured places in order.
"""

import errno
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from wordbridge.errors import InputError
from wordbridge.files import DiskError, atomic_write, file_sha256, lock, partial_path
from wordbridge.progress import Advance, byte_bar
from wordbridge.sources.archives import CorruptArchive, extract_member
from wordbridge.sources.registry import download_package
from wordbridge.sources.resource import (
    LocalPlace,
    PackagePlace,
    Place,
    Resource,
    UrlPlace,
    parse_resource,
)

PART = "part"  # what may stay in a workspace after an error begins like this
READ_ONLY = 0o444  # names elsewhere are hard links: writing through one would change the store


class Mismatch(InputError):
    """The bytes are not the expected ones."""


class Store:
    """Verified bytes in one folder, safe for several processes at once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def notes(self) -> Path:
        """Return the folder of notes on what places gave; without them each is asked anew."""
        return self.root / "known"

    def path(self, sha256: str) -> Path:
        """Return where the bytes with this digest lie, or would lie."""
        return self.root / sha256

    def holds(self, sha256: str) -> bool:
        """Return whether the bytes are here and unharmed; harmed ones are thrown away."""
        path = self.path(sha256)
        if not path.is_file():
            return False
        try:
            verify(path, sha256, None)
        except Mismatch as problem:
            print(f"{path} was changed ({problem}): it is fetched again", file=sys.stderr)
            path.unlink(missing_ok=True)
            return False
        return True

    def add(self, path: Path, sha256: str | None = None, size: int | None = None) -> str:
        """Move a file into the store and return its sha256.

        Raises Mismatch, and leaves the file where it is, if the bytes are not the expected ones.
        """
        actual = verify(path, sha256, size)
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        path.replace(self.path(actual))
        # Last: killed before, a read-only half would stay in the workspace and stop the next try.
        self.path(actual).chmod(READ_ONLY)
        return actual

    def link(self, sha256: str, destination: Path) -> None:
        """Give the bytes a second name, whole at once; a copy where no hard link is possible."""
        destination.parent.mkdir(parents=True, exist_ok=True)
        partial = partial_path(destination)
        try:
            os.link(self.path(sha256), partial)
            partial.replace(destination)
        except OSError:  # another file system, one without hard links, or too many of them
            with atomic_write(destination) as copy:
                shutil.copyfile(self.path(sha256), copy)
            destination.chmod(READ_ONLY)
        finally:
            # A rename between two names of one file does nothing and leaves both.
            partial.unlink(missing_ok=True)

    def remember(self, key: str, sha256: str, words: str) -> None:
        """Note which bytes a place gave; ``words`` name the place for people who look."""
        with atomic_write(self.notes / key) as partial:
            partial.write_text(f"{sha256}\n{words}\n", encoding="utf-8")

    def recall(self, key: str) -> str | None:
        """Return the sha256 of what a place gave before, or None."""
        note = self.notes / key
        return note.read_text(encoding="utf-8").partition("\n")[0] if note.is_file() else None

    def forget(self, key: str) -> None:
        """Drop the note of what a place gave before, because that turned out to be unusable.

        The bytes stay: another resource may have them pinned.
        """
        (self.notes / key).unlink(missing_ok=True)

    @contextmanager
    def workspace(self, key: str, words: str) -> Iterator[Path]:
        """Yield a folder that is this process's alone until the block ends.

        The folder is deleted on success; after an error a half download stays in it.
        """
        folder = self.root / "work" / key
        with lock(self.root / "locks" / key, f"fetches {words}"):
            if folder.exists():  # a process was killed here
                _clear(folder)
            folder.mkdir(parents=True, exist_ok=True)
            try:
                yield folder
            except BaseException:
                _clear(folder)
                raise
            shutil.rmtree(folder)


def _clear(folder: Path) -> None:
    """Delete everything in a workspace but a download that can be resumed, and else itself."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif not path.name.startswith(PART):
            path.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()


def verify(path: Path, sha256: str | None, size: int | None) -> str:
    """Return the file's sha256; raises Mismatch if it or the size in bytes is another."""
    actual_size = path.stat().st_size
    if size is not None and actual_size != size:
        raise Mismatch(f"expected {size} bytes, got {actual_size}")
    actual = file_sha256(path)
    if sha256 is not None and actual != sha256:
        raise Mismatch(f"expected sha256 {sha256}, got {actual} ({actual_size} bytes)")
    return actual


@dataclass(frozen=True)
class Part:
    """A download so far, and beside it the mark by which the server knows the same version."""

    path: Path

    @property
    def _mark(self) -> Path:
        return self.path.with_name(self.path.name + ".version")

    def length(self) -> int:
        """Return how many bytes have come."""
        return self.path.stat().st_size if self.path.exists() else 0

    def resumable(self) -> tuple[int, str]:
        """Return (bytes had, mark); without a mark nothing can be resumed safely."""
        mark = self._mark.read_text(encoding="utf-8") if self._mark.exists() else ""
        return (self.length(), mark) if mark else (0, "")

    def restart(self, mark: str) -> None:
        """Begin with no bytes of the version that ``mark`` names."""
        self._mark.unlink(missing_ok=True)  # first, so that no old bytes meet a new mark
        self.path.write_bytes(b"")
        self._mark.write_text(mark, encoding="utf-8")

    def discard(self) -> None:
        """Forget what has come."""
        self._mark.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)


HEAD = 512  # bytes in which a web page shows itself
PAGE = re.compile(rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html)\b")


def looks_like_page(head: bytes) -> bool:
    """Return whether a file that begins like this is a web page."""
    return PAGE.match(head[:HEAD].lower()) is not None


def is_page_name(name: str) -> bool:
    """Return whether a file of this name is expected to be a web page."""
    return name.lower().endswith((".html", ".htm", ".xhtml"))


CHUNK = 1 << 18  # bytes
CONNECT_SECONDS, READ_SECONDS = 20.0, 60.0
LONGEST_PAUSE = 120.0  # seconds, whatever a server asks for
BUSY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


class _PassingError(Exception):
    """A failure that may be gone at the next try; ``pause`` is what the server asked for."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


def download(
    url: str,
    part: Path,
    size: int | None = None,
    attempts: int = 5,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Return whether the download, whole in ``part`` now, went on where an earlier one ended.

    ``attempts`` counts tries in a row that bring nothing new. Raises InputError if the address
    does not give the file: not found, a web page, another ``size`` in bytes, or too many failures.
    """
    progress = Part(part)
    begun_before = reached = progress.resumable()[0]
    failures = 0
    while True:
        try:
            return _receive(url, progress, size) and begun_before > 0
        except _PassingError as problem:
            # A server that always starts anew and always breaks off must not be tried for ever.
            failures = 1 if progress.length() > reached else failures + 1
            reached = max(reached, progress.length())
            if failures >= attempts:
                raise InputError(f"{problem}; gave up after {attempts} attempts") from None
            pause = 2.0 ** (failures - 1) if problem.pause is None else problem.pause
            pause = min(pause, LONGEST_PAUSE)
            print(f"{_host(url)}: {problem}; next try in {pause:.0f} s", file=sys.stderr)
            sleep(pause)


def _receive(url: str, part: Part, size: int | None) -> bool:
    """Return whether the rest was enough; the whole file is in ``part`` afterwards."""
    had, mark = part.resumable()
    headers = {"User-Agent": "wordbridge", "Accept-Encoding": "identity"}
    if had:
        headers |= {"Range": f"bytes={had}-", "If-Range": mark}
    try:
        with requests.get(
            url, headers=headers, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS)
        ) as response:
            if had and _is_complete(response, had):
                return True
            offset = _offset(response, part, had)
            total = _total(response, offset)
            if offset == 0:
                part.restart(_version_mark(response))
            with byte_bar(_host(url), total, offset) as advance:
                _write(_of_size(_data(response, offset, url), total, size), part, advance)
    except (requests.ConnectionError, requests.Timeout, HTTPError) as problem:
        raise _PassingError(f"connection failed ({_root(problem)})") from None
    except requests.RequestException as problem:
        raise InputError(f"{type(problem).__name__}: {problem}") from None
    if total is not None and part.length() != total:
        raise _PassingError(f"the connection ended after {part.length()} of {total} bytes")
    return offset > 0


def _is_complete(response: requests.Response, had: int) -> bool:
    """Return whether the server says that nothing follows the bytes that are here."""
    if response.status_code != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return False
    return response.headers.get("Content-Range", "").strip() == f"bytes */{had}"


def _offset(response: requests.Response, part: Part, had: int) -> int:
    """Return at which byte the body starts: 0, or where the earlier download ended."""
    status = response.status_code
    if status == HTTPStatus.OK:
        return 0
    sent = response.headers.get("Content-Range", "")
    if had and status == HTTPStatus.PARTIAL_CONTENT and sent.startswith(f"bytes {had}-"):
        return had
    reason = f"HTTP {status} {response.reason}"
    if had and status in (HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE):
        part.discard()
        raise _PassingError(f"{reason} does not fit the earlier part; starting anew", 0.0)
    if status in BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise _PassingError(reason, _retry_after(response))
    raise InputError(reason)


def _total(response: requests.Response, offset: int) -> int | None:
    """Return the bytes of the whole file, where the server tells."""
    length = response.headers.get("Content-Length", "")
    return offset + int(length) if length.isdecimal() else None


def _version_mark(response: requests.Response) -> str:
    """Return what names this version of the file for If-Range; a weak ETag may not."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified", "")


def _data(response: requests.Response, offset: int, url: str) -> Iterator[bytes]:
    """Yield the body as it was sent; raises InputError if it is a web page in place of data."""
    page = not is_page_name(urlsplit(url).path)
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    chunks = response.raw.stream(CHUNK, decode_content=False)
    for number, chunk in enumerate(chunks):
        first = number == 0 and offset == 0
        if first and page and (kind == "text/html" or looks_like_page(chunk)):
            raise InputError(
                "the server sent a web page (HTML) in place of the file; open the address in a "
                "browser to see why"
            )
        yield chunk


def _of_size(chunks: Iterator[bytes], total: int | None, size: int | None) -> Iterator[bytes]:
    """Yield the chunks; raises InputError if they will not make up the expected size in bytes."""
    for chunk in chunks:
        if total is not None and size is not None and total != size:
            raise InputError(f"expected {size} bytes, the server offers {total}")
        yield chunk


def _write(chunks: Iterator[bytes], part: Part, advance: Advance) -> None:
    try:
        with part.path.open("ab") as file:
            for chunk in chunks:
                file.write(chunk)
                advance(len(chunk))
    except InputError:
        part.discard()
        raise


def _retry_after(response: requests.Response) -> float | None:
    """Return the seconds that the server asks to wait, given as a number or as a date."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.now(UTC)).total_seconds())


def _host(url: str) -> str:
    return urlsplit(url).hostname or "server"


def _root(problem: BaseException) -> str:
    """Return the innermost cause in few words; requests wraps it several times."""
    while problem.__context__ is not None:
        problem = problem.__context__
    return f"{type(problem).__name__}: {problem}"[:200]


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
            if full or isinstance(problem, DiskError):
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
    if page and file_sha256(path) != sha256:
        raise Mismatch("this is a web page (HTML) in place of the file")
    return errand.store.add(path, sha256, None if place.member else resource.size)
