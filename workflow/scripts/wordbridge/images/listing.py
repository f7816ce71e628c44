"""Images as files: ImageNet's layout, any other folder, a tar archive or a table of them.

An image set of the config as a table, and as a zip where its images come in packages.
"""

import csv
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from wordbridge.errors import InputError, shorten
from wordbridge.files import atomic_write, write_tsv
from wordbridge.images.files import ENDINGS, content, is_image, walk
from wordbridge.images.labels import NounNames, read_senses
from wordbridge.images.packages import (
    SIGNS,
    Labelled,
    LeftOut,
    add_image,
    list_emoji,
    list_samples,
    list_stamps,
    members,
)
from wordbridge.images.table import NO_SPLIT, PHOTO, TEST, TRAIN, VALID, ImageRow, digest, one_line
from wordbridge.nouns.table import Noun, lemma_text

NO_IMAGE = "no image by its ending"
_SYNSET = re.compile(r"(n\d{8})(?:\b|_).*")
_SPLITS = {"train": TRAIN, "valid": VALID, "val": VALID, "validation": VALID, "test": TEST}


class File(NamedTuple):
    """An image file: its path in the set, and what its place says of it."""

    path: str
    synset: str
    split: str
    location: str  # where it is on this machine
    stamp: str


def list_folder(folder: str | Path) -> Iterator[File | LeftOut]:
    """Yield the images of a folder and its sub-folders, sorted by path.

    Folders named train, valid, val or test tell the split, folders named n01440764 the noun;
    other names tell nothing. What no image is by its ending, is empty or a link to nowhere is
    left out; hidden files are passed over. Links to folders are not followed. Raises InputError
    if there is no such folder or no image in it.
    """
    root = Path(folder)
    if not root.is_dir():
        raise InputError(
            f"{folder}: expected a folder of images, got {'a file' if root.exists() else 'none'};"
            " correct the path in the config or leave the image set out"
        )
    found = False
    for path in _files(root):
        if not is_image(path):
            yield LeftOut(path, NO_IMAGE)
            continue
        listed = _file(root, path, synset_of(path), split_of(path))
        found |= isinstance(listed, File)
        yield listed
    if not found:
        raise InputError(f"{folder}: expected images ({', '.join(ENDINGS)}), got none")


def list_tar(archive: str | Path) -> Iterator[tuple[File, bytes] | LeftOut]:
    """Yield the images in a tar or zip archive with their bytes, in its order.

    Folders mean what they mean for ``list_folder``. Raises InputError for a damaged archive and
    one without images.
    """
    found = False
    for path, data in members(archive, lambda path: not _hidden(path)):
        if not (data and is_image(path)):
            yield LeftOut(path, "empty" if is_image(path) else NO_IMAGE)
        else:
            found = True
            yield File(path, synset_of(path), split_of(path), path, ""), data
    if not found:
        raise InputError(f"{archive}: expected images ({', '.join(ENDINGS)}), got none")


def list_table(table: str | Path, folder: str | Path) -> Iterator[File | LeftOut]:
    """Yield the images that a table names, sorted by path.

    It has the columns path (below ``folder``) and synset, perhaps split; tabs between them, or
    commas in a .csv. Hidden files are left out. Raises InputError for a table without these
    columns, a split or synset of no known form, a path twice and a table that names no image
    that is there.
    """
    root, found = Path(folder), False
    for path, row in sorted(_rows(Path(table)).items()):
        synset, split = row["synset"], row.get("split", NO_SPLIT)
        if synset and not re.fullmatch(r"n\d{8}", synset):
            raise InputError(f"{table}: {path}: expected a synset such as n01440764, got {synset}")
        if split and split not in _SPLITS:
            raise InputError(
                f"{table}: {path}: expected the split train, valid or test, got {split!r}"
            )
        if _hidden(path):
            yield LeftOut(path, "hidden")
            continue
        listed = _file(root, path, synset, _SPLITS.get(split, NO_SPLIT))
        found |= isinstance(listed, File)
        yield listed
    if not found:
        raise InputError(f"{table}: none of its images is below {folder}; correct the folder")


def synset_of(path: str) -> str:
    """Return the synset that the nearest folder of a path names, or ""."""
    for folder in reversed(PurePosixPath(path).parent.parts):
        if match := _SYNSET.fullmatch(folder):
            return match[1]
    return ""


def split_of(path: str) -> str:
    """Return the split that the outermost such folder of a path names, or ""."""
    folders = PurePosixPath(path).parent.parts
    return next((_SPLITS[name.lower()] for name in folders if name.lower() in _SPLITS), NO_SPLIT)


def _file(root: Path, path: str, synset: str, split: str) -> File | LeftOut:
    """Return what is known of an image, or why it is left out."""
    location = root / path
    stamp, reason = content(location)
    return (
        LeftOut(path, reason) if reason else File(path, synset, split, location.as_posix(), stamp)
    )


def _files(root: Path) -> list[str]:
    """Return the relative paths of the files below a folder, sorted, without hidden ones."""
    inner = ((Path(at).relative_to(root), names) for at, names in walk(root, _raise))
    return sorted((folder / name).as_posix() for folder, names in inner for name in names)


def _raise(error: OSError) -> None:
    raise InputError(
        f"{error.filename}: cannot be listed ({error.strerror}); give leave to read it"
    )


def _hidden(path: str) -> bool:
    return any(part.startswith(".") and part != ".." for part in PurePosixPath(path).parts)


