"""The images of a set: a folder, a table of files, an archive or a package of images.

A set becomes a table, and a zip archive of the images that come in archives and packages. The
layout of ImageNet sets labels and splits: folders named n01440764 below train and val.
"""

import csv
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Any

from wordbridge.errors import InputError, shorten
from wordbridge.files import atomic_write, write_tsv
from wordbridge.images.files import SUFFIXES, content, is_image, walk
from wordbridge.images.labels import LabelIndex
from wordbridge.images.packages import (
    LeftOut,
    SourceImage,
    add_image,
    list_emoji,
    list_samples,
    list_stamps,
    members,
)
from wordbridge.images.table import (
    NO_SPLIT,
    TEST,
    TRAIN,
    VALID,
    ImageRow,
    collapse_spaces,
    content_stamp,
)
from wordbridge.nouns.table import Noun, lemma_text
from wordbridge.nouns.wordnet import read_senses

NOT_AN_IMAGE = "not an image by its suffix"
_SYNSET_FOLDER = re.compile(r"(n\d{8})(?:\b|_).*")
_SPLITS = {"train": TRAIN, "valid": VALID, "val": VALID, "validation": VALID, "test": TEST}


def list_images(
    name: str,
    settings: Mapping[str, Any],
    files: Mapping[str, str],
    nouns: Sequence[Noun],
    archive: str | Path,
) -> tuple[list[ImageRow], list[LeftOut]]:
    """Return the images of the set ``name``, sorted, and the files that were left out.

    ``files`` are the resources of the set by key. The zip ``archive`` gets the images of archives
    and packages; for sets of plain files it is empty. Raises InputError for a set without images.
    """
    noun_of = {noun.synset: noun for noun in nouns}
    rows: list[ImageRow] = []
    left_out: list[LeftOut] = []
    with atomic_write(archive) as partial, zipfile.ZipFile(partial, "w") as target:
        for image in _source_images(settings, files, nouns):
            if isinstance(image, LeftOut):
                left_out.append(image)
            elif image.synset and image.synset not in noun_of:
                reason = f"{image.synset} is not a noun of WordNet"
                left_out.append(LeftOut(image.path, reason))
            else:
                if image.data is not None:
                    add_image(target, image.path, image.data)
                rows.append(_row(name, settings, image, noun_of.get(image.synset), archive))
    if not rows:
        sources = {**settings, **files}
        source = next(sources[k] for k in ("table", "folder", "archive", "package") if k in sources)
        raise InputError(
            f"image set {name}: expected images ({', '.join(SUFFIXES)}) in {source}, got none; "
            f"{len(left_out)} files were left out; correct the path or remove the image set"
        )
    rows.sort(key=lambda row: row.image)
    for row, following in pairwise(rows):
        if row.image == following.image:
            raise InputError(f"image set {name}: {row.image} is in it twice; rename one")
    return rows, sorted(left_out)


def write_left_out(path: str | Path, left_out: Iterable[LeftOut]) -> None:
    """Write the table of the files that were left out: columns image, reason."""
    rows = ([collapse_spaces(field) for field in row] for row in left_out)
    escaped = ([field.encode(errors="backslashreplace").decode() for field in row] for row in rows)
    write_tsv(path, LeftOut._fields, escaped)


def list_folder(folder: str | Path) -> Iterator[SourceImage | LeftOut]:
    """Yield the images of a folder and its subfolders, sorted by path.

    Folders named train, valid, val or test set the split, folders named n01440764 the label.
    Files with other suffixes, empty files and broken links are left out; hidden files are
    skipped, and links to folders are not followed. Raises InputError without a folder.
    """
    root = Path(folder)
    if not root.is_dir():
        raise InputError(
            f"{folder}: expected a folder of images, got {'a file' if root.exists() else 'none'};"
            " correct the path in the config or remove the image set"
        )

    def fail(error: OSError) -> None:
        raise InputError(
            f"{error.filename}: expected to list it, got {error.strerror!r}; check its permissions"
        )

    folders = ((Path(below).relative_to(root), names) for below, names in walk(root, fail))
    for path in sorted((below / name).as_posix() for below, names in folders for name in names):
        if is_image(path):
            yield _file(root, path, synset_of(path), split_of(path))
        else:
            yield LeftOut(path, NOT_AN_IMAGE)


