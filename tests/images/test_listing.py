import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.images.image_toys import CAT, CRANE, DOG, MACHINE, PUG, listed, pack_zip
from wordbridge.errors import InputError
from wordbridge.images.files import LeftOut, file_stamp
from wordbridge.images.listing import (
    label_of,
    list_folder,
    list_table,
    split_of,
    synset_of,
    write_left_out,
)
from wordbridge.images.packages import SourceImage
from wordbridge.images.table import read_bytes

NAME = "its name is not UTF-8, or has a tab, a line end or the like; rename it"


@pytest.mark.parametrize("kind", ["folder", "tar"])
def test_folders_of_an_album_are_no_labels(tmp_path: Path, kind: str):
    fill(tmp_path, "in/n20190705/a.png", f"in/{DOG}/b.png")
    packed = pack_zip(tmp_path / "a.zip", {"n20190705/a.png": b"x", f"{DOG}/b.png": b"x"})
    images, left_out, _ = listed(tmp_path, kind, {"archive": packed}, labels="none")
    assert [(image.image, image.synset) for image in images] == [
        (f"{DOG}/b.png", ""),
        ("n20190705/a.png", ""),
    ]
    assert left_out == []


def test_an_album_needs_no_labels(tmp_path: Path):
    (tmp_path / "own/sub").mkdir(parents=True)
    (tmp_path / "own/sub/a.png").write_bytes(b"a")
    [image], _, _ = listed(
        tmp_path, "folder", folder=tmp_path / "own", split="train", labels="none"
    )
    assert (image.image, image.synset, image.split, image.kind) == ("sub/a.png", "", "", "photo")
    assert read_bytes(image) == b"a"


def test_a_table_of_images_is_the_fetched_resource_and_not_a_file_of_its_name(tmp_path: Path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own/a.png").write_bytes(b"a")
    fetched = tmp_path / "my_table"
    fetched.write_text(f"path\tsynset\tsplit\na.png\t{DOG}\tval\n", encoding="utf-8")
    [image], _, _ = listed(
        tmp_path, "table", {"table": str(fetched)}, table="my_table", folder=tmp_path / "own"
    )
    assert (image.image, image.synset, image.split) == ("a.png", DOG, "valid")
    assert read_bytes(image) == b"a"


def test_another_package_is_an_error(tmp_path: Path):
    package = {"package": pack_zip(tmp_path / "p.whl", {"a": b""})}
    for kind, words in (("stamps", "stamps"), ("foolbox", "imagenet")):
        with pytest.raises(InputError, match=words):
            listed(tmp_path, kind, package)


def test_a_damaged_package_is_an_error(tmp_path: Path):
    path = tmp_path / "p.whl"
    pack_zip(
        path, {"foolbox/data/imagenet_00_3.jpg": b"one", "foolbox/data/imagenet_01_3.jpg": b"2"}
    )
    path.write_bytes(path.read_bytes().replace(b".jpgone", b".jpgONE"))
    with pytest.raises(InputError, match=r"imagenet_00_3\.jpg: damaged in the archive"):
        listed(tmp_path, "foolbox", {"package": str(path)})


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


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("train/golden_retriever/a.jpg", "golden_retriever"),
        ("dogs/a.jpg", "dogs"),
        ("101_ObjectCategories/001.ak47/a.jpg", "001.ak47"),
        ("dogs/2019/05/a.jpg", "dogs"),
        ("dogs/poodles/a.jpg", "poodles"),
        ("train/dog/images/a.jpg", "dog"),
        ("Images/dog/a.jpg", "dog"),
        ("val/images/a.jpg", ""),
        ("train/a.jpg", ""),
        ("a.jpg", ""),
        ("2019-05/a.jpg", ""),
        ("set/Train/train/a.jpg", "train"),  # a split, and railway cars
        ("train/test/a.jpg", "test"),
        ("chats/\u00e9t\u00e9/a.jpg", "\u00e9t\u00e9"),
    ],
)
def test_the_innermost_folder_that_may_be_a_label_is_one(path: str, label: str):
    assert label_of(path) == label


LABELLED = {
    "train/001.dogs/a.png": (DOG, "train"),
    "train/true_cat/b.png": (CAT, "train"),
    f"val/{PUG}/c.png": (PUG, "valid"),
    "val/old crane/d.png": ("", ""),
    "val/cranes/e.png": (MACHINE, "valid"),
    "f.png": ("", ""),
}


