import gzip
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.sources.conftest import Page, Site
from wordbridge.errors import InputError
from wordbridge.sources import download as module
from wordbridge.sources.download import download

DATA = bytes(range(256)) * 4_001  # several chunks and an odd end
HALF = 300_007


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "part"


def no_sleep(_: float) -> None:
    pass


def test_a_file_is_downloaded_unchanged(site: Site, part: Path):
    resumed = download(site.put("/a.bin", Page(DATA)), part)
    assert part.read_bytes() == DATA
    assert not resumed


@pytest.mark.parametrize(
    "page", [Page(DATA), Page(DATA, etag=None, dated=True), Page(DATA, etag='W/"one"', dated=True)]
)
def test_an_interrupted_download_resumes(site: Site, part: Path, page: Page):
    page.troubles = [HALF, HALF]
    download(site.put("/a.bin", page), part, sleep=no_sleep)
    assert part.read_bytes() == DATA
    ranges = [request.get("Range") for request in site.requests]
    assert ranges == [None, f"bytes={HALF}-", f"bytes={2 * HALF}-"]


def test_a_later_run_resumes_the_download_of_a_killed_one(site: Site, part: Path):
    url = site.put("/a.bin", Page(DATA, troubles=[HALF]))
    with pytest.raises(InputError, match="gave up after 1 attempts"):
        download(url, part, attempts=1)
    assert part.stat().st_size == HALF
    assert download(url, part, attempts=1)
    assert part.read_bytes() == DATA
    assert site.requests[-1]["If-Range"] == '"one"'


def test_a_complete_download_transfers_no_byte(site: Site, part: Path):
    url = site.put("/a.bin", Page(DATA))
    download(url, part)
    assert download(url, part)
    assert part.read_bytes() == DATA
    assert site.requests[-1]["Range"] == f"bytes={len(DATA)}-"


def test_a_changed_file_is_downloaded_from_the_start(site: Site, part: Path):
    url = site.put("/a.bin", Page(DATA, troubles=[HALF]))
    with pytest.raises(InputError):
        download(url, part, attempts=1)
    other = DATA[::-1] + b"!"
    site.put("/a.bin", Page(other, etag='"two"'))
    assert not download(url, part)
    assert part.read_bytes() == other


def test_a_shorter_new_version_is_downloaded_from_the_start(site: Site, part: Path):
    url = site.put("/a.bin", Page(DATA))
    download(url, part)
    site.put("/a.bin", Page(DATA[:1000]))  # the same ETag for another file
    assert not download(url, part, sleep=no_sleep)
    assert part.read_bytes() == DATA[:1000]


@pytest.mark.parametrize("page", [Page(DATA, ranges=False), Page(DATA, etag=None)])
def test_a_server_without_ranges_sends_the_whole_file_again(site: Site, part: Path, page: Page):
    page.troubles = [HALF]
    assert not download(site.put("/a.bin", page), part, sleep=no_sleep)
    assert part.read_bytes() == DATA


def test_retries_end_when_a_server_always_starts_again_and_fails(site: Site, part: Path):
    page = Page(DATA, ranges=False, troubles=[HALF] * 20)
    with pytest.raises(InputError, match="gave up after 4 attempts"):
        download(site.put("/a.bin", page), part, attempts=4, sleep=no_sleep)
    assert len(site.requests) == 4


def test_a_try_with_new_bytes_resets_the_number_of_failures(site: Site, part: Path):
    page = Page(DATA, troubles=[HALF // 3] * 7)
    download(site.put("/a.bin", page), part, attempts=2, sleep=no_sleep)
    assert part.read_bytes() == DATA
    assert len(site.requests) == 8


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_busy_server_is_tried_again_after_growing_pauses(site: Site, part: Path, status: int):
    pauses: list[float] = []
    page = Page(DATA, troubles=[(status, {})] * 3)
    download(site.put("/a.bin", page), part, sleep=pauses.append)
    assert pauses == [1, 2, 4]
    assert part.read_bytes() == DATA


@pytest.mark.parametrize(("header", "pause"), [("7", 7), ("100000", 120), ("soon", 1)])
def test_the_pause_follows_the_retry_after_header(site: Site, part: Path, header, pause):
    pauses: list[float] = []
    page = Page(DATA, troubles=[(429, {"Retry-After": header})])
    download(site.put("/a.bin", page), part, sleep=pauses.append)
    assert pauses == [pause]


def test_the_retry_after_header_may_be_a_date(site: Site, part: Path):
    pauses: list[float] = []
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=50), usegmt=True)
    page = Page(DATA, troubles=[(503, {"Retry-After": date})])
    download(site.put("/a.bin", page), part, sleep=pauses.append)
    assert 40 < pauses[0] <= 50


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refused_request_is_not_retried(site: Site, part: Path, status: int):
    url = site.put("/a.bin", Page(DATA, troubles=[(status, {})]))
    with pytest.raises(InputError, match=f"HTTP {status}"):
        download(url, part, sleep=no_sleep)
    assert len(site.requests) == 1


def test_an_unreachable_server_is_an_error_after_all_attempts(site: Site, part: Path):
    with pytest.raises(InputError, match=r"connection failed .* gave up after 3 attempts"):
        download("http://127.0.0.1:1/a.bin", part, attempts=3, sleep=no_sleep)


def test_a_server_without_an_answer_is_an_error(monkeypatch: pytest.MonkeyPatch, part: Path):
    monkeypatch.setattr(module, "READ_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as server:  # it sends nothing
        url = f"http://127.0.0.1:{server.getsockname()[1]}/a.bin"
        with pytest.raises(InputError, match="connection failed"):
            download(url, part, attempts=2, sleep=no_sleep)


@pytest.mark.parametrize(
    "page",
    [
        Page(b"anything", kind="text/html; charset=utf-8"),
        Page(b"<!DOCTYPE html><title>gone</title>"),
        Page(b"\xef\xbb\xbf \n<HTML lang='fr'>"),
        Page(b"<!-- moved -->\n<html>"),
    ],
)
def test_a_web_page_instead_of_data_is_an_error(site: Site, part: Path, page: Page):
    with pytest.raises(InputError, match="web page"):
        download(site.put("/a.bin", page), part)
    assert not part.exists()


def test_a_web_page_with_the_name_of_one_is_downloaded(site: Site, part: Path):
    body = b"<!doctype html><title>verses</title>"
    download(site.put("/verses.html", Page(body, kind="text/html")), part)
    assert part.read_bytes() == body


def test_another_size_is_an_error_before_the_download(site: Site, part: Path):
    with pytest.raises(InputError, match=rf"expected 17 bytes, the server offers {len(DATA)}"):
        download(site.put("/a.bin", Page(DATA)), part, size=17)
    assert not part.exists()


def test_a_compressed_body_is_not_decompressed(site: Site, part: Path):
    packed = gzip.compress(DATA, mtime=0)
    download(site.put("/a.txt.gz", Page(packed, kind="application/x-gzip")), part)
    assert part.read_bytes() == packed
    assert site.requests[0]["Accept-Encoding"] == "identity"


def test_a_redirect_to_another_scheme_is_an_error(site: Site, part: Path):
    page = Page(b"", troubles=[(302, {"Location": "file:///etc/hostname"})])
    with pytest.raises(InputError, match="InvalidSchema"):
        download(site.put("/a.bin", page), part)
