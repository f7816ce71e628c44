import io
import json
import os
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.images.image_toys import BAT, CAT, CHICKEN, DOG, NOUNS, PUG
from wordbridge.errors import InputError
from wordbridge.images.files import content
from wordbridge.images.listing import (
    list_folder,
    list_images,
    list_table,
    split_of,
    synset_of,
    write_left_out,
)
from wordbridge.images.packages import LeftOut, SourceImage, render_svg
from wordbridge.images.table import content_stamp, read_bytes

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="36pt">'
SVG += '<rect width="3" height="3"/></svg>'
STAMPS = "./usr/share/tuxpaint/stamps/"


def settings(kind: str, **values: object) -> dict[str, object]:
    defaults = {"image_kind": "photo", "split": None, "skip": ["symbols", "town/roadsigns"]}
    return {"kind": kind} | defaults | values


def pack_tar(path: Path, files: Mapping[str, bytes]) -> str:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return str(path)


def pack_zip(path: Path, files: Mapping[str, bytes]) -> str:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return str(path)


def test_a_drawing_with_a_size_in_points_becomes_a_png_on_white():
    from PIL import Image

    with Image.open(io.BytesIO(render_svg(SVG))) as image:
        assert image.format == "PNG"
        assert image.size == (256, 128)
        assert image.convert("RGB").getpixel((250, 120)) == (255, 255, 255)
    with pytest.raises(ValueError, match="unknown token"):
        render_svg("no drawing")


def test_stamps_are_read_with_their_sentences(tmp_path: Path):
    files = {
        "animals/dog.png": b"1",
        "animals/dog.txt": "A \u201cFuji\u201d dog!\nde.utf8=Hund\nfr.utf8=Un chien.\n".encode(),
        "animals/cartoon/birds.svg": SVG.encode(),
        "animals/cartoon/birds.txt": b"Some chickens playing soccer.\n",
        "animals/bat2.png": b"3",
        "animals/bat2.txt": b"What is it?\n",
        "animals/bat2.svg": SVG.encode(),
        "animals/idea.png": b"4",
        "animals/odd.svg": b"<svg",
        "animals/odd.txt": b"A cat.",
        "symbols/dog.png": b"5",
    }
    package = pack_tar(tmp_path / "s.deb", {STAMPS + name: data for name, data in files.items()})
    archive = tmp_path / "out.zip"
    items, left_out = list_images("s", settings("stamps"), {"package": package}, NOUNS, archive)
    assert [(p.image, p.synset, p.kind, p.fr_name) for p in items] == [
        ("animals/bat2.png", BAT, "photo", ""),
        ("animals/cartoon/birds.png", CHICKEN, "drawing", ""),
        ("animals/dog.png", DOG, "photo", "Un chien."),
    ]
    assert [row.image for row in left_out] == [
        "animals/bat2.svg",
        "animals/idea.png",
        "animals/odd.svg",
        "symbols/dog.png",
    ]
    assert read_bytes(items[2]) == b"1"
    assert items[2].stamp == content_stamp(b"1")
    assert {p.split for p in items} == {""}