@pytest.mark.parametrize("kind", ["folder", "tar"])
def test_folders_may_be_named_by_nouns(tmp_path: Path, kind: str):
    fill(tmp_path, *(f"in/{path}" for path in LABELLED))
    packed = pack_zip(tmp_path / "a.zip", dict.fromkeys(LABELLED, b"x"))
    images, left_out, labels = listed(tmp_path, kind, {"archive": packed}, labels="folders")
    assert {image.image: (image.synset, image.split) for image in images} == LABELLED
    assert [image.name for image in images if image.synset == CAT] == ["cat"]
    assert left_out == []
    assert [(label.label, label.images, label.senses) for label in labels] == [
        ("001.dogs", 1, 1),
        ("cranes", 1, 2),
        ("old crane", 1, 0),
        ("true_cat", 1, 1),
    ]


def test_the_name_of_a_set_with_labels_below_its_splits_is_no_label(tmp_path: Path):
    paths = {
        "cats/train/dog/a.png": DOG,
        "cats/test/b.png": "",
        "cats/test/images/c.png": "",
        f"cranes/val/{PUG}/d.png": PUG,
        "cranes/test/e.png": "",
        "dog/train/f.png": DOG,  # no labels below its splits
        "dog/test/g.png": DOG,
        "cats/h.png": CAT,
    }
    fill(tmp_path, *(f"in/{path}" for path in paths))
    images, _, labels = listed(tmp_path, "folder", labels="folders")
    assert {image.image: image.synset for image in images} == paths
    assert [(label.label, label.images) for label in labels] == [("cats", 1), ("dog", 3)]


@pytest.mark.parametrize(
    ("others", "is_class"),
    [
        (["dog/b.png", "cats/c.png"], True),
        (["train/images/b.png", "dog/c.png", "cats/d.png"], True),
        (["dog/b.png", "test/c.png"], False),
        (["dog/b.png", "cats/valid/c.png"], False),
        (["dog/b.png", "cats/train/c.png"], False),
        (["train/dog/b.png", "cats/c.png"], False),
        ([f"train/{DOG}/b.png", "cats/c.png"], False),
    ],
)
@pytest.mark.parametrize("top", ["", "voc/", "cats/"])
def test_a_folder_train_beside_other_classes_is_a_class(
    tmp_path: Path, top: str, others: list[str], is_class: bool
):
    fill(tmp_path, *(f"in/{top}{path}" for path in ("train/a.png", *others)))
    (tmp_path / "labels.tsv").write_text(f"label\tsynset\ntrain\t{MACHINE}\n")
    table = {"labels_table": str(tmp_path / "labels.tsv")}
    images, _, _ = listed(tmp_path, "folder", table, labels="folders", split=None)
    (image,) = (image for image in images if image.image == f"{top}train/a.png")
    assert (image.synset == MACHINE) == is_class
    assert image.split == "" or not is_class


def test_a_folder_train_without_classes_beside_it_is_a_split(tmp_path: Path):
    fill(tmp_path, "in/train/dog.1.png", "in/test1/1.png", "in/images/c.png", "in/2019/d.png")
    (tmp_path / "labels.tsv").write_text(f"label\tsynset\ntrain\t{MACHINE}\n")
    table = {"labels_table": str(tmp_path / "labels.tsv")}
    with pytest.raises(InputError, match="expected labels, got 0 of 4 images"):
        listed(tmp_path, "folder", table, labels="folders")


@pytest.mark.parametrize("labels", ["synsets", "none"])
def test_names_of_folders_are_labels_only_with_that_setting(tmp_path: Path, labels: str):
    fill(tmp_path, *(f"in/{path}" for path in LABELLED))
    images, _, words = listed(tmp_path, "folder", labels=labels)
    assert words == []
    synsets = [PUG] * (labels == "synsets")
    assert [image.synset for image in images if image.synset] == synsets