def _rows(table: Path) -> dict[str, Mapping[str, str]]:
    delimiter = "," if table.suffix.lower() == ".csv" else "\t"
    rows: dict[str, Mapping[str, str]] = {}
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter=delimiter, strict=True)
            columns = reader.fieldnames or ()
            if not {"path", "synset"} <= set(columns):
                got = shorten(", ".join(columns)) or "nothing"
                raise InputError(f"{table}: expected the columns path and synset, got {got}")
            if "part" in columns:
                raise InputError(f"{table}: the column part is named split now; rename it")
            for row in reader:
                if None in row or None in row.values():
                    raise InputError(
                        f"{table}, line {reader.line_num}: expected {len(columns)} columns"
                    )
                if row["path"] in rows:
                    raise InputError(f"{table}: {row['path']} stands in it twice; delete one row")
                rows[row["path"]] = row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{table}: no table of images can be read ({error})") from None
    return rows


FILES: dict[str, Callable[..., Iterator[File | LeftOut]]] = {
    "folder": list_folder,
    "table": list_table,
}
KINDS = ("folder", "tar", "table", "stamps", "emoji", "foolbox")


def list_images(
    name: str,
    settings: Mapping[str, Any],
    files: Mapping[str, str],
    nouns: Sequence[Noun],
    archive: str | Path,
) -> tuple[list[ImageRow], list[LeftOut]]:
    """Return the images of the set ``name``, sorted, and what was left out of it.

    ``files`` are the resources that the settings name, by key. The zip ``archive`` gets the
    images that come in packages or archives; it is empty for sets of plain files. Raises
    InputError for unknown kinds and nouns, and a set without images.
    """
    synsets = {noun.synset: noun for noun in nouns}
    images: list[ImageRow] = []
    left_out: list[LeftOut] = []
    with atomic_write(archive) as partial, zipfile.ZipFile(partial, "w") as packed:
        for found in _listed(name, settings, files, nouns, packed, str(archive)):
            if isinstance(found, LeftOut):
                left_out.append(found)
            elif found.synset and found.synset not in synsets:
                left_out.append(LeftOut(found.image, f"{found.synset} is no noun of WordNet"))
            else:
                noun = synsets.get(found.synset)
                split = settings.get("split") or found.split if noun else NO_SPLIT
                label = found.name or (lemma_text(noun.lemmas[0]) if noun else "")
                images.append(found._replace(name=label, split=split))
    images.sort(key=lambda image: image.image)
    if not images:
        raise InputError(f"image set {name}: expected images, all {len(left_out)} were left out")
    _check_unique(name, images)
    return images, sorted(left_out)


def write_left_out(path: str | Path, left_out: Iterable[LeftOut]) -> None:
    """Write the table of what was left out: columns image, reason."""
    write_tsv(path, LeftOut._fields, (map(_printable, row) for row in left_out))


def _printable(field: str) -> str:
    return one_line(field).encode(errors="backslashreplace").decode()


def _listed(
    name: str,
    settings: Mapping[str, Any],
    files: Mapping[str, str],
    nouns: Sequence[Noun],
    packed: zipfile.ZipFile,
    archive: str,
) -> Iterator[ImageRow | LeftOut]:
    kind, shown = settings["kind"], settings.get("image_kind", PHOTO)
    if kind in FILES:
        table = [files["table"]] if kind == "table" else []
        for file in FILES[kind](*table, settings["folder"]):
            yield _of_file(name, file, shown) if isinstance(file, File) else file
    elif kind == "tar":
        for item in list_tar(files.get("archive") or settings["archive"]):
            if isinstance(item, LeftOut):
                yield item
            else:
                add_image(packed, item[0].path, item[1])
                placed = item[0]._replace(stamp=digest(item[1]))
                yield _of_file(name, placed, shown)._replace(archive=archive)
    else:
        ambiguous = 0
        for found in _labelled(kind, settings, files, nouns):
            if isinstance(found, LeftOut):
                yield found
                continue
            add_image(packed, found.path, found.data)
            ambiguous += found.choices > 1
            yield ImageRow(
                name, found.path, found.synset, found.kind, NO_SPLIT, one_line(found.name),
                one_line(found.fr_name), archive, found.path, digest(found.data),
            )  # fmt: skip
        print(f"{ambiguous} labels mean several concrete nouns; the likeliest was taken")


def _labelled(
    kind: str, settings: Mapping[str, Any], files: Mapping[str, str], nouns: Sequence[Noun]
) -> Iterable[Labelled | LeftOut]:
    if kind == "foolbox":
        return list_samples(files["package"], nouns)
    if kind not in KINDS:
        raise InputError(f"image set: expected a kind of {', '.join(KINDS)}, got {kind!r}")
    senses = read_senses(files["senses"]) if files.get("senses") else {}
    names = NounNames(nouns, senses)
    if kind == "stamps":
        return list_stamps(files["package"], names, settings.get("skip", SIGNS))
    return list_emoji(files["package"], files["names"], files["groups"], names)


def _of_file(name: str, file: File, kind: str) -> ImageRow:
    return ImageRow(
        name, file.path, file.synset, kind, file.split, "", "", "", file.location, file.stamp
    )


def _check_unique(name: str, images: Sequence[ImageRow]) -> None:
    for one, other in pairwise(images):
        if one.image == other.image:
            raise InputError(f"image set {name}: {one.image} is in it twice; rename one")
