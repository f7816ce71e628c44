"""Images in packages: Tux Paint's stamps, emoji and the samples of foolbox.

The images of a package go into one zip archive that later jobs read; drawings in SVG become PNG.
"""

import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from resvg_py import svg_to_bytes

from wordbridge.errors import InputError, with_location
from wordbridge.images.labels import LabelIndex, Match
from wordbridge.images.table import DRAWING, NO_SPLIT, PHOTO, collapse_spaces, content_stamp
from wordbridge.nouns.table import Noun, lemma_text
from wordbridge.sources.archives import corrupt_archive_errors, entries, escapes_archive

MAX_BYTES = 1 << 28  # of one member; the largest photographs of ImageNet have 16 MB
SIDE = 256  # pixels; backbones crop 224 to 260
_NO_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest date of a zip

# Synsets of which the objects in the images are hyponyms.
_ARTIFACT, _ANIMAL, _PLANT, _PERSON = "n00021939", "n00015388", "n00017222", "n00007846"
_FOOD, _SOLID_FOOD, _PLANT_PART, _FUNGUS = "n00021265", "n07555863", "n13086908", "n12992868"
_CELESTIAL, _BODY_PART, _BODY_COVERING = "n09239740", "n05220461", "n05237755"


class SourceImage(NamedTuple):
    """An image of a folder, an archive or a package.

    ``path`` becomes its id in the set, ``data`` a member of the set's zip archive; without data
    the image is the file at ``location``. ``candidates`` is the number of concrete synsets that
    match its label.
    """

    path: str
    synset: str
    split: str = NO_SPLIT
    data: bytes | None = None
    location: str = ""
    stamp: str = ""
    kind: str | None = None
    name: str = ""
    fr_name: str = ""
    candidates: int = 1


class LeftOut(NamedTuple):
    """A file that is not in a set, and the reason."""

    image: str
    reason: str


class UnreadableDrawingError(Exception):
    """The drawing cannot be rendered; the message is the reason, one line without the name."""


