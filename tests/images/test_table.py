import zipfile
from pathlib import Path

import pytest

from wordbridge.errors import InputError
from wordbridge.images.packages import add_image
from wordbridge.images.table import (
    GoneImageError,
    ImageRow,
    digest,
    iterate_images,
    read_bytes,
    read_images,
    write_images,
)

IMAGE = ImageRow(
    "own", "a/b.png", "n02084071", "photo", "train", "a dog", "un chien", "", "/x/a/b.png", "3-14"
)


def test_a_table_read_again_is_what_was_written(tmp_path: Path):
    images = [IMAGE, IMAGE._replace(image="c d.png", synset="", split="", fr_name="")]
    assert write_images(tmp_path / "t.tsv", images) == 2
    assert read_images(tmp_path / "t.tsv") == images
    assert next(iterate_images(tmp_path / "t.tsv")) == IMAGE


def test_names_of_images_lose_tabs_and_line_ends(tmp_path: Path):
    write_images(tmp_path / "t.tsv", [IMAGE._replace(name=" a\tdog\n", fr_name="un\u2028chien")])
    [read] = read_images(tmp_path / "t.tsv")
    assert (read.name, read.fr_name) == ("a dog", "un chien")


@pytest.mark.parametrize("path", ["a\tb.png", "a\nb.png", "a\u2028b.png", "\udcff.png", "a\n"])
def test_a_path_that_no_line_holds_is_refused_by_name(tmp_path: Path, path: str):
    with pytest.raises(InputError, match="rename the file"):
        write_images(tmp_path / "t.tsv", [IMAGE._replace(image=path)])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["set\timage\n", "\t".join(ImageRow._fields) + "\na\tb\n"])
def test_another_table_is_refused(tmp_path: Path, text: str):
    (tmp_path / "t.tsv").write_text(text)
    with pytest.raises(InputError, match="columns"):
        read_images(tmp_path / "t.tsv")


def test_bytes_come_from_a_file_or_a_member_of_a_zip(tmp_path: Path):
    (tmp_path / "p.png").write_bytes(b"plain")
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        add_image(archive, "in/q.png", b"packed")
    plain = IMAGE._replace(member=str(tmp_path / "p.png"))
    packed = IMAGE._replace(archive=str(tmp_path / "p.zip"), member="in/q.png")
    assert (read_bytes(plain), read_bytes(packed)) == (b"plain", b"packed")
    for gone in (
        plain._replace(member=str(tmp_path / "no.png")),
        packed._replace(member="no.png"),
        packed._replace(archive=str(tmp_path / "no.zip")),
    ):
        with pytest.raises(InputError, match="is gone; list the set again"):
            read_bytes(gone)


@pytest.mark.parametrize(
    ("name", "is_alone"), [("in/gone.png", True), ("out/gone.png", False), ("empty/a.png", False)]
)
def test_a_deleted_file_is_told_from_a_folder_that_is_not_there(
    tmp_path: Path, name: str, is_alone: bool
):
    """An empty folder may be where a disk is mounted."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "in").mkdir()
    (tmp_path / "in/other.png").touch()
    with pytest.raises(InputError) as caught:
        read_bytes(IMAGE._replace(member=str(tmp_path / name)))
    assert isinstance(caught.value, GoneImageError) is is_alone


def test_a_zip_of_images_has_the_same_bytes_each_time(tmp_path: Path):
    for name in ("one.zip", "two.zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            add_image(archive, "a.png", b"abc")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_other_bytes_have_another_digest():
    assert len(digest(b"a")) == 16
    assert digest(b"a") != digest(b"b")
