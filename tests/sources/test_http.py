import gzip
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.sources.conftest import Page, Site
from wordbridge.errors import InputError
from wordbridge.sources import http
from wordbridge.sources.http import download

DATA = bytes(range(256)) * 4_001  # several chunks and an odd end
HALF = 300_007


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "part"


def no_sleep(_: float) -> None:
    pass


def test_a_file_arrives_as_it_is(site: Site, part: Path):
    resumed = download(site.put("/a.bin", Page(DATA)), part)
    assert part.read_bytes() == DATA
    assert not resumed


@pytest.mark.parametrize(
    "page", [Page(DATA), Page(DATA, etag=None, dated=True), Page(DATA, etag='W/"one"', dated=True)]
)
def test_a_broken_download_goes_on_where_it_ended(site: Site, part: Path, page: Page):
    page.troubles = [HALF, HALF]
    download(site.put("/a.bin", page), part, sleep=no_sleep)
    assert part.read_bytes() == DATA
    asked = [request.get("Range") for request in site.requests]
    assert asked == [None, f"bytes={HALF}-", f"bytes={2 * HALF}-"]


def test_a_later_run_goes_on_where_an_earlier_one_was_killed(site: Site, part: Path):
    url = site.put("/a.bin", Page(DATA, troubles=[HALF]))
    with pytest.raises(InputError, match="gave up after 1 attempts"):
        download(url, part, attempts=1)
    assert part.stat().st_size == HALF
    assert download(url, part, attempts=1)
    assert part.read_bytes() == DATA
    assert site.requests[-1]["If-Range"] == '"one"'


def test_a_download_that_was_whole_already_costs_no_byte(site: Site, part: Path):
    url = site.put("/a.bin", Page(DATA))
    download(url, part)
    assert download(url, part)
    assert part.read_bytes() == DATA
    assert site.requests[-1]["Range"] == f"bytes={len(DATA)}-"


def test_a_file_that_changed_meanwhile_is_fetched_from_its_start(site: Site, part: Path):
    url = site.put("/a.bin", Page(DATA, troubles=[HALF]))
    with pytest.raises(InputError):
        download(url, part, attempts=1)
    other = DATA[::-1] + b"!"
    site.put("/a.bin", Page(other, etag='"two"'))
    assert not download(url, part)
    assert part.read_bytes() == other


def test_a_shorter_new_version_is_fetched_from_its_start(site: Site, part: Path):
    url = site.put("/a.bin", Page(DATA))
    download(url, part)
    site.put("/a.bin", Page(DATA[:1000]))  # the same mark, though the file is another
    assert not download(url, part, sleep=no_sleep)
    assert part.read_bytes() == DATA[:1000]


@pytest.mark.parametrize("page", [Page(DATA, ranges=False), Page(DATA, etag=None)])
def test_a_server_that_cannot_resume_sends_the_file_anew(site: Site, part: Path, page: Page):
    page.troubles = [HALF]
    assert not download(site.put("/a.bin", page), part, sleep=no_sleep)
    assert part.read_bytes() == DATA


def test_a_server_that_always_starts_anew_and_breaks_off_is_given_up(site: Site, part: Path):
    page = Page(DATA, ranges=False, troubles=[HALF] * 20)
    with pytest.raises(InputError, match="gave up after 4 attempts"):
        download(site.put("/a.bin", page), part, attempts=4, sleep=no_sleep)
    assert len(site.requests) == 4


def test_every_try_that_brings_something_new_starts_the_count_again(site: Site, part: Path):
    page = Page(DATA, troubles=[HALF // 3] * 7)
    download(site.put("/a.bin", page), part, attempts=2, sleep=no_sleep)
    assert part.read_bytes() == DATA
    assert len(site.requests) == 8


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again_after_growing_pauses(site: Site, part: Path, status: int):
    pauses: list[float] = []
    page = Page(DATA, troubles=[(status, {})] * 3)
    download(site.put("/a.bin", page), part, sleep=pauses.append)
    assert pauses == [1, 2, 4]
    assert part.read_bytes() == DATA


@pytest.mark.parametrize(("asked", "pause"), [("7", 7), ("100000", 120), ("soon", 1)])
def test_the_pause_is_the_one_that_the_server_asks_for(site: Site, part: Path, asked, pause):
    pauses: list[float] = []
    page = Page(DATA, troubles=[(429, {"Retry-After": asked})])
    download(site.put("/a.bin", page), part, sleep=pauses.append)
    assert pauses == [pause]


def test_the_pause_may_be_given_as_a_date(site: Site, part: Path):
    pauses: list[float] = []
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=50), usegmt=True)
    page = Page(DATA, troubles=[(503, {"Retry-After": date})])
    download(site.put("/a.bin", page), part, sleep=pauses.append)
    assert 40 < pauses[0] <= 50


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_not_tried_again(site: Site, part: Path, status: int):
    url = site.put("/a.bin", Page(DATA, troubles=[(status, {})]))
    with pytest.raises(InputError, match=f"HTTP {status}"):
        download(url, part, sleep=no_sleep)
    assert len(site.requests) == 1


def test_a_server_that_is_not_there_is_named_after_all_attempts(site: Site, part: Path):
    with pytest.raises(InputError, match=r"connection failed .* gave up after 3 attempts"):
        download("http://127.0.0.1:1/a.bin", part, attempts=3, sleep=no_sleep)


def test_a_silent_server_is_given_up(monkeypatch: pytest.MonkeyPatch, part: Path):
    monkeypatch.setattr(http, "READ_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as server:  # it takes the call and says nothing
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
def test_a_web_page_in_place_of_data_is_named(site: Site, part: Path, page: Page):
    with pytest.raises(InputError, match="web page"):
        download(site.put("/a.bin", page), part)
    assert not part.exists()


def test_a_web_page_that_is_asked_for_arrives(site: Site, part: Path):
    body = b"<!doctype html><title>verses</title>"
    download(site.put("/verses.html", Page(body, kind="text/html")), part)
    assert part.read_bytes() == body


def test_another_size_than_expected_is_seen_before_the_download(site: Site, part: Path):
    with pytest.raises(InputError, match=rf"expected 17 bytes, the server offers {len(DATA)}"):
        download(site.put("/a.bin", Page(DATA)), part, size=17)
    assert not part.exists()


def test_a_packed_body_is_kept_as_it_was_sent(site: Site, part: Path):
    packed = gzip.compress(DATA, mtime=0)
    download(site.put("/a.txt.gz", Page(packed, kind="application/x-gzip")), part)
    assert part.read_bytes() == packed
    assert site.requests[0]["Accept-Encoding"] == "identity"


def test_a_redirect_to_another_scheme_is_refused(site: Site, part: Path):
    page = Page(b"", troubles=[(302, {"Location": "file:///etc/hostname"})])
    with pytest.raises(InputError, match="InvalidSchema"):
        download(site.put("/a.bin", page), part)