def test_a_table_sets_labels_that_wordnet_does_not_have(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    fill(tmp_path, *(f"in/{path}" for path in LABELLED))
    (tmp_path / "labels.tsv").write_text(
        f"label\tsynset\nCranes\t{CRANE}\ntrue_cat\t\nparrot\t{DOG}\n", encoding="utf-8"
    )
    images, _, labels = listed(
        tmp_path, "folder", {"labels_table": str(tmp_path / "labels.tsv")}, labels="folders"
    )
    changed = {image.image: image.synset for image in images}
    assert (changed["val/cranes/e.png"], changed["train/true_cat/b.png"]) == (CRANE, "")
    assert {label.label: label.senses for label in labels}["cranes"] is None
    assert capsys.readouterr().err.splitlines() == [
        "warning: image set own: WordNet does not have 1 of its labels; set them in its "
        "labels_table: old crane",
        "warning: image set own: no image has 1 of the labels in its labels_table; correct them: "
        "parrot",
    ]


TINY = {
    f"train/{DOG}/images/{DOG}_0.JPEG": (DOG, "train"),
    f"train/{CAT}/images/{CAT}_0.JPEG": (CAT, "train"),
    "val/images/val_0.JPEG": (CAT, "valid"),
    "val/images/val_1.JPEG": (DOG, "valid"),
    "val/images/val_2.JPEG": ("", ""),
    "test/images/test_0.JPEG": ("", ""),
}
ANNOTATIONS = (
    f"val_0.JPEG\t{CAT}\t0\t32\t44\t62\r\nval_1.JPEG\t{DOG}\t1\t1\t9\t9\r\nval_2.JPEG\tdog"
)


@pytest.mark.parametrize("labels", ["synsets", "folders", "none"])
@pytest.mark.parametrize("kind", ["folder", "tar"])
def test_tiny_imagenet_has_the_labels_of_its_folder_val_in_a_table(
    tmp_path: Path, kind: str, labels: str
):
    files = dict.fromkeys(TINY, b"x") | {
        f"train/{DOG}/{DOG}_boxes.txt": b"x",
        "val/val_annotations.txt": ANNOTATIONS.encode(),
        "wnids.txt": b"x",
    }
    for path, data in files.items():
        fill(tmp_path / "in", f"tiny-imagenet-200/{path}", data=data)
    packed = pack_zip(
        tmp_path / "t.zip", {f"tiny-imagenet-200/{path}": data for path, data in files.items()}
    )
    images, left_out, words = listed(
        tmp_path, kind, {"archive": packed}, folder=tmp_path / "in/tiny-imagenet-200", labels=labels
    )
    labelled = {
        image.image.removeprefix("tiny-imagenet-200/"): (image.synset, image.split)
        for image in images
    }
    assert labelled == (TINY if labels != "none" else dict.fromkeys(TINY, ("", "")))
    assert {item.reason for item in left_out} == {"not an image by its suffix"}
    assert words == []


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
        LeftOut(".hid", "hidden"),
        LeftOut("b/.DS_Store", "hidden"),
        LeftOut("empty.png", "empty"),
        LeftOut("gone.png", "cannot be read (No such file or directory)"),
        LeftOut("notes.txt", "not an image by its suffix"),
    ]


SYSTEM = ("@eaDir", "#recycle", "sub/@eaDir", "$RECYCLE.BIN", "System Volume Information")
SYSTEM += ("lost+found", "@Recycle", "Thumbs.db", "sub/desktop.ini")


def test_what_is_passed_over_in_a_folder_has_a_reason(tmp_path: Path):
    album = tmp_path / "album"
    fill(album, "a.png", "@ home/b.png", "#1.png", "x.HEIC", "y.nef", "clip.mp4", "\udce9.png")
    fill(album, "two\nlines.png", "t\tab.png", "\x1b[31m.png", ".thumbnails/a.png")
    fill(album, *(name if name.endswith((".db", ".ini")) else f"{name}/a.png" for name in SYSTEM))
    (album / "2019").symlink_to("nowhere")
    images, left_out, _ = listed(tmp_path, "folder", folder=album, labels="none")
    assert [image.image for image in images] == ["#1.png", "@ home/b.png", "a.png"]
    system = [LeftOut(name, "a file or folder of the system") for name in SYSTEM]
    assert left_out == sorted(
        [
            *system,
            LeftOut(".thumbnails", "hidden"),
            LeftOut("2019", "a broken link"),
            LeftOut("clip.mp4", "not an image by its suffix"),
            LeftOut("t\tab.png", NAME),
            LeftOut("two\nlines.png", NAME),
            LeftOut("\x1b[31m.png", NAME),
            LeftOut("x.HEIC", "HEIC images cannot be decoded; convert it to JPEG"),
            LeftOut("y.nef", "NEF images cannot be decoded; convert it to JPEG"),
            LeftOut("\udce9.png", NAME),
        ]
    )