def members(package: str | Path, selects: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of the selected files in a zip, tar or Debian package, in its order.

    One member is in memory at a time. Raises InputError for a missing or damaged archive, a path
    that leads out of it and a file of more than 256 MB.
    """
    path = Path(package)
    if not path.is_file():
        raise InputError(f"{path}: expected an archive, got no file; correct the path")
    with with_location(path), corrupt_archive_errors(path):
        for entry in entries(path, path.name):
            if entry.unreadable_reason is not None or not selects(entry.name):
                continue
            if escapes_archive(entry.name):
                raise InputError(f"member {entry.name!r} escapes the archive; refused")
            yield entry.name, b"".join(entry.chunks(MAX_BYTES))


def add_image(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Add an image to a zip with reproducible bytes: not compressed, no date, one mode."""
    info = zipfile.ZipInfo(name, _NO_DATE)
    info.external_attr = 0o644 << 16
    info.create_system = 3  # Unix, on every system
    archive.writestr(info, data, zipfile.ZIP_STORED)


def render_svg(svg: str) -> bytes:
    """Return a drawing as a PNG file, 256 pixels wide, on white.

    No fonts of the machine are used, so that the pixels are the same everywhere. Raises
    UnreadableDrawingError for another text.
    """
    try:
        png = svg_to_bytes(
            svg_string=svg,
            width=SIDE,
            background="white",
            dpi=96,  # without it a size in points is ignored
            skip_system_fonts=True,
        )
    except ValueError as error:
        raise UnreadableDrawingError(f"not a drawing in SVG ({error})") from None
    return bytes(png)


# ---- Tux Paint's stamps: cut-out photographs and cartoons with a sentence in many languages ----

STAMPS = "usr/share/tuxpaint/stamps/"
STAMP_KINDS = {  # by folder
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
# Their sentences name something else than the image (checked by hand).
WRONG_STAMPS = (
    *("animals/birds/cartoon/tux", "household/globe", "household/rubberduck"),
    *("military/vehicles/bradley", "naturalforces/explosion", "naturalforces/lightningbolt"),
    *("people/body_parts/hair_manga", "seasonal/hanukkah/dreydl-gimmel"),
    *("seasonal/hanukkah/dreydl-hay", "seasonal/hanukkah/dreydl-nun"),
    *("seasonal/hanukkah/dreydl-shin", "seasonal/hanukkah/menorah", "seasonal/leafrake"),
    *("space/voyager2", "town/cartoon/docks", "vehicles/auto/beetle"),
    *("vehicles/emergency/sedan_police", "vehicles/farming/cartoon/tux_tractor"),
    *("vehicles/flight/planes/cartoon/plane", "vehicles/locomotive/cartoon/caboose"),
)
# The other stamps in pixels are photographs (checked by hand).
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
    package: str | Path, labels: LabelIndex, skip: Sequence[str]
) -> Iterator[SourceImage | LeftOut]:
    """Yield the stamps of Debian's tuxpaint-stamps-default by path, with their labels.

    Stamps below the folders ``skip`` are left out, as are those whose sentence has no concrete
    noun. Raises InputError for another package.
    """
    files = {
        path.removeprefix(STAMPS): data
        for path, data in members(
            package,
            lambda path: path.startswith(STAMPS) and path.endswith((".png", ".svg", ".txt")),
        )
    }
    images = sorted(path for path in files if not path.endswith(".txt"))
    if not images:
        raise InputError(
            f"{package}: expected stamps below {STAMPS}, got none; use Debian's package"
        )
    for path in images:
        stem = PurePosixPath(path).with_suffix("")
        if path.endswith(".svg") and f"{stem}.png" in files:
            yield LeftOut(path, "the same stamp exists in pixels")
        elif any(path.startswith(f"{folder}/") for folder in skip):
            yield LeftOut(path, "in a folder that the config skips")
        elif str(stem) in WRONG_STAMPS:
            yield LeftOut(path, "its sentence names something else")
        else:
            yield _stamp(path, files[path], files.get(f"{stem}.txt", b""), labels)


def match_stamp(path: str, sentence: str, labels: LabelIndex) -> Match | None:
    """Return the synset of a stamp by its English sentence, else by its file's name."""
    kinds = next((k for folder, k in STAMP_KINDS.items() if path.startswith(f"{folder}/")), ())
    stem = re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_\d]+", " ", PurePosixPath(path).stem).strip()
    opening = _opening(sentence)
    phrase = _PHRASE_END.sub("", opening).split()
    tails = [" ".join(phrase[start:]) for start in range(len(phrase))]
    for label in (opening, *tails, stem):
        if len(label) > 1 and (match := labels.match_synset(label, kinds)):
            return match
    return None


def _stamp(path: str, data: bytes, text: bytes, labels: LabelIndex) -> SourceImage | LeftOut:
    lines = text.decode("utf-8", "replace").replace("\ufeff", "").splitlines() or [""]
    sentence = lines[0].strip()
    match = match_stamp(path, sentence, labels)
    if match is None:
        return LeftOut(path, f"no concrete noun in {sentence!r}")
    french = next((line[8:] for line in lines if line.startswith("fr.utf8=")), "")
    drawn = path.endswith(".svg") or _DRAWN.search(path)
    if path.endswith(".svg"):
        try:
            data = render_svg(data.decode("utf-8", "replace"))
        except UnreadableDrawingError as error:
            return LeftOut(path, str(error))
        path = f"{path.removesuffix('.svg')}.png"
    kind = DRAWING if drawn else PHOTO
    return _labelled(path, data, match, kind, sentence, french)


def _opening(sentence: str) -> str:
    """Return the first phrase of a sentence, in lower case, without article and quantity."""
    opening = _SENTENCE_END.split(sentence.strip(" \u2013\u201c\u201d\"'"))[0]
    opening = _OTHER_LETTERS.sub("", opening.replace("\u2019", "'")).casefold().strip()
    return _QUANTITY.sub("", _ARTICLE.sub("", opening)).strip()