def emoji_files(tmp_path: Path) -> dict[str, str]:
    english = {
        "\U0001f436": {"en": ":dog_face:", "status": 2},
        "\U0001f408": {"en": ":black_cat:", "status": 2},
        "\U0001f408\ufe0f": {"en": ":cat:", "status": 4},
        "\U0001f4a1": {"en": ":idea:", "status": 2},
        "\U0001f414": {"en": ":chicken:", "status": 2},
    }
    french = {"\U0001f436": ":t\u00eate_de_chien:"}
    names = {
        "emoji/unicode_codes/emoji.json": json.dumps(english).encode(),
        "emoji/unicode_codes/emoji_fr.json": json.dumps(french).encode(),
    }
    chars = {"1f436": "dog-face", "1f408": "black-cat", "1f4a1": "idea", "1f414": "chicken"}
    body = {"body": '<rect width="3" height="3"/>'}
    icons = {"width": 7, "height": 5, "icons": dict.fromkeys(chars.values(), body)}
    groups = {"categories": {"Animals & Nature": ["dog-face", "black-cat", "idea"], "Flags": []}}
    pack = {
        "package/chars.json": json.dumps(chars).encode(),
        "package/icons.json": json.dumps(icons).encode(),
        "package/metadata.json": json.dumps(groups).encode(),
    }
    assets = {"package/assets/1f408-fe0f.webp": b"a", "package/assets/0001f436.webp": b"b"}
    return {
        "names": pack_zip(tmp_path / "emoji.whl", names),
        "groups": pack_tar(tmp_path / "icons.tgz", pack),
        "assets": pack_tar(tmp_path / "assets.tgz", assets),
    }


def test_emoji_are_drawn_and_named(tmp_path: Path):
    files = emoji_files(tmp_path)
    icons = {**files, "package": files["groups"]}
    items, left_out = list_images("e", settings("emoji"), icons, NOUNS, tmp_path / "e.zip")
    assert [(p.image, p.synset, p.kind, p.name, p.fr_name) for p in items] == [
        ("1f408.png", CAT, "drawing", "black cat", ""),
        ("1f436.png", DOG, "drawing", "dog face", "t\u00eate de chien"),
    ]
    assert [row.image for row in left_out] == ["1f414", "1f4a1"]  # one has no group
    assert read_bytes(items[0]).startswith(b"\x89PNG")


def test_emoji_may_be_files_of_an_asset_package(tmp_path: Path):
    files = emoji_files(tmp_path)
    assets = {**files, "package": files["assets"]}
    items, _ = list_images("e", settings("emoji"), assets, NOUNS, tmp_path / "e.zip")
    assert [(p.image, read_bytes(p)) for p in items] == [
        ("1f408.webp", b"a"),
        ("1f436.webp", b"b"),
    ]


def test_samples_have_the_class_of_their_name_and_the_split_of_the_config(tmp_path: Path):
    files = {"foolbox/data/imagenet_00_3.jpg": b"1", "foolbox/data/cifar10_00_3.png": b"2"}
    package = {"package": pack_zip(tmp_path / "f.whl", files)}
    [image], _ = list_images(
        "f", settings("foolbox", split="valid"), package, NOUNS, tmp_path / "f.zip"
    )
    assert (image.synset, image.split, image.name) == (PUG, "valid", "pug")


def test_a_tar_of_images_becomes_a_zip(tmp_path: Path):
    files = {f"./train/{DOG}/a.JPEG": b"dog", "valid/n99999999/b.png": b"?", "x/own.png": b"own"}
    archive = pack_tar(tmp_path / "t.tar.gz", files)
    items, left_out = list_images(
        "t", settings("tar"), {"archive": archive}, NOUNS, tmp_path / "t.zip"
    )
    assert [(p.image, p.synset, p.split, p.name, read_bytes(p)) for p in items] == [
        (f"train/{DOG}/a.JPEG", DOG, "train", "dog", b"dog"),
        ("x/own.png", "", "", "", b"own"),
    ]
    assert left_out == [LeftOut("valid/n99999999/b.png", "n99999999 is not a noun of WordNet")]


def test_a_member_that_escapes_the_archive_is_refused(tmp_path: Path):
    archive = {"archive": pack_tar(tmp_path / "t.tar.gz", {"../a.png": b"a"})}
    with pytest.raises(InputError, match="escapes the archive"):
        list_images("t", settings("tar"), archive, NOUNS, tmp_path / "t.zip")
    assert not (tmp_path / "t.zip").exists()