def test_a_file_that_is_deleted_before_it_is_read_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    fill(tmp_path, "a.png")
    walk = [(str(tmp_path), ["a.png", "gone.png"], [])]
    monkeypatch.setattr("wordbridge.images.listing.walk", lambda *_: walk)
    _, missing = list_folder(tmp_path)
    assert missing == LeftOut("gone.png", "cannot be read (No such file or directory)")


def test_a_named_pipe_does_not_block(tmp_path: Path):
    fill(tmp_path, "a.png")
    os.mkfifo(tmp_path / "b.png")
    _, pipe = list_folder(tmp_path)
    assert pipe == LeftOut("b.png", "empty")


def test_links_to_folders_are_followed_once(tmp_path: Path):
    fill(tmp_path, "album/a.png", "album/z/b.png", "2019/c.png", "2019/sub/d.png")
    links = {"2019": "2019", "again": "2019", "round": "album", "above": "", "inside": "album/z"}
    links |= {"below": "2019/sub"}
    for name, target in links.items():
        (tmp_path / "album" / name).symlink_to(tmp_path / target)
    (tmp_path / "2019/back").symlink_to(tmp_path / "album")
    items = list(list_folder(tmp_path / "album"))
    images = [item.path for item in items if isinstance(item, SourceImage)]
    assert images == ["2019/c.png", "2019/sub/d.png", "a.png", "z/b.png"]
    left_out = [item.image for item in items if isinstance(item, LeftOut)]
    assert left_out == ["above", "again", "below", "inside", "round", "2019/back"]


def test_a_folder_that_may_not_be_listed_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    fill(tmp_path, "a.png", "locked/b.png")
    scan, locked = os.scandir, {str(tmp_path / "locked")}

    def refuse(path: str) -> object:
        if str(path) in locked:
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    locked_out, image = list_folder(tmp_path)
    assert locked_out == LeftOut("locked", "cannot be listed (Permission denied)")
    assert isinstance(image, SourceImage)
    locked.add(str(tmp_path))
    with pytest.raises(InputError, match="expected to list it, got 'Permission denied'"):
        list(list_folder(tmp_path))


