"""Images in packages: Tux Paint's stamps, emoji and the samples of foolbox.

The images of a package go into one zip archive that later jobs read; drawings in SVG become PNG.
"""

import json
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from resvg_py import svg_to_bytes

from wordbridge.errors import InputError, shorten, with_location
from wordbridge.images.files import LeftOut
from wordbridge.images.labels import LabelIndex
from wordbridge.images.table import DRAWING, NO_SPLIT, PHOTO
from wordbridge.nouns.table import Noun, lemma_text
from wordbridge.sources.archives import corrupt_archive_errors, entries, escapes_archive

MAX_BYTES = 1 << 28  # of one member; the largest photographs of ImageNet have 16 MB
SIDE = 256  # pixels; backbones crop 224 to 260
_NO_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest date of a zip

# Synsets of which the objects in the images are hyponyms.
_ARTIFACT, _ANIMAL, _PLANT, _PERSON = "n00021939", "n00015388", "n00017222", "n00007846"
_FOOD, _SOLID_FOOD, _PLANT_PART, _FUNGUS = "n00021265", "n07555863", "n13086908", "n12992868"
_CELESTIAL, _BODY_PART, _BODY_COVERING = "n09239740", "n05220461", "n05237755"
# Labels that mean another noun than the first of their senses, or none (checked by hand).
SENSES: dict[str, str | None] = {
    **dict.fromkeys(("construction", "fairy", "family", "hole", "hot springs")),
    **dict.fromkeys(("kit", "mate", "merman", "wood")),
    **dict.fromkeys(("cemetery marker", "grave marker", "headstone"), "n03455488"),
    "alien": "n09484465",
    "black cat": "n02121620",
    "bow": "n02880308",
    "boy": "n10285313",
    "bunny": "n02324587",
    "butterflyfish": "n02605316",
    "chains": "n02999410",
    "crown": "n03138669",
    "dragon": "n09494388",
    "fire": "n13480848",
    "fountain of youth": "n03388043",
    "garlic bulb": "n07818277",
    "gas cylinder": "n03156279",
    "girl": "n10084295",
    "hair": "n05254795",
    "hamburger": "n07697100",
    "hot dog": "n07697537",
    "hut": "n03547054",
    "ice": "n14915184",
    "light": "n03665366",
    "marker": "n03722007",
    "measuring tape": "n04392113",
    "mechanic": "n09825750",
    "motor bike": "n03790512",
    "notebook": "n06415419",
    "ogre": "n09490825",
    "pants": "n04489008",
    "passenger carriage": "n03895866",
    "pick": "n03929202",
    "pot": "n03990474",
    "radio": "n04043733",
    "ring": "n04092609",
    "satellite": "n04137444",
    "seat": "n04161981",
    "sparkler": "n04268969",
    "station": "n04049098",
    "tankers": "n04389521",
    "toilet": "n04446521",
    "tram car": "n04335435",
}