def test_a_folder_of_photographs_needs_no_labels(tmp_path: Path):
    (tmp_path / "own/sub").mkdir(parents=True)
    (tmp_path / "own/sub/a.png").write_bytes(b"a")
    own = settings("folder", folder=str(tmp_path / "own"), split="train")
    [image], _ = list_images("o", own, {}, NOUNS, tmp_path / "o.zip")
    assert (image.image, image.synset, image.split, image.kind) == (
        "sub/a.png",
        "",
        "",
        "photo",
    )
    assert read_bytes(image) == b"a"


def test_a_table_of_images_is_the_fetched_resource_and_not_a_file_of_its_name(tmp_path: Path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own/a.png").write_bytes(b"a")
    fetched = tmp_path / "my_table"
    fetched.write_text(f"path\tsynset\tsplit\na.png\t{DOG}\tval\n", encoding="utf-8")
    own = settings("table", table="my_table", folder=str(tmp_path / "own"))
    files = {"table": str(fetched)}
    [image], _ = list_images("t", own, files, NOUNS, tmp_path / "t.zip")
    assert (image.image, image.synset, image.split) == ("a.png", DOG, "valid")
    assert read_bytes(image) == b"a"


def test_another_package_is_an_error(tmp_path: Path):
    package = {"package": pack_zip(tmp_path / "p.whl", {"a": b""})}
    for kind, words in (("stamps", "stamps"), ("foolbox", "imagenet")):
        with pytest.raises(InputError, match=words):
            list_images("s", settings(kind), package, NOUNS, tmp_path / "s.zip")


def test_files_that_are_left_out_are_a_table(tmp_path: Path):
    write_left_out(tmp_path / "l.tsv", [LeftOut("a\tb\udcff", "odd")])
    assert (tmp_path / "l.tsv").read_text() == "image\treason\na b\\udcff\todd\n"


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
def test_folders_set_label_and_split(path: str):
    assert (synset_of(path), split_of(path)) == CASES[path]


def fill(folder: Path, *paths: str, data: bytes = b"x") -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


def test_a_folder_is_listed_sorted_with_the_files_that_are_left_out(tmp_path: Path):
    fill(tmp_path, "b/z.PNG", "b-c/a.jpg", "a.webp", "notes.txt", ".hid/a.png", "b/.DS_Store")
    fill(tmp_path, "empty.png", data=b"")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nowhere")
    items = list(list_folder(tmp_path))
    assert [item.path for item in items if isinstance(item, SourceImage)] == [
        "a.webp",
        "b-c/a.jpg",
        "b/z.PNG",
    ]
    assert [item for item in items if isinstance(item, LeftOut)] == [
        LeftOut("empty.png", "empty"),
        LeftOut("gone.png", "cannot be read (No such file or directory)"),
        LeftOut("notes.txt", "not an image by its suffix"),
    ]


def test_a_file_that_is_deleted_before_it_is_read_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    fill(tmp_path, "a.png")
    walk = [(str(tmp_path), ["a.png", "gone.png"])]
    monkeypatch.setattr("wordbridge.images.listing.walk", lambda *_: walk)
    _, missing = list_folder(tmp_path)
    assert missing == LeftOut("gone.png", "cannot be read (No such file or directory)")


def test_a_named_pipe_does_not_block(tmp_path: Path):
    fill(tmp_path, "a.png")
    os.mkfifo(tmp_path / "b.png")
    _, pipe = list_folder(tmp_path)
    assert pipe == LeftOut("b.png", "empty")


def test_a_link_to_a_folder_is_not_followed(tmp_path: Path):
    fill(tmp_path, "a.png")
    (tmp_path / "round").symlink_to(tmp_path)
    items = list(list_folder(tmp_path))
    assert [item.path for item in items if isinstance(item, SourceImage)] == ["a.png"]


@pytest.mark.parametrize(
    "other", [b"longer" * 40_000, b"B" + b"a" * 199_999, b"a" * 199_999 + b"B", b"a" * 200_001]
)
def test_a_replaced_image_changes_its_stamp(tmp_path: Path, other: bytes):
    fill(tmp_path, "a.png", data=b"a" * 200_000)
    before = list(list_folder(tmp_path))
    fill(tmp_path, "a.png", data=other)
    assert before != list(list_folder(tmp_path))


def test_an_uncompressed_image_is_read_whole(tmp_path: Path):
    for name in ("a.bmp", "b.tiff"):
        (tmp_path / name).write_bytes(b"a" * 99_999)
        before = content(tmp_path / name)
        (tmp_path / name).write_bytes(b"a" * 50_000 + b"b" + b"a" * 49_998)
        assert before != content(tmp_path / name)


@pytest.mark.parametrize("size", [1, 4_096, 4_097, 8_192, 8_193, 200_000])
def test_the_stamp_of_a_copied_or_touched_image_is_the_same(tmp_path: Path, size: int):
    fill(tmp_path, "a.png", "b.png", data=b"a" * size)
    os.utime(tmp_path / "b.png", (1, 1))
    original, copy = list_folder(tmp_path)
    assert isinstance(original, SourceImage)
    assert isinstance(copy, SourceImage)
    assert original.stamp == copy.stamp


@pytest.mark.parametrize("name", ["missing", "file", "bare"])
def test_a_folder_without_images_is_an_error(tmp_path: Path, name: str):
    fill(tmp_path, "file", "bare/readme.txt")
    own = settings("folder", folder=str(tmp_path / name))
    with pytest.raises(InputError, match=f"expected .*{name}|{name}: expected a folder"):
        list_images("s", own, {}, NOUNS, tmp_path / "s.zip")


@pytest.mark.parametrize(("name", "mark"), [("t.tsv", "\t"), ("t.csv", ",")])
def test_a_table_names_images_synsets_and_splits(tmp_path: Path, name: str, mark: str):
    fill(tmp_path, "in/b.png", "in/a.png", "in/.hidden/d.png")
    rows = [("path", "synset", "split"), ("b.png", "n01440764", "val"), ("a.png", "", "")]
    rows += [("c.png", "n01440764", "train"), (".hidden/d.png", "", "")]
    (tmp_path / name).write_text("".join(mark.join(row) + "\n" for row in rows))
    hidden, first, second, missing = list_table(tmp_path / name, tmp_path / "in")
    assert isinstance(first, SourceImage)
    assert isinstance(second, SourceImage)
    assert first[:3] == ("a.png", "", "")
    assert second[:3] == ("b.png", "n01440764", "valid")
    assert second.location == (tmp_path / "in/b.png").as_posix()
    assert missing == LeftOut("c.png", "cannot be read (No such file or directory)")
    assert hidden == LeftOut(".hidden/d.png", "hidden")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("file\tsynset\na.png\t\n", "expected the columns path and synset, got file, synset"),
        ("path\tsynset\na.png\tdog\n", "expected a synset such as n01440764, got dog"),
        ("path\tsynset\na.png\n", "line 2: expected 2 columns"),
        ("path\tsynset\na.png\t\na.png\t\n", "a.png is in it twice"),
        (
            "path\tsynset\tsplit\na.png\t\tdev\n",
            "expected the split train, valid or test, got 'dev'",
        ),
        ("path\tsynset\tpart\na.png\t\t\n", "the column part is named split now"),
        ("path\tsynset\nb.png\t\n", r"expected images .*t\.tsv, got none; 1 files"),
        ("", "expected the columns path and synset, got nothing"),
    ],
)
def test_an_invalid_table_is_an_error(tmp_path: Path, text: str, words: str):
    fill(tmp_path, "a.png")
    (tmp_path / "t.tsv").write_text(text)
    own = settings("table", folder=str(tmp_path))
    files = {"table": str(tmp_path / "t.tsv")}
    with pytest.raises(InputError, match=words):
        list_images("s", own, files, NOUNS, tmp_path / "s.zip")
