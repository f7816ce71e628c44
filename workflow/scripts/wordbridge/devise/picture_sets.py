"""A picture set of the config as a table, and as a zip where its pictures come in packages."""

import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from wordbridge.atomic import replacing
from wordbridge.devise.emoji import list_emoji
from wordbridge.devise.foolbox_samples import list_samples
from wordbridge.devise.noun_names import NounNames, read_senses
from wordbridge.devise.noun_table import Noun, lemma_text
from wordbridge.devise.packages import add_picture
from wordbridge.devise.picture_folders import File, list_folder, list_table, list_tar
from wordbridge.devise.picture_labels import Labelled, LeftOut
from wordbridge.devise.picture_table import NO_PART, PHOTO, Picture, digest, one_line
from wordbridge.devise.stamps import SIGNS, list_stamps
from wordbridge.errors import InputError
from wordbridge.table_file import write_table

FILES: dict[str, Callable[..., Iterator[File | LeftOut]]] = {
    "folder": list_folder,
    "table": list_table,
}
KINDS = ("folder", "tar", "table", "stamps", "emoji", "foolbox")


def list_pictures(
    name: str,
    settings: Mapping[str, Any],
    files: Mapping[str, str],
    nouns: Sequence[Noun],
    archive: str | Path,
) -> tuple[list[Picture], list[LeftOut]]:
    """Return the pictures of the set ``name``, sorted, and what was left out of it.

    ``files`` are the resources that the settings name, by key. The zip ``archive`` gets the
    pictures that come in packages or archives; it is empty for sets of plain files. Raises
    InputError for unknown kinds and nouns, and a set without pictures.
    """
    synsets = {noun.synset: noun for noun in nouns}
    pictures: list[Picture] = []
    left_out: list[LeftOut] = []
    with replacing(archive) as partial, zipfile.ZipFile(partial, "w") as packed:
        for found in _listed(name, settings, files, nouns, packed, str(archive)):
            if isinstance(found, LeftOut):
                left_out.append(found)
            elif found.synset and found.synset not in synsets:
                left_out.append(LeftOut(found.picture, f"{found.synset} is no noun of WordNet"))
            else:
                noun = synsets.get(found.synset)
                part = settings.get("part") or found.part if noun else NO_PART
                label = found.name or (lemma_text(noun.lemmas[0]) if noun else "")
                pictures.append(found._replace(name=label, part=part))
    pictures.sort(key=lambda picture: picture.picture)
    if not pictures:
        raise InputError(
            f"picture set {name}: expected pictures, all {len(left_out)} were left out"
        )
    _check_unique(name, pictures)
    return pictures, sorted(left_out)


def write_left_out(path: str | Path, left_out: Iterable[LeftOut]) -> None:
    """Write the table of what was left out: columns picture, reason."""
    write_table(path, LeftOut._fields, (map(_printable, row) for row in left_out))


def _printable(field: str) -> str:
    return one_line(field).encode(errors="backslashreplace").decode()


def _listed(
    name: str,
    settings: Mapping[str, Any],
    files: Mapping[str, str],
    nouns: Sequence[Noun],
    packed: zipfile.ZipFile,
    archive: str,
) -> Iterator[Picture | LeftOut]:
    kind, shown = settings["kind"], settings.get("shows", PHOTO)
    if kind in FILES:
        table = [files["table"]] if kind == "table" else []
        for file in FILES[kind](*table, settings["folder"]):
            yield _of_file(name, file, shown) if isinstance(file, File) else file
    elif kind == "tar":
        for item in list_tar(files.get("archive") or settings["archive"]):
            if isinstance(item, LeftOut):
                yield item
            else:
                add_picture(packed, item[0].path, item[1])
                placed = item[0]._replace(stamp=digest(item[1]))
                yield _of_file(name, placed, shown)._replace(archive=archive)
    else:
        ambiguous = 0
        for found in _labelled(kind, settings, files, nouns):
            if isinstance(found, LeftOut):
                yield found
                continue
            add_picture(packed, found.path, found.data)
            ambiguous += found.choices > 1
            yield Picture(
                name, found.path, found.synset, found.kind, NO_PART, one_line(found.name),
                one_line(found.fr_name), archive, found.path, digest(found.data),
            )  # fmt: skip
        print(f"{ambiguous} labels mean several concrete nouns; the likeliest was taken")


def _labelled(
    kind: str, settings: Mapping[str, Any], files: Mapping[str, str], nouns: Sequence[Noun]
) -> Iterable[Labelled | LeftOut]:
    if kind == "foolbox":
        return list_samples(files["package"], nouns)
    if kind not in KINDS:
        raise InputError(f"picture set: expected a kind of {', '.join(KINDS)}, got {kind!r}")
    senses = read_senses(files["senses"]) if files.get("senses") else {}
    names = NounNames(nouns, senses)
    if kind == "stamps":
        return list_stamps(files["package"], names, settings.get("skip", SIGNS))
    return list_emoji(files["package"], files["names"], files["groups"], names)


def _of_file(name: str, file: File, kind: str) -> Picture:
    return Picture(
        name, file.path, file.synset, kind, file.part, "", "", "", file.location, file.stamp
    )


def _check_unique(name: str, pictures: Sequence[Picture]) -> None:
    for one, other in pairwise(pictures):
        if one.picture == other.picture:
            raise InputError(f"picture set {name}: {one.picture} is in it twice; rename one")