class SourceImage(NamedTuple):
    """An image of a folder, an archive or a package.

    ``path`` becomes the id of the image in its set, ``data`` a member of the set's zip archive;
    without data the image is the file at ``location``, whose content has the ``stamp``. Where
    ``synset`` is "", the words of ``label`` determine the synset.
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
    label: str = ""


def members(
    package: str | Path, selects: Callable[[str], object]
) -> Iterator[tuple[str, bytes | LeftOut]]:
    """Yield path and bytes of the selected files in a zip, tar or Debian package, in its order.

    One member is in memory at a time. Links, paths that lead out of the archive, files of more than
    256 MB, and encrypted or damaged files are left out. Raises InputError for a missing or damaged
    archive.
    """
    path = Path(package)
    if not path.is_file():
        raise InputError(f"{path}: expected an archive, got no file; correct the path")
    with with_location(path), corrupt_archive_errors(path):
        for entry in entries(path, path.name):
            if entry.unreadable_reason == "a folder" or not selects(entry.name):
                continue
            try:
                if escapes_archive(entry.name):
                    raise InputError("its path escapes the archive")
                yield entry.name, b"".join(entry.chunks(MAX_BYTES))
            except InputError as error:
                reason = shorten(error).removeprefix(f"member {entry.name} ").removeprefix("is ")
                yield entry.name, LeftOut(entry.name, reason)


def add_image(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """Add an image to a zip with reproducible bytes: not compressed, no date, one mode."""
    info = zipfile.ZipInfo(name, _NO_DATE)
    info.external_attr = 0o644 << 16
    info.create_system = 3  # Unix, on every system
    archive.writestr(info, data, zipfile.ZIP_STORED)


def render_svg(svg: str) -> bytes:
    """Return a drawing as a PNG file, 256 pixels wide, on white.

    No fonts of the machine are used, so that the pixels are the same everywhere. Raises
    ValueError if the text is not SVG.
    """
    png = svg_to_bytes(
        svg_string=svg,
        width=SIDE,
        background="white",
        dpi=96,  # without it a size in points is ignored
        skip_system_fonts=True,
    )
    return bytes(png)


def _package_image(
    path: str, data: bytes, synset: str, kind: str, name: str, fr_name: str = ""
) -> SourceImage | LeftOut:
    """Return an image of a package, a drawing in SVG as PNG, or the reason why it is left out."""
    if path.endswith(".svg"):
        try:
            data = render_svg(data.decode("utf-8", "replace"))
        except ValueError as error:
            return LeftOut(path, f"not a drawing in SVG ({error})")
        path = f"{path.removesuffix('.svg')}.png"
    return SourceImage(path, synset, data=data, kind=kind, name=name, fr_name=fr_name)


def _match_label(label: str, kinds: Sequence[str], labels: LabelIndex) -> str | None:
    return SENSES[label] if label in SENSES else labels.match_synset(label, kinds)


# ---- Tux Paint's stamps: cut-out photographs and cartoons with a sentence in many languages ------

STAMPS = "usr/share/tuxpaint/stamps/"
_STAMP = re.compile(rf"{STAMPS}.*\.(png|svg|txt)")
STAMP_KINDS = {  # by folder; the longer path of two precedes the shorter one
    **dict.fromkeys(("clothes", "hobbies", "household", "sports", "town/flags"), (_ARTIFACT,)),
    "animals": (_ANIMAL,),
    "food": (_SOLID_FOOD, _FOOD, _PLANT_PART, _PLANT, _FUNGUS),
    "military": (_ARTIFACT, _PERSON),
    "people/body_parts": (_BODY_PART, _BODY_COVERING),
    "people": (_PERSON, _ARTIFACT),
    "plants": (_PLANT, _PLANT_PART, _FUNGUS),
    "space": (_CELESTIAL, _ARTIFACT, _PERSON),
    "vehicles": (_ARTIFACT,),
}
# Stamps whose sentence does not name what the image shows (checked by hand).
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
    noun. Raises InputError for a package without stamps.
    """
    stamps = _files(package, _STAMP.fullmatch, f"stamps below {STAMPS}")
    files = {path.removeprefix(STAMPS): data for path, data in stamps.items()}
    for path in sorted(path for path in files if not path.endswith(".txt")):
        stem = str(PurePosixPath(path).with_suffix(""))
        if path.endswith(".svg") and f"{stem}.png" in files:
            yield LeftOut(path, "the same stamp exists in pixels")
        elif any(path.startswith(f"{folder}/") for folder in skip):
            yield LeftOut(path, "in a folder that the config skips")
        elif stem in WRONG_STAMPS:
            yield LeftOut(path, "its sentence names something else")
        else:
            yield _stamp(path, files[path], files.get(f"{stem}.txt", b""), labels)


