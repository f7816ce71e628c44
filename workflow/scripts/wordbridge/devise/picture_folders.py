"""Pictures as files: ImageNet's layout, any other folder, a tar archive or a table of them."""

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from wordbridge.devise.packages import members
from wordbridge.devise.picture_files import ENDINGS, content, is_picture, walk
from wordbridge.devise.picture_labels import LeftOut
from wordbridge.devise.picture_table import NO_PART, TEST, TRAIN, VALID
from wordbridge.errors import InputError, brief

NO_PICTURE = "no picture by its ending"
_SYNSET = re.compile(r"(n\d{8})(?:\b|_).*")
_PARTS = {"train": TRAIN, "valid": VALID, "val": VALID, "validation": VALID, "test": TEST}


class File(NamedTuple):
    """A picture file: its path in the set, and what its place says of it."""

    path: str
    synset: str
    part: str
    location: str  # where it is on this machine
    stamp: str


def list_folder(folder: str | Path) -> Iterator[File | LeftOut]:
    """Yield the pictures of a folder and its sub-folders, sorted by path.

    Folders named train, valid, val or test tell the part, folders named n01440764 the noun;
    other names tell nothing. What no picture is by its ending, is empty or a link to nowhere is
    left out; hidden files are passed over. Links to folders are not followed. Raises InputError
    if there is no such folder or no picture in it.
    """
    root = Path(folder)
    if not root.is_dir():
        raise InputError(
            f"{folder}: expected a folder of pictures, got {'a file' if root.exists() else 'none'};"
            " correct the path in the config or leave the picture set out"
        )
    found = False
    for path in _files(root):
        if not is_picture(path):
            yield LeftOut(path, NO_PICTURE)
            continue
        listed = _file(root, path, synset_of(path), part_of(path))
        found |= isinstance(listed, File)
        yield listed
    if not found:
        raise InputError(f"{folder}: expected pictures ({', '.join(ENDINGS)}), got none")


def list_tar(archive: str | Path) -> Iterator[tuple[File, bytes] | LeftOut]:
    """Yield the pictures in a tar or zip archive with their bytes, in its order.

    Folders mean what they mean for ``list_folder``. Raises InputError for a damaged archive and
    one without pictures.
    """
    found = False
    for path, data in members(archive, lambda path: not _hidden(path)):
        if not (data and is_picture(path)):
            yield LeftOut(path, "empty" if is_picture(path) else NO_PICTURE)
        else:
            found = True
            yield File(path, synset_of(path), part_of(path), path, ""), data
    if not found:
        raise InputError(f"{archive}: expected pictures ({', '.join(ENDINGS)}), got none")


def list_table(table: str | Path, folder: str | Path) -> Iterator[File | LeftOut]:
    """Yield the pictures that a table names, sorted by path.

    It has the columns path (below ``folder``) and synset, perhaps part; tabs between them, or
    commas in a .csv. Hidden files are left out. Raises InputError for a table without these
    columns, a part or synset of no known form, a path twice and a table that names no picture
    that is there.
    """
    root, found = Path(folder), False
    for path, row in sorted(_rows(Path(table)).items()):
        synset, part = row["synset"], row.get("part", NO_PART)
        if synset and not re.fullmatch(r"n\d{8}", synset):
            raise InputError(f"{table}: {path}: expected a synset such as n01440764, got {synset}")
        if part and part not in _PARTS:
            raise InputError(
                f"{table}: {path}: expected the part train, valid or test, got {part!r}"
            )
        if _hidden(path):
            yield LeftOut(path, "hidden")
            continue
        listed = _file(root, path, synset, _PARTS.get(part, NO_PART))
        found |= isinstance(listed, File)
        yield listed
    if not found:
        raise InputError(f"{table}: none of its pictures is below {folder}; correct the folder")


def synset_of(path: str) -> str:
    """Return the synset that the nearest folder of a path names, or ""."""
    for folder in reversed(PurePosixPath(path).parent.parts):
        if match := _SYNSET.fullmatch(folder):
            return match[1]
    return ""


def part_of(path: str) -> str:
    """Return the part that the outermost such folder of a path names, or ""."""
    folders = PurePosixPath(path).parent.parts
    return next((_PARTS[name.lower()] for name in folders if name.lower() in _PARTS), NO_PART)


def _file(root: Path, path: str, synset: str, part: str) -> File | LeftOut:
    """Return what is known of a picture, or why it is left out."""
    location = root / path
    stamp, reason = content(location)
    return LeftOut(path, reason) if reason else File(path, synset, part, location.as_posix(), stamp)


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
                got = brief(", ".join(columns)) or "nothing"
                raise InputError(f"{table}: expected the columns path and synset, got {got}")
            for row in reader:
                if None in row or None in row.values():
                    raise InputError(
                        f"{table}, line {reader.line_num}: expected {len(columns)} columns"
                    )
                if row["path"] in rows:
                    raise InputError(f"{table}: {row['path']} stands in it twice; delete one row")
                rows[row["path"]] = row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{table}: no table of pictures can be read ({error})") from None
    return rows
