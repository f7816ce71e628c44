import zipfile
from pathlib import Path

import pytest

from wordbridge.errors import InputError
from wordbridge.images.packages import add_image
from wordbridge.images.table import (
    ImageRow,
    MissingImageError,
    content_stamp,
    iterate_images,
    read_bytes,
    read_images,
    shard_of,
    write_images,
    write_shards,
)

IMAGE = ImageRow(
    "own", "a/b.png", "n02084071", "photo", "train", "a dog", "un chien", "", "/x/a/b.png", "3-14"
)


def test_a_table_preserves_the_images(tmp_path: Path):
    images = [IMAGE, IMAGE._replace(image="c d.png", synset="", split="", fr_name="")]
    write_images(tmp_path / "t.tsv", images)
    assert read_images(tmp_path / "t.tsv") == images
    assert next(iterate_images(tmp_path / "t.tsv")) == IMAGE


def test_names_of_images_lose_tabs_and_line_ends(tmp_path: Path):
    write_images(tmp_path / "t.tsv", [IMAGE._replace(name=" a\tdog\n", fr_name="un\u2028chien")])
    [read] = read_images(tmp_path / "t.tsv")
    assert (read.name, read.fr_name) == ("a dog", "un chien")


@pytest.mark.parametrize("text", ["set\timage\n", "\t".join(ImageRow._fields) + "\na\tb\n"])
def test_a_table_of_another_format_is_refused(tmp_path: Path, text: str):
    (tmp_path / "t.tsv").write_text(text)
    with pytest.raises(InputError, match="columns"):
        read_images(tmp_path / "t.tsv")


def test_bytes_are_read_from_a_file_or_a_member_of_a_zip(tmp_path: Path):
    (tmp_path / "p.png").write_bytes(b"plain")
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        add_image(archive, "in/q.png", b"packed")
    plain = IMAGE._replace(member=str(tmp_path / "p.png"))
    packed = IMAGE._replace(archive=str(tmp_path / "p.zip"), member="in/q.png")
    assert (read_bytes(plain), read_bytes(packed)) == (b"plain", b"packed")
    for missing in (
        plain._replace(member=str(tmp_path / "no.png")),
        packed._replace(member="no.png"),
        packed._replace(archive=str(tmp_path / "no.zip")),
    ):
        with pytest.raises(InputError, match="got none; list the set again"):
            read_bytes(missing)


@pytest.mark.parametrize(
    ("name", "only_file"),
    [("in/missing.png", True), ("out/missing.png", False), ("empty/a.png", False)],
)
def test_a_missing_file_and_a_missing_folder_are_different_errors(
    tmp_path: Path, name: str, only_file: bool
):
    """An empty folder may be where a disk is mounted."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "in").mkdir()
    (tmp_path / "in/other.png").touch()
    with pytest.raises(InputError) as caught:
        read_bytes(IMAGE._replace(member=str(tmp_path / name)))
    assert isinstance(caught.value, MissingImageError) is only_file


def test_a_zip_of_images_has_the_same_bytes_each_time(tmp_path: Path):
    for name in ("one.zip", "two.zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            add_image(archive, "a.png", b"abc")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_different_bytes_have_different_stamps():
    assert len(content_stamp(b"a")) == 16
    assert content_stamp(b"a") != content_stamp(b"b")


def test_shards_have_every_image_once_without_its_split(tmp_path: Path):
    table = [IMAGE._replace(image=f"{number}.png") for number in range(100)]
    paths = [tmp_path / f"{shard}.tsv" for shard in range(3)]
    write_shards(paths, table)
    shards = [read_images(path) for path in paths]
    images = sorted(image for shard in shards for image in shard)
    assert images == sorted(image._replace(split="") for image in table)
    assert all(len(shard) > 20 for shard in shards)
    assert {shard_of(p.image, 3) for p in shards[2]} == {2}


def test_one_more_image_changes_one_shard(tmp_path: Path):
    table = [IMAGE._replace(image=f"{number}.png") for number in range(100)]
    before = [tmp_path / f"a{shard}.tsv" for shard in range(4)]
    after = [tmp_path / f"b{shard}.tsv" for shard in range(4)]
    write_shards(before, table)
    write_shards(after, [*table, table[0]._replace(image="new.png")])
    pairs = zip(before, after, strict=True)
    assert sum(old.read_bytes() != new.read_bytes() for old, new in pairs) == 1
