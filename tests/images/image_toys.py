"""A small WordNet with what the image tests need, settings of image sets, and archives."""

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from wordbridge.images.files import LeftOut
from wordbridge.images.labels import Label
from wordbridge.images.listing import list_images
from wordbridge.images.table import ImageRow
from wordbridge.nouns.table import Noun

PHYSICAL, ANIMAL, ARTIFACT, FOOD = "n00001930", "n00015388", "n00021939", "n07555863"
DOG, CAT, CRANE, MACHINE, CHICKEN, MEAT = (f"n0000010{number}" for number in range(6))
PUG, IDEA, DOLPHIN, FISH, BAT, CLUB = (f"n0000020{number}" for number in range(6))


def noun(synset: str, lemmas: str, *hypernyms: str, number: int | None = None) -> Noun:
    return Noun(synset, tuple(lemmas.split()), hypernyms, number, "a toy")


NOUNS = [
    noun("n00001740", "entity"),
    noun(PHYSICAL, "physical_entity", "n00001740"),
    noun(ANIMAL, "animal", PHYSICAL),
    noun(ARTIFACT, "artifact", PHYSICAL),
    noun(FOOD, "solid_food", PHYSICAL),
    noun(IDEA, "idea star", "n00001740"),
    noun(DOG, "dog domestic_dog", ANIMAL),
    noun(PUG, "pug pug-dog", DOG, number=3),
    noun(CAT, "cat true_cat", ANIMAL),
    noun(MACHINE, "crane", ARTIFACT),
    noun(CRANE, "crane", ANIMAL),
    noun(CHICKEN, "chicken", ANIMAL),
    noun(MEAT, "chicken poulet", FOOD),
    noun(FISH, "dolphinfish dolphin", ANIMAL),
    noun(DOLPHIN, "dolphin", ANIMAL),
    noun(CLUB, "cricket_bat bat", ARTIFACT, number=5),
    noun(BAT, "bat chiropteran", ANIMAL),
]


def settings(kind: str, **values: object) -> dict[str, object]:
    defaults = {
        "image_kind": "photo",
        "labels": "synsets",
        "split": None,
        "skip": ["symbols", "town/roadsigns"],
    }
    return {"kind": kind} | defaults | values


def listed(
    tmp_path: Path, kind: str, files: Mapping[str, str] | None = None, **values: object
) -> tuple[list[ImageRow], list[LeftOut], list[Label]]:
    """Return images, left-out files and labels of a set, by default those of the folder ``in``."""
    block = settings(kind, **{"folder": tmp_path / "in"} | values)
    return list_images("own", block, files or {}, NOUNS, tmp_path / "own.zip")


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
