"""Tux Paint's stamps: cut-out photographs and cartoons with a sentence in many languages."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from wordbridge.devise.drawings import BrokenDrawing, rasterised
from wordbridge.devise.noun_names import Meaning, NounNames
from wordbridge.devise.packages import members
from wordbridge.devise.picture_labels import Labelled, LeftOut
from wordbridge.devise.picture_table import DRAWING, PHOTO
from wordbridge.errors import InputError

ROOT = "usr/share/tuxpaint/stamps/"
SIGNS = ("symbols", "town/roadsigns")  # they show a sign, not what the sign is about

# What stands in a folder is one of these.
_ARTIFACT, _ANIMAL, _PLANT, _PERSON = "n00021939", "n00015388", "n00017222", "n00007846"
_FOOD, _SOLID_FOOD, _PLANT_PART, _FUNGUS = "n00021265", "n07555863", "n13086908", "n12992868"
_CELESTIAL, _BODY_PART, _BODY_COVERING = "n09239740", "n05220461", "n05237755"
KINDS = {
    "animals": (_ANIMAL,),
    "clothes": (_ARTIFACT,),
    "food": (_SOLID_FOOD, _FOOD, _PLANT, _PLANT_PART, _FUNGUS),
    "hobbies": (_ARTIFACT,),
    "household": (_ARTIFACT,),
    "military": (_ARTIFACT, _PERSON),
    "people/body_parts": (_BODY_PART, _BODY_COVERING),
    "people": (_PERSON, _ARTIFACT),
    "plants": (_PLANT, _PLANT_PART, _FUNGUS),
    "space": (_CELESTIAL, _ARTIFACT, _PERSON),
    "sports": (_ARTIFACT,),
    "town/flags": (_ARTIFACT,),
    "vehicles": (_ARTIFACT,),
}
# Sentences that name something else than what is shown, as reading them all has told.
MISREAD = (
    "animals/birds/cartoon/tux",
    "household/globe",
    "household/rubberduck",
    "military/vehicles/bradley",
    "naturalforces/explosion",
    "naturalforces/lightningbolt",
    "people/body_parts/hair_manga",
    "seasonal/hanukkah/dreydl-gimmel",
    "seasonal/hanukkah/dreydl-hay",
    "seasonal/hanukkah/dreydl-nun",
    "seasonal/hanukkah/dreydl-shin",
    "seasonal/hanukkah/menorah",
    "seasonal/leafrake",
    "space/voyager2",
    "town/cartoon/docks",
    "vehicles/auto/beetle",
    "vehicles/emergency/sedan_police",
    "vehicles/farming/cartoon/tux_tractor",
    "vehicles/flight/planes/cartoon/plane",
    "vehicles/locomotive/cartoon/caboose",
)

# A stamp in pixels is a photograph if it is none of these, as looking at them all has told.
_DRAWN = re.compile(
    r"cartoon|drawing|/body_parts/|/christmas/(Santa|[a-w]|xmas_)|/easter/|/flags/|/halloween/"
    r"|/hanukkah/|/hats/|/newyears/|clothes/(button|t_)|naturalforces/|symbols/|roadsigns/"
    r"|/(bee|fly|echidna|hedgehog|tooth)\.png"
)
_ARTICLE = re.compile(r"^(an?|the|some|our|your|one|another) ")
_QUANTITY = re.compile(
    r"^(baby|pair|couple|cluster|bunch|group|head|string|piece|quarter|slice|loaf|stack) of "
    r"(an? |the )?"
)
_SENTENCE_END = re.compile("[.,!?;:(\u2014]| [\u2013-]")
_PHRASE_END = re.compile(
    r" (with|in|inside|of|on|for|from|to|that|which|who|is|are|was|carry|carries|means|resembles"
    r"|as|the|used|hatched|dancing|eating|making|playing)\b.*"
)
_OTHER_LETTERS = re.compile(r"[^\w\s'-]")


def list_stamps(
    package: str | Path, names: NounNames, skip: Sequence[str] = SIGNS
) -> Iterator[Labelled | LeftOut]:
    """Yield the stamps of Debian's tuxpaint-stamps-default by path, with the nouns they show.

    Stamps below the folders ``skip`` are left out, as are those whose sentence names no
    concrete noun. Raises InputError if the package holds no stamps.
    """
    files = {
        path.removeprefix(ROOT): data
        for path, data in members(
            package, lambda path: path.startswith(ROOT) and path.endswith((".png", ".svg", ".txt"))
        )
    }
    pictures = sorted(path for path in files if not path.endswith(".txt"))
    if not pictures:
        raise InputError(
            f"{package}: expected stamps below {ROOT}, got none; name Debian's package"
        )
    for path in pictures:
        stem = PurePosixPath(path).with_suffix("")
        if path.endswith(".svg") and f"{stem}.png" in files:
            yield LeftOut(path, "the same as a picture of pixels")
        elif any(path.startswith(f"{folder}/") for folder in skip):
            yield LeftOut(path, "in a folder that the config skips")
        elif str(stem) in MISREAD:
            yield LeftOut(path, "its sentence names something else")
        else:
            yield _stamp(path, files[path], files.get(f"{stem}.txt", b""), names)


def stamp_meaning(path: str, sentence: str, names: NounNames) -> Meaning | None:
    """Return the noun that a stamp shows, by its English sentence or else its file's name."""
    kinds = next((kinds for at, kinds in KINDS.items() if path.startswith(f"{at}/")), ())
    stem = re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_\d]+", " ", PurePosixPath(path).stem).strip()
    opening = _opening(sentence)
    phrase = _PHRASE_END.sub("", opening).split()
    tails = [" ".join(phrase[start:]) for start in range(len(phrase))]
    for label in (opening, *tails, stem):
        if len(label) > 1 and (meaning := names.meaning(label, kinds)):
            return meaning
    return None


def _stamp(path: str, data: bytes, text: bytes, names: NounNames) -> Labelled | LeftOut:
    lines = text.decode("utf-8", "replace").replace("\ufeff", "").splitlines() or [""]
    sentence = lines[0].strip()
    meaning = stamp_meaning(path, sentence, names)
    if meaning is None:
        return LeftOut(path, f"no concrete noun in {sentence!r}")
    french = next((line[8:] for line in lines if line.startswith("fr.utf8=")), "")
    drawn = path.endswith(".svg") or _DRAWN.search(path)
    if path.endswith(".svg"):
        try:
            data = rasterised(data.decode("utf-8", "replace"))
        except BrokenDrawing as error:
            return LeftOut(path, str(error))
        path = f"{path.removesuffix('.svg')}.png"
    kind = DRAWING if drawn else PHOTO
    return Labelled(path, data, meaning.synset, kind, sentence, french.strip(), meaning.choices)


def _opening(sentence: str) -> str:
    """Return what a sentence says first: in lower case, without article and words of number."""
    opening = _SENTENCE_END.split(sentence.strip(" \u2013\u201c\u201d\"'"))[0]
    opening = _OTHER_LETTERS.sub("", opening.replace("\u2019", "'")).casefold().strip()
    return _QUANTITY.sub("", _ARTICLE.sub("", opening)).strip()
