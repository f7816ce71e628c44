"""Downloads over http and https: resumed after an interruption, retried, checked for HTML."""

import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.util import Retry

from wordbridge.errors import InputError, shorten
from wordbridge.progress import byte_bar

CHUNK = 1 << 18  # bytes
CONNECT_SECONDS, READ_SECONDS = 20.0, 60.0
MAX_PAUSE = 120.0  # seconds, even if a server asks for more
_BUSY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
_RANGE = {HTTPStatus.PARTIAL_CONTENT, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE}
_HTML = re.compile(
    rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html)\b"
)


class _TemporaryError(Exception):
    """A failure that a retry may avoid; ``pause`` has the seconds that the server asks to wait."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


@dataclass(frozen=True)
class PartialDownload:
    """An incomplete file, and next to it the server's name for this version of the file."""

    path: Path

    @property
    def _version(self) -> Path:
        return self.path.with_name(self.path.name + ".version")

    def length(self) -> int:
        """Return the number of downloaded bytes."""
        return self.path.stat().st_size if self.path.exists() else 0

    def resumable(self) -> tuple[int, str]:
        """Return (bytes, version); without a version no byte can be resumed safely."""
        version = self._version.read_text(encoding="utf-8") if self._version.exists() else ""
        return (self.length(), version) if version else (0, "")

    def restart(self, version: str) -> None:
        """Start with no bytes of ``version``."""
        self.discard()  # the version first, so that no old bytes meet a new version
        self.path.write_bytes(b"")
        self._version.write_text(version, encoding="utf-8")

    def discard(self) -> None:
        """Delete the file and its version."""
        self._version.unlink(missing_ok=True)
        self.path.unlink(missing_ok=True)


def looks_like_html(head: bytes, name: str, content_type: str = "") -> bool:
    """Return whether a file is a web page by its first bytes or type, though not named as one."""
    if name.lower().endswith((".html", ".htm", ".xhtml")):
        return False
    return content_type == "text/html" or _HTML.match(head[:512].lower()) is not None


def download(
    url: str,
    path: Path,
    size: int | None = None,
    attempts: int = 5,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Download to ``path``; return whether it continued the bytes of an earlier call.

    ``attempts`` is the number of tries in a row that may bring nothing new. Raises InputError if
    the address does not exist, if it gives a web page, no bytes or another ``size`` in bytes, and
    after too many failures.
    """
    partial = PartialDownload(path)
    start = longest = partial.resumable()[0]
    failures = 0
    while True:
        try:
            return _receive(url, partial, size) and start > 0
        except _TemporaryError as error:
            # Bytes downloaded before do not count as progress: a server may restart each time.
            failures = 1 if partial.length() > longest else failures + 1
            longest = max(longest, partial.length())
            if failures >= attempts:
                raise InputError(f"{error}; gave up after {attempts} attempts") from None
            pause = 2.0 ** (failures - 1) if error.pause is None else error.pause
            pause = min(pause, MAX_PAUSE)
            print(f"{_host(url)}: {error}; next try in {pause:.0f} s", file=sys.stderr)
            sleep(pause)


def _receive(url: str, partial: PartialDownload, size: int | None) -> bool:
    """Complete the file with one request; return whether it continued a partial one."""
    length, version = partial.resumable()
    headers = {"User-Agent": "wordbridge", "Accept-Encoding": "identity"}
    if length:
        headers |= {"Range": f"bytes={length}-", "If-Range": version}
    timeout = (CONNECT_SECONDS, READ_SECONDS)
    try:
        with requests.get(url, headers=headers, stream=True, timeout=timeout) as response:
            offset = _offset(response, partial, length)
            if offset is None:
                return True
            if offset == 0:
                tag = response.headers.get("ETag", "")  # a weak one is invalid in If-Range
                is_strong = tag.startswith('"')
                partial.restart(tag if is_strong else response.headers.get("Last-Modified", ""))
            _save(response, url, partial, offset, size)
    except (requests.ConnectionError, requests.Timeout, HTTPError) as error:
        raise _TemporaryError(f"connection failed ({_cause(error)})") from None
    except requests.RequestException as error:
        raise InputError(f"{type(error).__name__}: {shorten(error)}") from None
    return offset > 0


def _offset(response: requests.Response, partial: PartialDownload, length: int) -> int | None:
    """Return the position of the body in the file, 0 or ``length``; None if nothing is missing."""
    status = response.status_code
    reason = f"HTTP {status} {response.reason}"
    if status == HTTPStatus.OK:
        return 0
    if length and status in _RANGE:
        span = response.headers.get("Content-Range", "").strip()
        if span == f"bytes */{length}":
            return None
        if span.startswith(f"bytes {length}-"):
            return length
        partial.discard()
        raise _TemporaryError(f"{reason} does not fit the partial download; starting again", 0.0)
    if status in _BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise _TemporaryError(reason, _retry_after(response))
    raise InputError(reason)


def _save(
    response: requests.Response, url: str, partial: PartialDownload, offset: int, size: int | None
) -> None:
    """Append the body as it was sent; raises InputError if it is not the expected file."""
    # urllib3 raises an error if the connection ends before the announced length.
    remaining = response.raw.length_remaining
    total = None if remaining is None else offset + remaining
    chunks = response.raw.stream(CHUNK, decode_content=False)
    chunk = next(chunks, b"")
    content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    problem = None
    if offset == 0 and looks_like_html(chunk, urlsplit(url).path, content_type):
        problem = (
            "the server sent a web page (HTML) instead of the file; open the address in a browser"
        )
    elif size is not None and total not in (None, size):
        problem = f"expected {size} bytes, the server offers {total}"
    elif not chunk and offset == 0:
        problem = "expected a file, got an empty one"
    if problem:
        partial.discard()
        raise InputError(problem)
    with byte_bar(_host(url), total, offset) as advance, partial.path.open("ab") as file:
        while chunk:
            file.write(chunk)
            advance(len(chunk))
            chunk = next(chunks, b"")


def _retry_after(response: requests.Response) -> float | None:
    """Return the seconds that the server asks to wait, as a number or as a date."""
    try:
        return Retry().get_retry_after(response.raw)
    except (InvalidHeader, ValueError):
        return None


def _host(url: str) -> str:
    return urlsplit(url).hostname or "server"


def _cause(error: BaseException) -> str:
    """Return the innermost of the errors that requests has wrapped."""
    while error.__context__ is not None:
        error = error.__context__
    return f"{type(error).__name__}: {shorten(error)}"