# ---- Emoji: the drawings of one icon pack, names and groups from others ----

NAMES, FR_NAMES = "emoji/unicode_codes/emoji.json", "emoji/unicode_codes/emoji_fr.json"
ICONS, CHARS, GROUPS = "package/icons.json", "package/chars.json", "package/metadata.json"
_QUALIFIED = 2  # the status of characters that are an emoji by themselves
_ASSET = re.compile(r"package/assets/([0-9a-f-]+)\.(?:webp|png)")

EMOJI_KINDS: dict[str, tuple[str, ...]] = {  # by group; the other groups have signs and flags
    "Animals & Nature": (_ANIMAL, _PLANT),
    "Food & Drink": (_SOLID_FOOD, _FOOD),
    "People & Body": (_BODY_PART, _PERSON),
    "Travel & Places": (_ARTIFACT,),
    "Activities": (_ARTIFACT,),
    "Objects": (_ARTIFACT,),
    "Smileys & Emotion": (),
}
# Their names as nouns are something else (checked by hand).
WRONG_EMOJI = (
    *("construction", "fairy", "fire", "headstone", "hole", "hot springs"),
    *("mate", "merman", "seat", "wood"),
)
_COLOUR = re.compile(r"^(red|green|blue|black|white|orange|yellow|purple|brown|grey) ")


def list_emoji(
    images: str | Path, emoji_names: str | Path, groups: str | Path, labels: LabelIndex
) -> Iterator[SourceImage | LeftOut]:
    """Yield the emoji with a label, by code.

    ``images`` is an icon pack of Iconify or one with package/assets/CODE.webp, ``emoji_names``
    the wheel of PyPI's emoji, ``groups`` an icon pack of Iconify with metadata. Raises InputError
    for other packages.
    """
    names, fr_names = _json_members(emoji_names, NAMES, FR_NAMES)
    group_of = _groups(groups)
    drawings = _drawings(images)
    for character in sorted(names, key=code_of):
        code, emoji = code_of(character), names[character]
        if emoji["status"] != _QUALIFIED or code not in drawings:
            continue
        group, label = group_of.get(code, ""), _label(emoji["en"])
        match = match_emoji(label, group, labels) if group in EMOJI_KINDS else None
        if match is None:
            yield LeftOut(code, f"no concrete noun in {label!r} of {group or 'none'}")
            continue
        suffix, data = drawings[code]
        if suffix == "svg":
            try:
                suffix, data = "png", render_svg(data.decode())
            except UnreadableDrawingError as error:
                yield LeftOut(code, str(error))
                continue
        fr_label = _label(fr_names.get(character, ""))
        yield _labelled(f"{code}.{suffix}", data, match, DRAWING, label, fr_label)


def match_emoji(label: str, group: str, labels: LabelIndex) -> Match | None:
    """Return the synset of an emoji by its English name and group, or None."""
    if label in WRONG_EMOJI:
        return None
    variants = [_COLOUR.sub("", label)]
    if group == "Animals & Nature":  # "dog face" is a dog
        variants.append(label.removesuffix(" face"))
    for variant in dict.fromkeys(variants):
        if match := labels.match_synset(variant, EMOJI_KINDS[group]):
            return match
    return None


def code_of(characters: str) -> str:
    """Return an emoji's code points, "26f5", without those that select text or image."""
    return "-".join(f"{ord(point):x}" for point in characters if point != "\ufe0f")


def _label(name: str) -> str:
    return name.strip(":").replace("_", " ")


def _groups(package: str | Path) -> dict[str, str]:
    """Return the group of each emoji by code."""
    icon_of, metadata = _json_members(package, CHARS, GROUPS)
    groups = metadata["categories"]
    group_of = {icon: group for group in sorted(groups) for icon in groups[group]}
    return {_plain_code(key): group_of[icon] for key, icon in icon_of.items() if icon in group_of}


