"""Download over http and https: resumes, tries again, and tells data from web pages."""

import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from wordbridge.errors import InputError
from wordbridge.sources.meter import Meter
from wordbridge.sources.pages import is_page_name, looks_like_page
from wordbridge.sources.part import Part

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
            with Meter(_host(url), total, offset) as meter:
                _write(_of_size(_data(response, offset, url), total, size), part, meter)
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


def _write(chunks: Iterator[bytes], part: Part, meter: Meter) -> None:
    try:
        with part.path.open("ab") as file:
            for chunk in chunks:
                file.write(chunk)
                meter.advance(len(chunk))
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
