import hashlib
import os
import threading
import time
from pathlib import Path

import pytest

from wordbridge.sources.store import Mismatch, Store

DATA = b"verified bytes"
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    (tmp_path / "store").mkdir()
    return Store(tmp_path / "store")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(DATA)
    return path


def test_added_bytes_are_found_by_their_digest_and_read_only(store: Store, file: Path):
    assert not store.holds(SHA256)
    assert store.add(file, SHA256, len(DATA)) == SHA256
    assert store.holds(SHA256)
    assert not file.exists()
    assert store.path(SHA256).stat().st_mode & 0o777 == 0o444


@pytest.mark.parametrize(("sha256", "size"), [("0" * 64, None), (SHA256, 13), (None, 15)])
def test_other_bytes_than_expected_do_not_enter(store: Store, file: Path, sha256, size):
    with pytest.raises(Mismatch, match=r"expected .* got"):
        store.add(file, sha256, size)
    assert file.read_bytes() == DATA
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
    assert destination.read_bytes() == DATA


def test_across_file_systems_a_copy_is_made(store: Store, file: Path, tmp_path, monkeypatch):
    def other_file_system(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    store.add(file)
    monkeypatch.setattr(os, "link", other_file_system)
    destination = tmp_path / "deep" / "name.txt"
    store.link(SHA256, destination)
    assert destination.read_bytes() == DATA
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
