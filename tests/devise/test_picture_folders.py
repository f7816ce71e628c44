import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from wordbridge.devise.picture_files import content
from wordbridge.devise.picture_folders import File, list_folder, list_table, part_of, synset_of
from wordbridge.devise.picture_labels import LeftOut
from wordbridge.errors import InputError

CASES: Mapping[str, tuple[str, str]] = {
    "train/n01440764/n01440764_1.JPEG": ("n01440764", "train"),
    "val/n01440764/a.png": ("n01440764", "valid"),
    "test/n01440764/a.png": ("n01440764", "test"),
    "Valid/n01440764-tench/x/a.png": ("n01440764", "valid"),
    "holiday/beach/a.jpg": ("", ""),
    "n01440764.jpg": ("", ""),
    "n014407645/a.jpg": ("", ""),
    "train.png": ("", ""),
}


@pytest.mark.parametrize("path", CASES)
def test_folders_tell_noun_and_part(path: str):
    assert (synset_of(path), part_of(path)) == CASES[path]


def fill(folder: Path, *paths: str, data: bytes = b"x") -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def test_a_folder_is_listed_sorted_with_what_is_left_out(tmp_path: Path):
    fill(tmp_path, "b/z.PNG", "b-c/a.jpg", "a.webp", "notes.txt", ".hid/a.png", "b/.DS_Store")
    fill(tmp_path, "empty.png", data=b"")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere")
    found = list(list_folder(tmp_path))
    assert [item.path for item in found if isinstance(item, File)] == [
        "a.webp",
        "b-c/a.jpg",
        "b/z.PNG",
    ]
    assert [item for item in found if isinstance(item, LeftOut)] == [
        LeftOut("empty.png", "empty"),
        LeftOut("gone.png", "cannot be read (No such file or directory)"),
        LeftOut("notes.txt", "no picture by its ending"),
    ]


def test_a_file_that_is_gone_before_it_is_read_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    fill(tmp_path, "a.png")
    monkeypatch.setattr(
        "wordbridge.devise.picture_folders._files", lambda root: ["a.png", "gone.png"]
    )
    _, gone = list_folder(tmp_path)
    assert gone == LeftOut("gone.png", "cannot be read (No such file or directory)")


def test_a_named_pipe_is_not_waited_for(tmp_path: Path):
    fill(tmp_path, "a.png")
    os.mkfifo(tmp_path / "b.png")
    _, pipe = list_folder(tmp_path)
    assert pipe == LeftOut("b.png", "empty")


def test_a_link_to_a_folder_is_not_followed(tmp_path: Path):
    fill(tmp_path, "a.png")
    (tmp_path / "round").symlink_to(tmp_path)
    found = list(list_folder(tmp_path))
    assert [item.path for item in found if isinstance(item, File)] == ["a.png"]


@pytest.mark.parametrize(
    "other", [b"longer" * 40_000, b"B" + b"a" * 199_999, b"a" * 199_999 + b"B", b"a" * 200_001]
)
def test_the_stamp_of_a_replaced_picture_is_another(tmp_path: Path, other: bytes):
    fill(tmp_path, "a.png", data=b"a" * 200_000)
    before = list(list_folder(tmp_path))
    fill(tmp_path, "a.png", data=other)
    assert before != list(list_folder(tmp_path))


def test_a_picture_that_is_not_compressed_is_read_whole(tmp_path: Path):
    for name in ("a.bmp", "b.tiff"):
        (tmp_path / name).write_bytes(b"a" * 99_999)
        before = content(tmp_path / name)
        (tmp_path / name).write_bytes(b"a" * 50_000 + b"b" + b"a" * 49_998)
        assert before != content(tmp_path / name)


@pytest.mark.parametrize("size", [1, 4_096, 4_097, 8_192, 8_193, 200_000])
def test_the_stamp_of_a_copied_or_touched_picture_is_the_same(tmp_path: Path, size: int):
    fill(tmp_path, "a.png", "b.png", data=b"a" * size)
    os.utime(tmp_path / "b.png", (1, 1))
    one, other = list_folder(tmp_path)
    assert isinstance(one, File)
    assert isinstance(other, File)
    assert one.stamp == other.stamp


@pytest.mark.parametrize("name", ["missing", "file", "bare"])
def test_no_folder_of_pictures_is_an_error(tmp_path: Path, name: str):
    fill(tmp_path, "file", "bare/readme.txt")
    with pytest.raises(InputError, match="expected"):
        list(list_folder(tmp_path / name))


@pytest.mark.parametrize(("name", "mark"), [("t.tsv", "\t"), ("t.csv", ",")])
def test_a_table_names_pictures_nouns_and_parts(tmp_path: Path, name: str, mark: str):
    fill(tmp_path, "in/b.png", "in/a.png", "in/.hidden/d.png")
    rows = [("path", "synset", "part"), ("b.png", "n01440764", "val"), ("a.png", "", "")]
    rows += [("c.png", "n01440764", "train"), (".hidden/d.png", "", "")]
    (tmp_path / name).write_text("".join(mark.join(row) + "\n" for row in rows))
    hidden, one, other, missing = list_table(tmp_path / name, tmp_path / "in")
    assert isinstance(one, File)
    assert isinstance(other, File)
    assert one[:3] == ("a.png", "", "")
    assert other[:3] == ("b.png", "n01440764", "valid")
    assert other.location == (tmp_path / "in/b.png").as_posix()
    assert missing == LeftOut("c.png", "cannot be read (No such file or directory)")
    assert hidden == LeftOut(".hidden/d.png", "hidden")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("file\tsynset\na.png\t\n", "expected the columns path and synset, got file, synset"),
        ("path\tsynset\na.png\tdog\n", "expected a synset such as n01440764, got dog"),
        ("path\tsynset\na.png\n", "line 2: expected 2 columns"),
        ("path\tsynset\na.png\t\na.png\t\n", "a.png stands in it twice"),
        ("path\tsynset\tpart\na.png\t\tdev\n", "expected the part train, valid or test, got 'dev'"),
        ("path\tsynset\nb.png\t\n", "none of its pictures"),
        ("", "expected the columns path and synset, got nothing"),
    ],
)
def test_a_wrong_table_is_an_error(tmp_path: Path, text: str, words: str):
    fill(tmp_path, "a.png")
    (tmp_path / "t.tsv").write_text(text)
    with pytest.raises(InputError, match=words):
        list(list_table(tmp_path / "t.tsv", tmp_path))
