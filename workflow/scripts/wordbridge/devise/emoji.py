"""Emoji as pictures: drawings of one icon pack, names and groups from others."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from wordbridge.devise.drawings import BrokenDrawing, rasterised
from wordbridge.devise.noun_names import Meaning, NounNames
from wordbridge.devise.packages import member, members
from wordbridge.devise.picture_labels import Labelled, LeftOut
from wordbridge.devise.picture_table import DRAWING
from wordbridge.errors import InputError

NAMES, FR_NAMES = "emoji/unicode_codes/emoji.json", "emoji/unicode_codes/emoji_fr.json"
ICONS, CHARS, GROUPS = "package/icons.json", "package/chars.json", "package/metadata.json"
_QUALIFIED = 2  # the status of characters that are an emoji by themselves
_ASSET = re.compile(r"package/assets/([0-9a-f-]+)\.(?:webp|png)")

# What the emoji of a group show. The other groups hold signs and flags.
_ANIMAL, _PLANT, _ARTIFACT, _PERSON = "n00015388", "n00017222", "n00021939", "n00007846"
_FOOD, _SOLID_FOOD, _BODY_PART = "n00021265", "n07555863", "n05220461"
KINDS: dict[str, tuple[str, ...]] = {
    "Animals & Nature": (_ANIMAL, _PLANT),
    "Food & Drink": (_SOLID_FOOD, _FOOD),
    "People & Body": (_BODY_PART, _PERSON),
    "Travel & Places": (_ARTIFACT,),
    "Activities": (_ARTIFACT,),
    "Objects": (_ARTIFACT,),
    "Smileys & Emotion": (),
}
# Their names as nouns are something else, as reading them all has told.
MISREAD: tuple[str, ...] = ("construction", "fairy", "fire", "headstone", "hole", "hot springs")
MISREAD += ("mate", "merman", "seat", "wood")
_FACES = ("Animals & Nature",)  # "dog face" is a dog
_COLOUR = re.compile(r"^(red|green|blue|black|white|orange|yellow|purple|brown|grey) ")


def list_emoji(
    pictures: str | Path, emoji_names: str | Path, groups: str | Path, names: NounNames
) -> Iterator[Labelled | LeftOut]:
    """Yield the emoji that show a concrete noun, by code.

    ``pictures`` is an icon pack of Iconify or one with package/assets/CODE.webp,
    ``emoji_names`` the wheel of PyPI's emoji, ``groups`` an icon pack of Iconify with metadata.
    Raises InputError if one of them is another package.
    """
    english = _object(emoji_names, NAMES)
    french = _object(emoji_names, FR_NAMES)
    group_of = _groups(groups)
    drawings = _drawings(pictures)
    for character in sorted(english, key=code):
        if english[character]["status"] != _QUALIFIED or code(character) not in drawings:
            continue
        group = group_of.get(code(character), "")
        label = english[character]["en"].strip(":").replace("_", " ")
        meaning = emoji_meaning(label, group, names) if group in KINDS else None
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
    if label in MISREAD:
        return None
    labels = [_COLOUR.sub("", label)]
    if group in _FACES:
        labels.append(label.removesuffix(" face"))
    for wording in dict.fromkeys(labels):
        if meaning := names.meaning(wording, KINDS[group]):
            return meaning
    return None


def code(characters: str) -> str:
    """Return an emoji's code points, "26f5", without those that choose between text and picture."""
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