def _stamp(path: str, data: bytes, text: bytes, labels: LabelIndex) -> SourceImage | LeftOut:
    lines = text.decode("utf-8", "replace").replace("\ufeff", "").splitlines() or [""]
    sentence = lines[0].strip()
    synset = _match_stamp(path, sentence, labels)
    if synset is None:
        return LeftOut(path, f"no concrete noun in {sentence!r}")
    french = next((line[8:] for line in lines if line.startswith("fr.utf8=")), "")
    kind = DRAWING if path.endswith(".svg") or _DRAWN.search(path) else PHOTO
    return _package_image(path, data, synset, kind, sentence, french)


def _match_stamp(path: str, sentence: str, labels: LabelIndex) -> str | None:
    """Return the synset of a stamp by its English sentence, else by its file's name."""
    kinds = next((k for folder, k in STAMP_KINDS.items() if path.startswith(f"{folder}/")), ())
    # The first phrase of the sentence, without article and quantity.
    opening = _SENTENCE_END.split(sentence.strip(" \u2013\u201c\u201d\"'"))[0]
    opening = _OTHER_LETTERS.sub("", opening.replace("\u2019", "'")).casefold().strip()
    opening = _QUANTITY.sub("", _ARTICLE.sub("", opening)).strip()
    phrase = _PHRASE_END.sub("", opening).split()
    tails = [" ".join(phrase[start:]) for start in range(len(phrase))]
    stem = re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_\d]+", " ", PurePosixPath(path).stem).strip()
    for label in (opening, *tails, stem):
        if len(label) > 1 and (synset := _match_label(label, kinds, labels)):
            return synset
    return None


# ---- Emoji: the drawings of one icon pack, names and groups from others --------------------------

NAMES, FR_NAMES = "emoji/unicode_codes/emoji.json", "emoji/unicode_codes/emoji_fr.json"
ICONS, CHARS, GROUPS = "package/icons.json", "package/chars.json", "package/metadata.json"
_QUALIFIED = 2  # the status of characters that are an emoji by themselves
_ASSET = re.compile(r"package/assets/[0-9a-f-]+\.(webp|png)")

EMOJI_KINDS: dict[str, tuple[str, ...]] = {  # by group; the other groups have signs and flags
    "Animals & Nature": (_ANIMAL, _PLANT),
    "Food & Drink": (_SOLID_FOOD, _FOOD),
    "People & Body": (_BODY_PART, _PERSON),
    "Travel & Places": (_ARTIFACT,),
    "Activities": (_ARTIFACT,),
    "Objects": (_ARTIFACT,),
    "Smileys & Emotion": (),
}
_COLOUR = re.compile(r"^(red|green|blue|black|white|orange|yellow|purple|brown|grey) ")


def list_emoji(
    images: str | Path, emoji_names: str | Path, groups: str | Path, labels: LabelIndex
) -> Iterator[SourceImage | LeftOut]:
    """Yield the emoji with a label, by code.

    ``images`` is an icon pack of Iconify or one with package/assets/CODE.webp, ``emoji_names``
    the wheel of PyPI's emoji, ``groups`` an icon pack of Iconify with metadata. Raises InputError
    for other packages.
    """
    names, fr_names = _read_json(emoji_names, NAMES, FR_NAMES)
    icon_of, metadata = _read_json(groups, CHARS, GROUPS)
    categories = metadata["categories"]
    group_of_icon = {icon: group for group in sorted(categories) for icon in categories[group]}
    group_of = {
        _plain_code(key): group_of_icon[icon]
        for key, icon in icon_of.items()
        if icon in group_of_icon
    }
    drawings = _drawings(images)
    codes = [(_plain_code("-".join(f"{ord(c):x}" for c in emoji)), emoji) for emoji in names]
    for code, emoji in sorted(codes):
        if names[emoji]["status"] != _QUALIFIED or code not in drawings:
            continue
        label = _emoji_label(names[emoji]["en"])
        fr_label = _emoji_label(fr_names.get(emoji, ""))
        group, synset = group_of.get(code, ""), None
        if group in EMOJI_KINDS:
            plain = _COLOUR.sub("", label)
            synset = _match_label(plain, EMOJI_KINDS[group], labels)
            if synset is None and group == "Animals & Nature":  # "dog face" is a dog
                plain = plain.removesuffix(" face")
                synset = _match_label(plain, EMOJI_KINDS[group], labels)
        if synset is None:
            yield LeftOut(code, f"no concrete noun in {label!r}, group {group or 'none'}")
        else:
            yield _package_image(*drawings[code], synset, DRAWING, label, fr_label)


