import errno
import gzip
import hashlib
import multiprocessing
import os
import shutil
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sources.conftest import Page, Site
from wordbridge.errors import InputError
from wordbridge.sources import fetch as module
from wordbridge.sources.fetch import Mismatch, Store, fetch

DATA = b"Au commencement\n" * 7_001
SHA256 = hashlib.sha256(DATA).hexdigest()
PINNED = {"sha256": SHA256, "size": len(DATA)}


class Project:
    """The folders of a project, and fetching into them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store, self.manual = root / "store", root / "manual"
        self.file = root / "files" / "bible"

    def fetch(
        self, *locations: dict[str, str], attempts: int = 1, **pins: object
    ) -> tuple[str, str]:
        entry = {"locations": list(locations), **pins}
        return fetch("bible", entry, self.file, self.store, self.manual, attempts)

    def stored(self) -> set[str]:
        return {path.name for path in self.store.iterdir() if path.is_file()}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def zipped(folder: Path, members: dict[str, bytes]) -> bytes:
    path = folder / "archive.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path.read_bytes()


def test_a_file_is_fetched_verified_stored_and_linked(site: Site, project: Project):
    url = site.put("/a.txt", Page(DATA))
    receipt = project.fetch({"url": url}, **PINNED, licence="public domain", citation="someone")
    assert receipt == (SHA256, url)
    assert project.file.read_bytes() == DATA
    assert project.file.stat().st_ino == (project.store / SHA256).stat().st_ino
    assert not list((project.store / "work").iterdir())


@pytest.mark.usefixtures("offline")
def test_a_stored_file_needs_neither_network_nor_client(project: Project):
    project.store.mkdir(parents=True)
    (project.store / SHA256).write_bytes(DATA)
    locations = [
        {"url": "https://example.org/a"},
        {"registry": "pypi", "package": "a", "version": "1", "member": "b"},
        {"registry": "npm", "package": "a", "version": "1", "member": "b"},
        {"registry": "debian", "package": "aa", "version": "1", "member": "b"},
    ]
    for _ in range(2):
        assert project.fetch(*locations, **PINNED)[1] == "store"
        assert project.file.read_bytes() == DATA
        shutil.rmtree(project.file.parent)


def test_the_offline_fixture_forbids_the_network(project: Project, offline: None):
    with pytest.raises(AssertionError, match="network"):
        project.fetch({"registry": "pypi", "package": "a", "version": "1"})


def test_a_new_location_of_a_stored_file_causes_no_download(site: Site, project: Project):
    project.fetch({"url": site.put("/a.txt", Page(DATA))}, **PINNED)
    project.fetch({"url": site.put("/b.txt", Page(DATA))}, **PINNED)
    assert len(site.requests) == 1


def test_a_damaged_file_in_the_store_is_fetched_again(site: Site, project: Project):
    url = site.put("/a.txt", Page(DATA))
    project.fetch({"url": url}, **PINNED)
    (project.store / SHA256).chmod(0o644)
    (project.store / SHA256).write_bytes(DATA[:-1] + b"!")
    project.fetch({"url": url}, **PINNED)
    assert project.file.read_bytes() == DATA
    assert len(site.requests) == 2


def test_a_wrong_size_with_the_right_checksum_keeps_the_file(site: Site, project: Project):
    url = site.put("/a.txt", Page(DATA))
    project.fetch({"url": url}, **PINNED)
    with pytest.raises(InputError, match=f"expected 7 bytes, the server offers {len(DATA)}"):
        project.fetch({"url": url}, sha256=SHA256, size=7)
    assert project.fetch({"url": url}, **PINNED)[1] == "store"


def test_a_mistyped_checksum_keeps_the_archive_of_another_resource(
    site: Site, project: Project, tmp_path: Path
):
    data = zipped(tmp_path, {"a.txt": DATA})
    url, digest = site.put("/a.zip", Page(data)), hashlib.sha256(data).hexdigest()
    project.fetch({"url": url}, sha256=digest)
    with pytest.raises(InputError, match="expected sha256 000"):
        project.fetch({"url": url, "member": "a.txt"}, sha256="0" * 64)
    assert digest in project.stored()


def test_a_file_without_a_checksum_is_fetched_again_for_another_size(site: Site, project: Project):
    url = site.put("/a.txt", Page(b"short"))
    project.fetch({"url": url})
    site.put("/a.txt", Page(DATA))
    assert project.fetch({"url": url}, size=len(DATA))[0] == SHA256


@pytest.mark.parametrize("member", [{}, {"member": "a.txt"}])
def test_deleting_what_the_log_names_fetches_the_file_again(
    site: Site, project: Project, tmp_path: Path, member: dict[str, str], capsys
):
    for data in (b"older", DATA):
        url = site.put("/a", Page(zipped(tmp_path, {"a.txt": data}) if member else data))
        sha256 = project.fetch({"url": url, **member})[0]
        notes, file = (
            capsys.readouterr().err.splitlines()[-1].partition("delete ")[2].split(" and ")
        )
        shutil.rmtree(notes)
        Path(file).unlink()
    assert sha256 == SHA256


def test_an_empty_answer_is_not_stored(site: Site, project: Project):
    url = site.put("/a.txt", Page(b""))
    with pytest.raises(InputError, match="expected a file, got an empty one"):
        project.fetch({"url": url})
    site.put("/a.txt", Page(DATA))
    assert project.fetch({"url": url})[0] == SHA256


def test_a_file_without_a_checksum_is_fetched_once_and_its_checksum_logged(
    site: Site, project: Project, capsys
):
    url = site.put("/a.txt", Page(DATA))
    for _ in range(2):
        assert project.fetch({"url": url})[0] == SHA256
    assert len(site.requests) == 1
    assert f"set sha256: {SHA256}" in capsys.readouterr().err


def test_two_members_of_one_archive_need_one_download(site: Site, project: Project, tmp_path: Path):
    url = site.put("/a.zip", Page(zipped(tmp_path, {"deep/a.txt": DATA, "deep/b.txt": b"b"})))
    project.fetch({"url": url, "member": "deep/a.txt"}, **PINNED)
    assert project.file.read_bytes() == DATA
    project.fetch({"url": url, "member": "deep/b.txt"})
    assert project.file.read_bytes() == b"b"
    assert len(site.requests) == 1


def test_a_stored_member_needs_no_archive(site: Site, project: Project, tmp_path: Path):
    url = site.put("/a.zip", Page(zipped(tmp_path, {"a.txt": DATA})))
    sha256 = project.fetch({"url": url, "member": "a.txt"})[0]
    for name in project.stored() - {sha256}:
        (project.store / name).unlink()
    project.fetch({"url": url, "member": "a.txt"})
    assert len(site.requests) == 1


def test_a_single_compressed_file_has_the_name_without_its_ending(site: Site, project: Project):
    url = site.put("/wiki.fr.vec.gz", Page(gzip.compress(DATA, mtime=0)))
    project.fetch({"url": url, "member": "wiki.fr.vec"}, **PINNED)
    assert project.file.read_bytes() == DATA


def test_the_next_location_is_tried_after_a_failure(site: Site, project: Project, capsys):
    missing, wrong = f"{site.address}/missing", site.put("/wrong", Page(DATA[::-1]))
    right = site.put("/right", Page(DATA))
    _, origin = project.fetch({"url": missing}, {"url": wrong}, {"url": right}, **PINNED)
    assert origin == right
    log = capsys.readouterr().err
    assert "HTTP 404" in log
    assert "expected sha256" in log


def test_the_error_lists_every_location_with_its_reason(site, project, tmp_path):
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
        project.fetch(*entry, **PINNED)
    message = str(problem.value)
    assert "\n" not in message
    for words in (
        "resource bible: none of 8 locations has it",
        "(1) file",
        "/missing: HTTP 404",
        "/page: the server sent a web page (HTML) instead of the file",
        f"/wrong: expected sha256 {SHA256}, got ",
        f"/short: expected {len(DATA)} bytes, the server offers {len(DATA) - 1}",
        "/cut.zip, member a: archive truncated or damaged",
        "/a.zip, member b/a: no member b/a among 1; nearest: a",
        "by-hand.txt: no such file",
        f"put the file with sha256 {SHA256} at {project.manual / 'bible'}, and run again",
    ):
        assert words in message
    assert not project.file.exists()
    assert SHA256 not in project.stored()


def test_the_error_ends_with_the_settings_that_avoid_the_resource(project: Project, tmp_path: Path):
    entry = {"locations": [{"local": str(tmp_path / "none")}]}
    settings = "run: {images: [noto]}"
    with pytest.raises(InputError, match=r"; or leave it out with run: \{images: \[noto\]\}$"):
        fetch("a", entry, project.file, project.store, project.manual, omission=settings)
    with pytest.raises(InputError, match=r"and run again$"):
        fetch("a", entry, project.file, project.store, project.manual)


@pytest.mark.parametrize("pins", [{}, PINNED, {"sha256": SHA256}])
def test_a_saved_web_page_is_an_error(project: Project, pins: dict[str, object]):
    project.manual.mkdir(parents=True)
    (project.manual / "bible").write_text("<html><title>Not found</title></html>")
    with pytest.raises(InputError, match="web page"):
        project.fetch({"local": "nowhere"}, **pins)


def test_a_manual_file_comes_first(site: Site, project: Project):
    project.manual.mkdir(parents=True)
    (project.manual / "bible").write_bytes(DATA)
    _, origin = project.fetch({"url": f"{site.address}/missing"}, **PINNED)
    assert origin == f"file {project.manual / 'bible'}"
    assert not site.requests
    # It stays the user's: it may be changed or deleted.
    (project.manual / "bible").write_bytes(b"other")
    assert project.file.read_bytes() == DATA


def test_a_wrong_manual_file_is_logged_and_skipped(site: Site, project: Project, capsys):
    project.manual.mkdir(parents=True)
    (project.manual / "bible").write_bytes(b"other")
    project.fetch({"url": site.put("/a.txt", Page(DATA))}, **PINNED)
    assert project.file.read_bytes() == DATA
    assert "expected 112016 bytes, got 5" in capsys.readouterr().err


def test_a_local_file_is_read_each_time(project: Project, tmp_path: Path):
    path = tmp_path / "mine.txt"
    for text in ("first", "second"):
        path.write_text(text)
        project.fetch({"local": str(path)})
        assert project.file.read_text() == text


@pytest.mark.parametrize("make", [str, lambda path: path.as_uri()])
def test_a_member_of_a_local_archive_is_extracted(project: Project, tmp_path, make: Callable):
    path = tmp_path / "mein archiv.zip"
    path.write_bytes(zipped(tmp_path, {"a.txt": DATA}))
    key = "local" if make is str else "url"
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    project.fetch({key: make(path), "member": "a.txt", "archive_sha256": digest}, **PINNED)
    assert project.file.read_bytes() == DATA
    assert project.stored() == {SHA256}
    shutil.rmtree(project.store)
    with pytest.raises(InputError, match="expected sha256 0000"):
        project.fetch({key: make(path), "member": "a.txt", "archive_sha256": "0" * 64})


def test_a_member_of_a_package_is_extracted(project: Project, tmp_path: Path, monkeypatch):
    calls = []

    def download(location, folder):
        calls.append(location.package)
        path = folder / "a.whl"
        path.write_bytes(zipped(tmp_path, {"data/a.txt": DATA}))
        return path

    monkeypatch.setattr(module, "download_package", download)
    location = {"registry": "pypi", "package": "toy", "version": "1.0", "member": "data/a.txt"}
    project.fetch(location, **PINNED)
    shutil.rmtree(project.file.parent)
    (project.store / SHA256).unlink()
    project.fetch(location, **PINNED)  # the package itself is in the store too
    assert project.file.read_bytes() == DATA
    assert calls == ["toy"]


def test_a_damaged_archive_without_a_checksum_is_not_used_again(
    site: Site, project: Project, tmp_path: Path
):
    archive = zipped(tmp_path, {"a.txt": DATA})
    url = site.put("/a.zip", Page(archive[:-9]))
    location = {"url": url, "member": "a.txt"}
    with pytest.raises(InputError, match="truncated"):
        project.fetch(location, **PINNED)
    site.put("/a.zip", Page(archive))
    project.fetch(location, **PINNED)
    assert project.file.read_bytes() == DATA


def test_a_mistyped_member_causes_no_second_download(site: Site, project: Project, tmp_path):
    url = site.put("/a.zip", Page(zipped(tmp_path, {"a.txt": DATA})))
    with pytest.raises(InputError, match=r"nearest: a\.txt"):
        project.fetch({"url": url, "member": "a.tx"}, **PINNED)
    project.fetch({"url": url, "member": "a.txt"}, **PINNED)
    assert len(site.requests) == 1


def test_a_damaged_partial_download_is_discarded_after_resuming(site: Site, project: Project):
    url = site.put("/a.txt", Page(DATA, troubles=[50_003]))
    with pytest.raises(InputError, match="gave up"):
        project.fetch({"url": url}, **PINNED)
    (part,) = (project.store / "work").glob("*/part")
    half = part.read_bytes()
    assert len(half) == 50_003
    part.write_bytes(bytes(len(half)))
    project.fetch({"url": url}, **PINNED)
    assert project.file.read_bytes() == DATA
    assert [r.get("Range") for r in site.requests] == [None, "bytes=50003-", None]


def test_a_full_disk_is_an_error_and_ends_the_search(site, project, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "download", full)
    with pytest.raises(InputError, match=r"No space left on device; free some space and run again"):
        project.fetch({"url": f"{site.address}/a"}, {"url": f"{site.address}/b"})


def fetch_in_process(root: Path, url: str) -> None:
    Project(root).fetch({"url": url, "member": "a.txt"}, **PINNED)


def test_concurrent_processes_share_one_download(site: Site, project: Project, tmp_path: Path):
    url = site.put("/a.zip", Page(zipped(tmp_path, {"a.txt": DATA})))
    context = multiprocessing.get_context("spawn")
    jobs = [context.Process(target=fetch_in_process, args=(project.root, url)) for _ in range(3)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert [job.exitcode for job in jobs] == [0, 0, 0]
    assert project.file.read_bytes() == DATA
    assert len(site.requests) == 1


STORED = b"verified bytes"
STORED_SHA256 = hashlib.sha256(STORED).hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "store").mkdir()
    return Store(tmp_path / "store")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(STORED)
    return path


def test_an_added_file_is_read_only_under_its_checksum(store: Store, file: Path):
    assert not store.has(STORED_SHA256)
    assert store.add(file, STORED_SHA256, len(STORED)) == STORED_SHA256
    assert store.has(STORED_SHA256)
    assert not file.exists()
    assert store.path(STORED_SHA256).stat().st_mode & 0o777 == 0o444


@pytest.mark.parametrize(("sha256", "size"), [("0" * 64, None), (STORED_SHA256, 13), (None, 15)])
def test_an_unexpected_file_is_not_added(store: Store, file: Path, sha256, size):
    with pytest.raises(Mismatch, match=r"expected .* got"):
        store.add(file, sha256, size)
    assert file.read_bytes() == STORED
    assert not list(store.root.iterdir())


@pytest.mark.parametrize("damage", [b"verified bytes!", b"Verified bytes"])
def test_a_damaged_file_is_deleted(store: Store, file: Path, damage: bytes, capsys):
    store.add(file)
    store.path(STORED_SHA256).chmod(0o644)
    store.path(STORED_SHA256).write_bytes(damage)
    assert not store.has(STORED_SHA256)
    assert not store.path(STORED_SHA256).exists()
    assert "fetched again" in capsys.readouterr().err


def test_the_destination_is_a_hard_link_and_can_be_linked_again(store: Store, file: Path, tmp_path):
    store.add(file)
    destination = tmp_path / "deep" / "name.txt"
    for _ in range(2):
        store.link(STORED_SHA256, destination)
        assert destination.stat().st_ino == store.path(STORED_SHA256).stat().st_ino
        assert [path.name for path in destination.parent.iterdir()] == ["name.txt"]


def test_a_link_replaces_an_existing_file(store: Store, file: Path, tmp_path: Path):
    store.add(file)
    destination = tmp_path / "name.txt"
    destination.write_text("older")
    store.link(STORED_SHA256, destination)
    assert destination.read_bytes() == STORED


def test_the_file_is_copied_to_another_file_system(store: Store, file: Path, tmp_path, monkeypatch):
    def other_file_system(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    store.add(file)
    monkeypatch.setattr(os, "link", other_file_system)
    destination = tmp_path / "deep" / "name.txt"
    store.link(STORED_SHA256, destination)
    assert destination.read_bytes() == STORED
    assert destination.stat().st_ino != store.path(STORED_SHA256).stat().st_ino
    assert [path.name for path in destination.parent.iterdir()] == ["name.txt"]


def test_a_workspace_is_deleted_after_success(store: Store):
    with store.workspace("key", "words") as folder:
        (folder / "part").write_text("x")
    assert not folder.exists()


def test_a_workspace_keeps_a_partial_download_after_an_error(store: Store):
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


def test_a_workspace_belongs_to_one_process_at_a_time(store: Store, capsys):
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
