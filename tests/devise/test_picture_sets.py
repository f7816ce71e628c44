import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.devise.picture_toys import BAT, CAT, CHICKEN, DOG, NOUNS, PUG
from wordbridge.devise.drawings import BrokenDrawing, rasterised
from wordbridge.devise.picture_labels import LeftOut
from wordbridge.devise.picture_sets import list_pictures, write_left_out
from wordbridge.devise.picture_table import digest, read_bytes
from wordbridge.errors import InputError

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="36pt">'
SVG += '<rect width="3" height="3"/></svg>'
STAMPS = "./usr/share/tuxpaint/stamps/"


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

    with Image.open(io.BytesIO(rasterised(SVG))) as image:
        assert image.format == "PNG"
        assert image.size == (256, 128)
        assert image.convert("RGB").getpixel((250, 120)) == (255, 255, 255)
    with pytest.raises(BrokenDrawing):
        rasterised("no drawing")


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
    found, left_out = list_pictures("s", {"kind": "stamps"}, {"package": package}, NOUNS, archive)
    assert [(p.picture, p.synset, p.kind, p.fr_name) for p in found] == [
        ("animals/bat2.png", BAT, "photo", ""),
        ("animals/cartoon/birds.png", CHICKEN, "drawing", ""),
        ("animals/dog.png", DOG, "photo", "Un chien."),
    ]
    assert [row.picture for row in left_out] == [
        "animals/bat2.svg",
        "animals/idea.png",
        "animals/odd.svg",
        "symbols/dog.png",
    ]
    assert read_bytes(found[2]) == b"1"
    assert found[2].stamp == digest(b"1")
    assert {p.part for p in found} == {""}


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
    found, left_out = list_pictures("e", {"kind": "emoji"}, icons, NOUNS, tmp_path / "e.zip")
    assert [(p.picture, p.synset, p.kind, p.name, p.fr_name) for p in found] == [
        ("1f408.png", CAT, "drawing", "black cat", ""),
        ("1f436.png", DOG, "drawing", "dog face", "t\u00eate de chien"),
    ]
    assert [row.picture for row in left_out] == ["1f414", "1f4a1"]  # one has no group
    assert read_bytes(found[0]).startswith(b"\x89PNG")


def test_emoji_may_be_files_of_an_asset_package(tmp_path: Path):
    files = emoji_files(tmp_path)
    assets = {**files, "package": files["assets"]}
    found, _ = list_pictures("e", {"kind": "emoji"}, assets, NOUNS, tmp_path / "e.zip")
    assert [(p.picture, read_bytes(p)) for p in found] == [
        ("1f408.webp", b"a"),
        ("1f436.webp", b"b"),
    ]


def test_samples_have_their_class_in_the_name_and_the_part_of_the_config(tmp_path: Path):
    files = {"foolbox/data/imagenet_00_3.jpg": b"1", "foolbox/data/cifar10_00_3.png": b"2"}
    package = {"package": pack_zip(tmp_path / "f.whl", files)}
    settings = {"kind": "foolbox", "part": "valid"}
    [picture], _ = list_pictures("f", settings, package, NOUNS, tmp_path / "f.zip")
    assert (picture.synset, picture.part, picture.name) == (PUG, "valid", "pug")


def test_a_tar_of_pictures_becomes_a_zip(tmp_path: Path):
    files = {f"./train/{DOG}/a.JPEG": b"dog", "valid/n99999999/b.png": b"?", "x/own.png": b"own"}
    archive = pack_tar(tmp_path / "t.tar.gz", files)
    found, left_out = list_pictures(
        "t", {"kind": "tar"}, {"archive": archive}, NOUNS, tmp_path / "t.zip"
    )
    assert [(p.picture, p.synset, p.part, p.name, read_bytes(p)) for p in found] == [
        (f"train/{DOG}/a.JPEG", DOG, "train", "dog", b"dog"),
        ("x/own.png", "", "", "", b"own"),
    ]
    assert left_out == [LeftOut("valid/n99999999/b.png", "n99999999 is no noun of WordNet")]


def test_a_member_that_climbs_out_is_refused(tmp_path: Path):
    archive = {"archive": pack_tar(tmp_path / "t.tar.gz", {"../a.png": b"a"})}
    with pytest.raises(InputError, match="climbs out"):
        list_pictures("t", {"kind": "tar"}, archive, NOUNS, tmp_path / "t.zip")
    assert not (tmp_path / "t.zip").exists()


def test_a_folder_of_own_photographs_needs_no_labels(tmp_path: Path):
    (tmp_path / "own/sub").mkdir(parents=True)
    (tmp_path / "own/sub/a.png").write_bytes(b"a")
    settings = {"kind": "folder", "folder": str(tmp_path / "own"), "part": "train"}
    [picture], _ = list_pictures("o", settings, {}, NOUNS, tmp_path / "o.zip")
    assert (picture.picture, picture.synset, picture.part, picture.kind) == (
        "sub/a.png",
        "",
        "",
        "photo",
    )
    assert read_bytes(picture) == b"a"


def test_a_table_of_pictures_is_the_fetched_one_and_no_file_of_its_name(tmp_path: Path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own/a.png").write_bytes(b"a")
    fetched = tmp_path / "my_table"
    fetched.write_text(f"path\tsynset\tpart\na.png\t{DOG}\tval\n", encoding="utf-8")
    settings = {"kind": "table", "table": "my_table", "folder": str(tmp_path / "own")}
    files = {"table": str(fetched)}
    [picture], _ = list_pictures("t", settings, files, NOUNS, tmp_path / "t.zip")
    assert (picture.picture, picture.synset, picture.part) == ("a.png", DOG, "valid")
    assert read_bytes(picture) == b"a"


def test_another_package_or_kind_is_an_error(tmp_path: Path):
    package = {"package": pack_zip(tmp_path / "p.whl", {"a": b""})}
    for kind, words in (("stamps", "stamps"), ("foolbox", "imagenet"), ("film", "a kind of")):
        with pytest.raises(InputError, match=words):
            list_pictures("s", {"kind": kind}, package, NOUNS, tmp_path / "s.zip")


def test_what_was_left_out_is_a_table(tmp_path: Path):
    write_left_out(tmp_path / "l.tsv", [LeftOut("a\tb\udcff", "odd")])
    assert (tmp_path / "l.tsv").read_text() == "picture\treason\na b\\udcff\todd\n"