def _drawings(package: str | Path) -> dict[str, tuple[str, bytes]]:
    """Return suffix and bytes of each emoji's drawing, by code."""
    tables = {ICONS, CHARS}
    files = dict(members(package, lambda path: path in tables or bool(_ASSET.fullmatch(path))))
    if tables <= files.keys():
        return dict(_icons(_parsed(package, files[ICONS]), _parsed(package, files[CHARS])))
    if not files:
        raise InputError(f"{package}: expected {ICONS} or package/assets/, got neither")
    drawings: dict[str, tuple[str, bytes]] = {}
    for path in sorted(files, key=lambda path: (len(path), path)):
        if match := _ASSET.fullmatch(path):
            suffix = PurePosixPath(path).suffix[1:]
            drawings.setdefault(_plain_code(match[1]), (suffix, files[path]))
    return drawings


def _icons(
    pack: Mapping[str, Any], chars: Mapping[str, str]
) -> Iterator[tuple[str, tuple[str, bytes]]]:
    for key, name in sorted(chars.items()):
        icon = pack["icons"].get(name)
        if icon is not None:
            width, height = (icon.get(side, pack.get(side, 16)) for side in ("width", "height"))
            box = f"{icon.get('left', 0)} {icon.get('top', 0)} {width} {height}"
            start = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">'
            yield _plain_code(key), ("svg", f"{start}{icon['body']}</svg>".encode())


def _plain_code(key: str) -> str:
    """Return a package's code ("0023-fe0f-20e3") in the form of ``code_of`` ("23-20e3")."""
    return "-".join(point.lstrip("0") for point in key.split("-") if point != "fe0f")


def _json_members(package: str | Path, *names: str) -> list[dict[str, Any]]:
    """Return the JSON objects in the named members; raises InputError for a missing one."""
    files = dict(members(package, lambda path: path in names))
    for name in names:
        if name not in files:
            raise InputError(f"{package}: expected a member {name}, got none; use another package")
    return [_parsed(package, files[name]) for name in names]


def _parsed(package: str | Path, data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{package}: expected JSON, got {error}; fetch it again") from None
    if not isinstance(value, dict):
        raise InputError(f"{package}: expected a JSON object, got a {type(value).__name__}")
    return value


# ---- The twenty photographs of ImageNet in foolbox ----

_SAMPLE = re.compile(r"foolbox/data/(imagenet_\d+_(\d+)\.(?:png|jpe?g))")


def list_samples(package: str | Path, nouns: Sequence[Noun]) -> Iterator[SourceImage]:
    """Yield the photographs in foolbox's wheel by path; their names end with a class index.

    Raises InputError for another package, and for nouns without such a class.
    """
    noun_of = {noun.class_index: noun for noun in nouns if noun.class_index is not None}
    files = dict(members(package, lambda path: _SAMPLE.fullmatch(path) is not None))
    if not files:
        raise InputError(f"{package}: expected foolbox/data/imagenet_*, got none; use the wheel")
    for path in sorted(files):
        match = _SAMPLE.fullmatch(path)
        assert match is not None  # by the selection above
        noun = noun_of.get(int(match[2]))
        if noun is None:
            raise InputError(
                f"{package}: {path} has class {match[2]}, expected the class of a noun; "
                "list the nouns with ImageNet's classes"
            )
        name = lemma_text(noun.lemmas[0])
        yield _labelled(match[1], files[path], Match(noun.synset, 1), PHOTO, name, "")


def _labelled(
    path: str, data: bytes, match: Match, kind: str, name: str, fr_name: str
) -> SourceImage:
    return SourceImage(
        path, match.synset, NO_SPLIT, data, path, content_stamp(data), kind,
        collapse_spaces(name), collapse_spaces(fr_name), match.candidates,
    )  # fmt: skip
