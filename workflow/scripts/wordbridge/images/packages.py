"""Image files out of packages, and into one zip that the jobs after it read.

What the sets that come in packages have in common: a file, and a label to look up.

Drawings in SVG as images of pixels.

Tux Paint's stamps: cut-out photographs and cartoons with a sentence in many languages.

Emoji as images: drawings of one icon pack, names and groups from others.

The twenty ImageNet photographs that the foolbox package brings as samples.
"""

import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from wordbridge.errors import InputError, with_location
from wordbridge.images.labels import Meaning, NounNames
from wordbridge.images.table import DRAWING, PHOTO
from wordbridge.nouns.table import Noun, lemma_text
from wordbridge.sources.archives import corrupt_archive_errors, entries, escapes_archive

LARGEST = 1 << 28  # bytes of one member; the largest photographs of ImageNet have 16 MB
_NO_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say


def members(package: str | Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of the wanted files in a zip, tar or Debian package, in its order.

    One member is in memory at a time. Raises InputError for a missing or damaged
    archive, a path that leads out of it and a file of more than 256 MB.
    """
    path = Path(package)
    if not path.is_file():
        raise InputError(f"{path}: expected an archive, got no file; correct the path")
    with with_location(path), corrupt_archive_errors(path):
        for entry in entries(path, path.name):
            if entry.unreadable_reason is not None or not wanted(entry.name):
                continue
            if escapes_archive(entry.name):
                raise InputError(f"member {entry.name!r} escapes the archive; refused")
            yield entry.name, b"".join(entry.chunks(LARGEST))


def member(package: str | Path, name: str) -> bytes:
    """Return the bytes of one file in a package; raises InputError if it is not there."""
    for _, data in members(package, lambda path: path == name):
        return data
    raise InputError(f"{package}: expected a member {name}, got none; name the right package")


def add_image(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Put an image into a zip so that its bytes repeat: as it is, undated, one mode."""
    info = zipfile.ZipInfo(name, _NO_DATE)
    info.external_attr = 0o644 << 16
    info.create_system = 3  # Unix, on every system
    archive.writestr(info, data, zipfile.ZIP_STORED)


class Labelled(NamedTuple):
    """An image of a package with the noun that it shows.

    ``path`` becomes its id in the set; ``choices`` counts the concrete nouns that its label
    could mean.
    """

    path: str
    data: bytes
    synset: str
    kind: str
    name: str
    fr_name: str
    choices: int


class LeftOut(NamedTuple):
    """A file that is not taken into a set, and why."""

    image: str
    reason: str


SIDE = 256  # pixels; backbones look at 224 to 260


class BrokenDrawing(InputError):
    """The drawing is no SVG that can be drawn."""


def rasterised(svg: str) -> bytes:
    """Return a drawing as a PNG file, 256 pixels wide, on white.

    No font of the machine is used, so that the pixels are the same everywhere. Raises
    BrokenDrawing if it is no SVG, and InputError if resvg-py is not installed.
    """
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        raise InputError(
            "drawings in SVG need resvg-py, which is not installed; run `pip install resvg-py`, "
            "or leave the image sets of drawings out of the config"
        ) from None
    try:
        png = svg_to_bytes(
            svg_string=svg,
            width=SIDE,
            background="white",
            dpi=96,  # without it a size in points counts as none
            skip_system_fonts=True,
        )
    except ValueError as problem:
        raise BrokenDrawing(f"no drawing in SVG ({problem})") from None
    return bytes(png)


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
    images = sorted(path for path in files if not path.endswith(".txt"))
    if not images:
        raise InputError(
            f"{package}: expected stamps below {ROOT}, got none; name Debian's package"
        )
    for path in images:
        stem = PurePosixPath(path).with_suffix("")
        if path.endswith(".svg") and f"{stem}.png" in files:
            yield LeftOut(path, "the same as an image of pixels")
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


NAMES, FR_NAMES = "emoji/unicode_codes/emoji.json", "emoji/unicode_codes/emoji_fr.json"
ICONS, CHARS, GROUPS = "package/icons.json", "package/chars.json", "package/metadata.json"
_QUALIFIED = 2  # the status of characters that are an emoji by themselves
_ASSET = re.compile(r"package/assets/([0-9a-f-]+)\.(?:webp|png)")

# What the emoji of a group show. The other groups hold signs and flags.
_ANIMAL_emoji, _PLANT_emoji, _ARTIFACT_emoji, _PERSON_emoji = (
    "n00015388",
    "n00017222",
    "n00021939",
    "n00007846",
)
_FOOD_emoji, _SOLID_FOOD_emoji, _BODY_PART_emoji = "n00021265", "n07555863", "n05220461"
KINDS_EMOJI: dict[str, tuple[str, ...]] = {
    "Animals & Nature": (_ANIMAL_emoji, _PLANT_emoji),
    "Food & Drink": (_SOLID_FOOD_emoji, _FOOD_emoji),
    "People & Body": (_BODY_PART_emoji, _PERSON_emoji),
    "Travel & Places": (_ARTIFACT_emoji,),
    "Activities": (_ARTIFACT_emoji,),
    "Objects": (_ARTIFACT_emoji,),
    "Smileys & Emotion": (),
}
# Their names as nouns are something else, as reading them all has told.
MISREAD_EMOJI: tuple[str, ...] = (
    "construction",
    "fairy",
    "fire",
    "headstone",
    "hole",
    "hot springs",
)
MISREAD_EMOJI += ("mate", "merman", "seat", "wood")
_FACES = ("Animals & Nature",)  # "dog face" is a dog
_COLOUR = re.compile(r"^(red|green|blue|black|white|orange|yellow|purple|brown|grey) ")


def list_emoji(
    images: str | Path, emoji_names: str | Path, groups: str | Path, names: NounNames
) -> Iterator[Labelled | LeftOut]:
    """Yield the emoji that show a concrete noun, by code.

    ``images`` is an icon pack of Iconify or one with package/assets/CODE.webp,
    ``emoji_names`` the wheel of PyPI's emoji, ``groups`` an icon pack of Iconify with metadata.
    Raises InputError if one of them is another package.
    """
    english = _object(emoji_names, NAMES)
    french = _object(emoji_names, FR_NAMES)
    group_of = _groups(groups)
    drawings = _drawings(images)
    for character in sorted(english, key=code):
        if english[character]["status"] != _QUALIFIED or code(character) not in drawings:
            continue
        group = group_of.get(code(character), "")
        label = english[character]["en"].strip(":").replace("_", " ")
        meaning = emoji_meaning(label, group, names) if group in KINDS_EMOJI else None
        if meaning is None:
            yield LeftOut(code(character), f"no concrete noun in {label!r} of {group or 'none'}")
            continue
        fr_label = french.get(character, "").strip(":").replace("_", " ")
        try:
            ending, data = _pixels(*drawings[code(character)])
        except BrokenDrawing as error:
            yield LeftOut(code(character), str(error))
            continue
        path = f"{code(character)}.{ending}"
        yield Labelled(path, data, meaning.synset, DRAWING, label, fr_label, meaning.choices)


def emoji_meaning(label: str, group: str, names: NounNames) -> Meaning | None:
    """Return the noun that an emoji shows, by its English name and group; None for no noun."""
    if label in MISREAD_EMOJI:
        return None
    labels = [_COLOUR.sub("", label)]
    if group in _FACES:
        labels.append(label.removesuffix(" face"))
    for wording in dict.fromkeys(labels):
        if meaning := names.meaning(wording, KINDS_EMOJI[group]):
            return meaning
    return None


def code(characters: str) -> str:
    """Return an emoji's code points, "26f5", without those that choose between text and image."""
    return "-".join(f"{ord(point):x}" for point in characters if point != "\ufe0f")


def _groups(package: str | Path) -> dict[str, str]:
    """Return the group of each emoji by code."""
    named = _object(package, CHARS)
    groups = _object(package, GROUPS)["categories"]
    group_of = {icon: group for group in sorted(groups) for icon in groups[group]}
    return {_plain(key): group_of[icon] for key, icon in named.items() if icon in group_of}


def _drawings(package: str | Path) -> dict[str, tuple[str, bytes]]:
    """Return ending and bytes of each emoji's drawing, by code."""
    wanted = {ICONS, CHARS}
    files = dict(members(package, lambda path: path in wanted or bool(_ASSET.fullmatch(path))))
    if wanted <= files.keys():
        return dict(_icons(_parsed(package, files[ICONS]), _parsed(package, files[CHARS])))
    if not files:
        raise InputError(f"{package}: expected {ICONS} or package/assets/, got neither")
    found: dict[str, tuple[str, bytes]] = {}
    for path in sorted(files, key=lambda path: (len(path), path)):
        if match := _ASSET.fullmatch(path):
            found.setdefault(_plain(match[1]), (PurePosixPath(path).suffix[1:], files[path]))
    return found


def _icons(
    pack: Mapping[str, Any], chars: Mapping[str, str]
) -> Iterator[tuple[str, tuple[str, bytes]]]:
    for key, name in sorted(chars.items()):
        icon = pack["icons"].get(name)
        if icon is not None:
            width, height = (icon.get(side, pack.get(side, 16)) for side in ("width", "height"))
            box = f"{icon.get('left', 0)} {icon.get('top', 0)} {width} {height}"
            start = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">'
            yield _plain(key), ("svg", f"{start}{icon['body']}</svg>".encode())


def _pixels(ending: str, data: bytes) -> tuple[str, bytes]:
    return ("png", rasterised(data.decode())) if ending == "svg" else (ending, data)


def _plain(key: str) -> str:
    """Return a code as packages write it ("0023-fe0f-20e3") as ``code`` does ("23-20e3")."""
    return "-".join(point.lstrip("0") for point in key.split("-") if point != "fe0f")


def _object(package: str | Path, name: str) -> dict[str, Any]:
    return _parsed(package, member(package, name))


def _parsed(package: str | Path, data: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{package}: expected JSON, got {error}; fetch it again") from None
    if not isinstance(parsed, dict):
        raise InputError(f"{package}: expected a JSON object, got a {type(parsed).__name__}")
    return parsed


_SAMPLE = re.compile(r"foolbox/data/(imagenet_\d+_(\d+)\.(?:png|jpe?g))")


def list_samples(package: str | Path, nouns: Sequence[Noun]) -> Iterator[Labelled]:
    """Yield the photographs of foolbox's wheel by path; a name ends with the number of the class.

    Raises InputError if the package holds none, or the nouns have no such class.
    """
    classes = {noun.class_index: noun for noun in nouns if noun.class_index is not None}
    found = dict(members(package, lambda path: _SAMPLE.fullmatch(path) is not None))
    if not found:
        raise InputError(f"{package}: expected foolbox/data/imagenet_*, got none; name the wheel")
    for path in sorted(found):
        match = _SAMPLE.fullmatch(path)
        assert match is not None  # only such members were asked for
        noun = classes.get(int(match[2]))
        if noun is None:
            raise InputError(
                f"{package}: {path} is of class {match[2]}, which no noun has; "
                "list the nouns with ImageNet's classes"
            )
        name = lemma_text(noun.lemmas[0])
        yield Labelled(match[1], found[path], noun.synset, PHOTO, name, "", 1)