def _emoji_label(name: str) -> str:
    """Return an emoji's name (":dog_face:") in words."""
    return name.strip(":").replace("_", " ")


def _drawings(package: str | Path) -> dict[str, tuple[str, bytes]]:
    """Return file name and bytes of each emoji's drawing, by code."""
    files = _files(
        package, lambda path: path == ICONS or _ASSET.fullmatch(path), f"{ICONS} or package/assets/"
    )
    drawings: dict[str, tuple[str, bytes]] = {}
    if ICONS not in files:
        for path in sorted(files, key=lambda path: (len(path), path)):
            code, suffix = _plain_code(PurePosixPath(path).stem), PurePosixPath(path).suffix
            drawings.setdefault(code, (f"{code}{suffix}", files[path]))
        return drawings
    pack, icon_of = _read_json(package, ICONS, CHARS)
    sizes = {side: pack[side] for side in ("width", "height") if side in pack}  # of most icons
    for key, name in sorted(icon_of.items()):
        if icon := pack["icons"].get(name):
            icon = {"left": 0, "top": 0, "width": 16, "height": 16} | sizes | icon
            box = " ".join(str(icon[side]) for side in ("left", "top", "width", "height"))
            start = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">'
            svg = f"{start}{icon['body']}</svg>"
            drawings[_plain_code(key)] = f"{_plain_code(key)}.svg", svg.encode()
    return drawings


def _plain_code(key: str) -> str:
    """Return an emoji's code ("0023-fe0f-20e3") without zeros and the variation selector."""
    return "-".join(point.lstrip("0") for point in key.split("-") if point != "fe0f")


def _read_json(package: str | Path, *names: str) -> list[dict[str, Any]]:
    """Return the JSON objects in the named members; raises InputError for other contents."""
    files = _files(package, lambda path: path in names, ", ".join(names))
    values = []
    for name in names:
        try:
            values.append(dict(json.loads(files[name])))
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise InputError(
                f"{package}: expected a JSON object in a member {name}, got none "
                f"({shorten(error)}); use another package"
            ) from None
    return values


def _files(
    package: str | Path, selects: Callable[[str], object], expected: str
) -> dict[str, bytes]:
    """Return the selected files of a package; raises InputError for none or a damaged one."""
    files = {}
    for path, data in members(package, selects):
        if isinstance(data, bytes):
            files[path] = data
        elif not data.reason.startswith("a link"):
            raise InputError(f"{package}: {path}: {data.reason}; fetch the package again")
    if files:
        return files
    raise InputError(f"{package}: expected {expected}, got none; use the registry's package")


# ---- The twenty photographs of ImageNet in foolbox -----------------------------------------------

_SAMPLE = re.compile(r"foolbox/data/imagenet_\d+_\d+\.(png|jpe?g)")


def list_samples(package: str | Path, nouns: Sequence[Noun]) -> Iterator[SourceImage | LeftOut]:
    """Yield the photographs in foolbox's wheel by path; their names end with a class index.

    Raises InputError for a package without samples, and for nouns without such a class.
    """
    noun_of = {noun.class_index: noun for noun in nouns}
    files = _files(package, _SAMPLE.fullmatch, "foolbox/data/imagenet_*")
    for path in sorted(files):
        sample = PurePosixPath(path)
        number = int(sample.stem.rpartition("_")[2])
        if number not in noun_of:
            raise InputError(
                f"{package}: {path} has class {number}, expected the class of a noun; "
                "list the nouns with ImageNet's classes"
            )
        noun = noun_of[number]
        name = lemma_text(noun.lemmas[0])
        yield _package_image(sample.name, files[path], noun.synset, PHOTO, name)