def list_archive(archive: str | Path) -> Iterator[SourceImage | LeftOut]:
    """Yield the images in a tar or zip archive with their bytes, in its order.

    Folders set labels and splits as in ``list_folder``. Raises InputError for a damaged archive.
    """
    for path, data in members(archive, lambda path: not _is_hidden(path)):
        if not is_image(path):
            yield LeftOut(path, NOT_AN_IMAGE)
        elif not data:
            yield LeftOut(path, "empty")
        else:
            yield SourceImage(path, synset_of(path), split_of(path), data)


def list_table(table: str | Path, folder: str | Path) -> Iterator[SourceImage | LeftOut]:
    """Yield the images that a table names, sorted by path.

    The table has the columns path (below ``folder``), synset and optionally split, separated by
    tabs, or by commas in a .csv. Hidden files are left out. Raises InputError for other columns,
    an invalid synset or split, and a duplicate path.
    """
    for path, row in sorted(_table_rows(Path(table)).items()):
        synset, split = row["synset"], row.get("split", "")
        if synset and not re.fullmatch(r"n\d{8}", synset):
            raise InputError(f"{table}: {path}: expected a synset such as n01440764, got {synset}")
        if split and split not in _SPLITS:
            raise InputError(
                f"{table}: {path}: expected the split train, valid or test, got {split!r}"
            )
        if _is_hidden(path):
            yield LeftOut(path, "hidden")
        else:
            yield _file(Path(folder), path, synset, _SPLITS.get(split, NO_SPLIT))


def synset_of(path: str) -> str:
    """Return the synset in the name of the innermost such folder of a path, or ""."""
    for folder in reversed(PurePosixPath(path).parent.parts):
        if match := _SYNSET_FOLDER.fullmatch(folder):
            return match[1]
    return ""


def split_of(path: str) -> str:
    """Return the split in the name of the outermost such folder of a path, or ""."""
    folders = map(str.lower, PurePosixPath(path).parent.parts)
    return next((_SPLITS[name] for name in folders if name in _SPLITS), NO_SPLIT)


def _source_images(
    settings: Mapping[str, Any], files: Mapping[str, str], nouns: Sequence[Noun]
) -> Iterable[SourceImage | LeftOut]:
    match settings["kind"]:
        case "folder":
            return list_folder(settings["folder"])
        case "table":
            return list_table(files["table"], settings["folder"])
        case "tar":
            return list_archive(files["archive"])
        case "foolbox":
            return list_samples(files["package"], nouns)
    labels = LabelIndex(nouns, read_senses(files["senses"]) if files.get("senses") else {})
    if settings["kind"] == "stamps":
        return list_stamps(files["package"], labels, settings["skip"])
    return list_emoji(files["package"], files["names"], files["groups"], labels)


def _row(
    name: str,
    settings: Mapping[str, Any],
    image: SourceImage,
    noun: Noun | None,
    archive: str | Path,
) -> ImageRow:
    return ImageRow(
        set=name,
        image=image.path,
        synset=image.synset,
        kind=image.kind or settings["image_kind"],
        split=settings["split"] or image.split if noun else NO_SPLIT,
        name=image.name or (lemma_text(noun.lemmas[0]) if noun else ""),
        fr_name=image.fr_name,
        archive="" if image.data is None else str(archive),
        member=image.location or image.path,
        stamp=image.stamp if image.data is None else content_stamp(image.data),
    )


def _file(root: Path, path: str, synset: str, split: str) -> SourceImage | LeftOut:
    """Return an image file, or the reason why it is left out."""
    location = root / path
    stamp, reason = content(location)
    if reason:
        return LeftOut(path, reason)
    return SourceImage(path, synset, split, location=location.as_posix(), stamp=stamp)


def _is_hidden(path: str) -> bool:
    return any(name.startswith(".") and name != ".." for name in PurePosixPath(path).parts)


def _table_rows(table: Path) -> dict[str, Mapping[str, str]]:
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
                    raise InputError(f"{table}: {row['path']} is in it twice; delete one row")
                rows[row["path"]] = row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{table}: cannot read a table of images ({error})") from None
    return rows
