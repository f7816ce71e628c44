"""Tests of images in packages: their names, drawings, archives, and what is left out."""

import io
import json
import tarfile
from pathlib import Path

import pytest

from tests.images.image_toys import BAT, CAT, CHICKEN, DOG, PUG, listed, pack_tar, pack_zip
from wordbridge.images.files import LeftOut
from wordbridge.images.packages import render_svg
from wordbridge.images.table import content_stamp, read_bytes

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="36pt">'
SVG += '<rect width="3" height="3"/></svg>'
NAME = "its name is not UTF-8, or has a tab, a line end or the like; rename it"
STAMPS = "./usr/share/tuxpaint/stamps/"


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
    items, left_out, _ = listed(tmp_path, "stamps", {"package": package})
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


def test_the_senses_of_ambiguous_labels_are_set_by_hand(tmp_path: Path):
    sentences = {"bunny": b"A bunny with an egg.", "dog": b"A dog.", "kit": b"A cat kit."}
    files = {f"{STAMPS}{name}.png": b"1" for name in sentences}
    files |= {f"{STAMPS}{name}.txt": text for name, text in sentences.items()}
    package = pack_tar(tmp_path / "s.deb", files)
    [dog], [bunny, kit], _ = listed(tmp_path, "stamps", {"package": package})
    assert dog.synset == DOG
    assert bunny == LeftOut("bunny.png", "n02324587 is not a noun of WordNet")  # of this test's
    assert kit.reason == "no concrete noun in 'A cat kit.'"


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
    items, left_out, _ = listed(tmp_path, "emoji", icons)
    assert [(p.image, p.synset, p.kind, p.name, p.fr_name) for p in items] == [
        ("1f408.png", CAT, "drawing", "black cat", ""),
        ("1f436.png", DOG, "drawing", "dog face", "t\u00eate de chien"),
    ]
    assert [row.image for row in left_out] == ["1f414", "1f4a1"]  # one has no group
    assert read_bytes(items[0]).startswith(b"\x89PNG")


def test_emoji_may_be_files_of_an_asset_package(tmp_path: Path):
    files = emoji_files(tmp_path)
    assets = {**files, "package": files["assets"]}
    items, _, _ = listed(tmp_path, "emoji", assets)
    assert [(p.image, read_bytes(p)) for p in items] == [("1f408.webp", b"a"), ("1f436.webp", b"b")]


def test_samples_have_the_class_of_their_name_and_the_split_of_the_config(tmp_path: Path):
    files = {"foolbox/data/imagenet_00_3.jpg": b"1", "foolbox/data/cifar10_00_3.png": b"2"}
    package = {"package": pack_zip(tmp_path / "f.whl", files)}
    [image], _, _ = listed(tmp_path, "foolbox", package, split="valid")
    assert (image.synset, image.split, image.name) == (PUG, "valid", "pug")


def test_a_tar_of_images_becomes_a_zip(tmp_path: Path):
    files = {f"./train/{DOG}/a.JPEG": b"dog", "valid/n99999999/b.png": b"?", "x/own.png": b"own"}
    archive = pack_tar(tmp_path / "t.tar.gz", files)
    items, left_out, _ = listed(tmp_path, "tar", {"archive": archive})
    assert [(p.image, p.synset, p.split, p.name, read_bytes(p)) for p in items] == [
        (f"train/{DOG}/a.JPEG", DOG, "train", "dog", b"dog"),
        ("x/own.png", "", "", "", b"own"),
    ]
    assert left_out == [LeftOut("valid/n99999999/b.png", "n99999999 is not a noun of WordNet")]


def test_what_is_wrong_with_one_member_of_an_archive_leaves_out_that_one(tmp_path: Path):
    files = {
        f"train\\{DOG}\\dog.png": b"dog",  # as PowerShell packs it
        "train\\": b"",
        "e\u0301.png": b"a letter and its accent",
        "damaged.png": b"damaged",
        "odd.png": b"odd",
        "../a.png": b"a",
        "C:a.png": b"a",
        "__MACOSX/a/._dog.png": b"x",
        "__MACOSX/._a.png": b"x",
        "a\tb.png": b"x",
        "clip.mp4": b"x",
        "empty.png": b"",
    }
    path = tmp_path / "t.zip"
    pack_zip(path, files)
    packed = bytearray(path.read_bytes().replace(b"damaged.pngdamaged", b"damaged.pngdamagEd"))
    directory = packed.index(b"PK\x01\x02")
    packed[packed.index(b"odd.png", directory) - 36] = 9  # a method that is not supported
    path.write_bytes(packed)
    items, left_out, _ = listed(tmp_path, "tar", {"archive": str(path)})
    assert [(item.image, item.synset, read_bytes(item)) for item in items] == [
        (f"train/{DOG}/dog.png", DOG, b"dog"),
        ("\u00e9.png", "", b"a letter and its accent"),
    ]
    assert left_out == [
        LeftOut("../a.png", "its path escapes the archive"),
        LeftOut("C:a.png", "its path escapes the archive"),
        LeftOut("__MACOSX", "a file or folder of the system"),
        LeftOut("a\tb.png", NAME),
        LeftOut("clip.mp4", "not an image by its suffix"),
        LeftOut("damaged.png", "damaged in the archive (Bad CRC-32 for file 'damaged.png')"),
        LeftOut("empty.png", "empty"),
        LeftOut("odd.png", "packed by method 9; pack it with deflate"),
    ]


def test_links_and_second_files_of_a_tar_are_left_out(tmp_path: Path):
    with tarfile.open(tmp_path / "t.tar", "w") as archive:
        for name, link in (("a.png", ""), ("b.png", "a.png"), ("a.png", ""), ("\udce9.png", "")):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = (tarfile.SYMTYPE, link) if link else (tarfile.REGTYPE, "")
            info.size = 0 if link else 1
            archive.addfile(info, io.BytesIO(b"x"))
    files = {"archive": str(tmp_path / "t.tar")}
    [image], left_out, _ = listed(tmp_path, "tar", files, labels="none")
    assert image.image == "a.png"
    assert left_out == [
        LeftOut("a.png", "in the set twice; only the first is used"),
        LeftOut("b.png", "a link to a.png; name that member instead"),
        LeftOut("\udce9.png", NAME),
    ]
