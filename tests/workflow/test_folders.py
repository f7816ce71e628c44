"""Digests of image folders: names and contents, read once for each change."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from workflow import folders
from workflow.folders import folder_digest

Reads = Callable[[], list[str]]


@pytest.fixture
def album(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of images in the working directory, whose times count at once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(folders, "SETTLED", -60.0)
    for name in ("a.png", "deep/b.jpg", "deep/c.gif", "deep/notes.txt", ".hid/d.png", "deep/.e"):
        (tmp_path / "album" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "album" / name).write_text(f"image {name}")
    return tmp_path / "album"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    """Return a function that returns the names of the files that were read since its last call."""
    file_stamp, names = folders.file_stamp, list[str]()

    def reading(path: str) -> object:
        names.append(Path(path).name)
        return file_stamp(path)

    def read() -> list[str]:
        read_names = sorted(names)
        names.clear()
        return read_names

    monkeypatch.setattr(folders, "file_stamp", reading)
    return read


def test_unchanged_folders_are_not_read_again(album: Path, reads: Reads):
    first = folder_digest("album")
    assert reads() == ["a.png", "b.jpg", "c.gif"]
    assert folder_digest("album") == first
    assert reads() == []
    os.utime(album / "deep/b.jpg", (1, 1))
    assert folder_digest("album") == first
    assert reads() == ["b.jpg", "c.gif"]  # its folder
    assert folder_digest("album") == first
    assert reads() == []


def test_a_change_that_leaves_size_and_time_is_seen(album: Path):
    first, path = folder_digest("album"), album / "a.png"
    times = path.stat()
    path.write_text("IMAGE a.png")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert folder_digest("album") != first


def test_two_images_that_change_places_are_seen(album: Path):
    first = folder_digest("album")
    (album / "a.png").rename(album / "x")
    (album / "deep/b.jpg").rename(album / "a.png")
    (album / "x").rename(album / "deep/b.jpg")
    assert folder_digest("album") != first


def test_files_that_may_change_within_the_same_time_stamp_are_read_again(
    album: Path, reads: Reads, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(folders, "SETTLED", 60.0)
    first = folder_digest("album")
    reads()
    assert folder_digest("album") == first
    assert reads() == ["a.png", "b.jpg", "c.gif"]


@pytest.mark.parametrize(
    ("name", "any_ending", "seen"),
    [
        ("deep/b.jpg", False, True),
        ("deep/notes.txt", False, False),
        ("deep/notes.txt", True, True),
        (".hid/d.png", True, False),
        ("deep/.e", True, False),
    ],
)
def test_images_count_with_their_content(album: Path, name: str, any_ending: bool, seen: bool):
    first = folder_digest("album", any_ending)
    (album / name).write_text("another")
    assert (folder_digest("album", any_ending) != first) is seen


@pytest.mark.parametrize(
    "change",
    [
        *("an image more", "another name", "one less", "a broken link", "a hidden file"),
        *("a link to the folder", "a link to another folder"),
    ],
)
def test_names_count(album: Path, tmp_path: Path, change: str):
    first = folder_digest("album")
    match change:
        case "an image more":
            (album / "deep/new.png").write_text("x")
        case "another name":
            (album / "a.png").rename(album / "b.png")
        case "one less":
            (album / "deep/notes.txt").unlink()
        case "a broken link":
            (album / "gone.png").symlink_to("nowhere")
        case "a hidden file":
            (album / ".a.png").write_text("x")
        case "a link to the folder":
            (album / "again").symlink_to(album)
        case "a link to another folder":
            (tmp_path / "other").mkdir()
            (tmp_path / "other/a.png").write_text("x")
            (album / "other").symlink_to(tmp_path / "other")
    assert folder_digest("album") != first


def test_an_additional_empty_folder_and_a_new_path_do_not_count(album: Path, tmp_path: Path):
    first = folder_digest("album")
    (album / "empty").mkdir()
    album.rename(tmp_path / "moved")
    assert folder_digest("moved") == first


@pytest.mark.parametrize("content", ["{", "[]", '{"a": 1}', ""])
def test_a_damaged_cache_is_replaced(album: Path, content: str):
    first = folder_digest("album")
    (memory,) = folders.CACHE.iterdir()
    before = memory.read_text()
    memory.write_text(content)
    assert folder_digest("album") == first
    assert memory.read_text() == before


def test_the_digest_is_the_same_without_a_cache(album: Path):
    Path("resources").write_text("a file in the way")
    assert folder_digest("album") == folder_digest("album")
    assert folder_digest("no such folder") != folder_digest("album")


def test_file_names_that_are_not_utf8_count(album: Path):
    first = folder_digest("album")
    (album / "\udcff.png").write_bytes(b"x")
    assert folder_digest("album") != first


def test_annotations_count_as_the_images_do(album: Path):
    table = album / "deep/val_annotations.txt"
    table.write_text("c.gif\tn00000001\n" * 2_000)
    first, times = folder_digest("album"), table.stat()
    table.write_text(
        "c.gif\tn00000001\n" * 999 + "c.gif\tn00000002\n" + "c.gif\tn00000001\n" * 1_000
    )
    os.utime(table, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert folder_digest("album") != first