def test_few_images_and_few_labels_are_warnings(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    photos = [f"{number}.png" for number in range(10)]
    fill(tmp_path / "in", f"{DOG}/a.png", *photos, *(f"{number}.txt" for number in range(100)))
    listed(tmp_path, "folder")
    few, unlabelled = capsys.readouterr().err.splitlines()
    reason = "not an image by its suffix"
    assert few == (
        f"warning: image set own: {tmp_path}/in: expected images, got 11; "
        f"100 files are left out (most of them: {reason})"
    )
    assert "expected labels, got 1 of 11 images" in unlabelled
    for number in range(100):
        (tmp_path / f"in/{number}.txt").unlink()
    listed(tmp_path, "folder", labels="none")
    assert capsys.readouterr().err == ""


def test_a_folder_whose_name_has_another_normal_form_is_an_error(tmp_path: Path):
    fill(tmp_path / "e\u0301te\u0301", "a.png")
    with pytest.raises(
        InputError, match=r"\u00e9t\u00e9: .*got one in another Unicode normal form"
    ):
        list(list_folder(tmp_path / "\u00e9t\u00e9"))


@pytest.mark.parametrize("folder", [".", "dog", "n2084071", "n00000000"])
def test_a_labelled_set_without_labels_is_an_error(tmp_path: Path, folder: str):
    fill(tmp_path / "in", f"{folder}/a.png")
    message = "in: expected (labels|images), got 0.*(run.unlabelled_sets|not a noun of WordNet)"
    with pytest.raises(InputError, match=message):
        listed(tmp_path, "folder")


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
        before = file_stamp(tmp_path / name)
        (tmp_path / name).write_bytes(b"a" * 50_000 + b"b" + b"a" * 49_998)
        assert before != file_stamp(tmp_path / name)


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
    with pytest.raises(InputError, match=f"{name}: expected images|{name}: expected a folder"):
        listed(tmp_path, "folder", folder=tmp_path / name)


@pytest.mark.parametrize(("name", "mark"), [("t.tsv", "\t"), ("table", ","), ("t.csv", ";")])
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


def test_the_labels_of_a_table_may_be_nouns(tmp_path: Path):
    fill(tmp_path, *(f"in/{name}.png" for name in "abcdef"))
    rows = ["path,label,split", "a.png,dogs,train", f"b.png,{CAT},", "c.png,,", "d.png,old  dog,"]
    rows += ["e.png,crane,valid", 'f.png,"001. dog",']
    (tmp_path / "t.csv").write_text("\n".join(rows), encoding="utf-8")
    images, left_out, labels = listed(tmp_path, "table", {"table": f"{tmp_path}/t.csv"})
    assert [image.synset for image in images] == [DOG, CAT, "", "", MACHINE, DOG]
    assert [image.split for image in images] == ["train", "", "", "", "valid", ""]
    assert left_out == []
    assert [(label.label, label.senses) for label in labels] == [
        ("001. dog", 1),
        ("crane", 2),
        ("dogs", 1),
        ("old dog", 0),
    ]


@pytest.mark.parametrize("column", ["synset\tlabel", "label\tsynset"])
def test_of_a_synset_and_a_label_in_a_table_the_synset_counts(tmp_path: Path, column: str):
    fill(tmp_path, "a.png", "b.png")
    both = {"synset": (DOG, ""), "label": ("cat", "cat")}
    rows = ["\t".join(both[name][row] for name in column.split("\t")) for row in range(2)]
    (tmp_path / "t").write_text(f"path\t{column}\na.png\t{rows[0]}\nb.png\t{rows[1]}\n")
    images, _, _ = listed(tmp_path, "table", {"table": f"{tmp_path}/t"}, folder=tmp_path)
    assert [image.synset for image in images] == [DOG, CAT]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "file\tsynset\na.png\t\n",
            "expected the columns path and synset or label, got file, synset",
        ),
        ("path\tsynset\na.png\tdog\n", "expected a synset such as n01440764, got 'dog'"),
        ("path\tsynset\na.png\n", "line 2: expected 2 columns"),
        (
            "path\tsynset\tsplit\na.png\t\tdev\n",
            "expected the split train, valid or test, got 'dev'",
        ),
        ("path\tsynset\tpart\na.png\t\t\n", "the column part is named split now"),
        ("path\tsynset\nb.png\t\n", r"t\.tsv: expected images, got 0; 1 files"),
        ("", "expected lines of text, got an empty file"),
        ("path\tsynset\n\u00e9.png\t\n".encode("utf-16"), "expected UTF-8, got UTF-16"),
    ],
)
def test_an_invalid_table_is_an_error(tmp_path: Path, text: str | bytes, words: str):
    fill(tmp_path, "a.png")
    (tmp_path / "t.tsv").write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(InputError, match=words):
        listed(tmp_path, "table", {"table": str(tmp_path / "t.tsv")}, folder=tmp_path)


def test_a_bad_row_of_a_table_leaves_out_that_image(tmp_path: Path):
    fill(tmp_path, "e\u0301/\u202fe\u0301.png", "tr/a.png", "b.png")
    rows = ["path\tsynset\tsplit", "\u00e9/ \u00e9.png\t\t", "tr\\a.png\t\t", "b.png\tdog\t"]
    rows += ["b.png\t\tdev", "b.png\t\t", "b.png\t\t", "@eaDir/b.png\t\t"]
    (tmp_path / "t.tsv").write_text("\n".join(rows), encoding="utf-8")
    images, left_out, _ = listed(
        tmp_path, "table", {"table": str(tmp_path / "t.tsv")}, folder=tmp_path, labels="none"
    )
    assert [image.image for image in images] == ["b.png", "tr\\a.png", "\u00e9/ \u00e9.png"]
    assert all(read_bytes(image) == b"x" for image in images)
    assert left_out == [
        LeftOut("@eaDir/b.png", "a file or folder of the system"),
        LeftOut("b.png", "expected a synset such as n01440764, got 'dog'"),
        LeftOut("b.png", "expected the split train, valid or test, got 'dev'"),
        LeftOut("b.png", "in the set twice; only the first is used"),
    ]
