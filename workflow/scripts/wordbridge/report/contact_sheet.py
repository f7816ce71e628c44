"""Contact sheets: rows of small pictures with what they show and how well they fit."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import matplotlib
from PIL import Image, ImageDraw, ImageFont, ImageOps

from wordbridge.atomic import replacing
from wordbridge.devise.decoding import UnreadablePictureError, open_picture
from wordbridge.devise.picture_table import Picture, read_bytes
from wordbridge.errors import InputError, brief
from wordbridge.search.answers import Answer

SIDE, GAP, LINE, FONT = 160, 10, 16, 12  # pixels
_LINES = 3  # of caption
_PAPER, _INK, _EMPTY = "#ffffff", "#1c2128", "#eceff2"


class Tile(NamedTuple):
    """A picture's bytes with lines below it; without a picture, ``text`` stands in its place."""

    lines: tuple[str, ...]
    image: bytes | None = None
    text: str = ""


def answer_tile(answer: Answer) -> Tile:
    """Return the tile of an answer: its picture or noun, below it label and score."""
    columns = answer.columns
    below = (answer.label, f"{answer.score:.3f}")
    if not answer.place:
        return Tile((f"{answer.score:.3f}",), None, answer.label)
    try:
        fields = {name: columns.get(name, "") for name in Picture._fields}
        return Tile(below, read_bytes(Picture(**fields)))
    except InputError:
        return Tile(below, None, "the file is gone")


def save_sheet(path: str | Path, rows: Sequence[Sequence[Tile]]) -> None:
    """Write a contact sheet as PNG, one row of tiles below the other: equal tiles, equal bytes.

    Raises InputError where no file can be written.
    """
    try:
        with replacing(path) as partial:
            contact_sheet(rows).save(partial, "PNG", optimize=True)
    except (OSError, ValueError) as error:  # ValueError: a name such as "."
        raise InputError(
            f"{path}: expected a place for a PNG file, got one where none can be written "
            f"({brief(error)}); name another"
        ) from error


def contact_sheet(rows: Sequence[Sequence[Tile]]) -> Image.Image:
    """Return the sheet of all rows."""
    columns = max((len(row) for row in rows), default=0)
    high = SIDE + _LINES * LINE + GAP
    sheet = Image.new(
        "RGB", (GAP + max(columns, 1) * (SIDE + GAP), GAP + max(len(rows), 1) * high), _PAPER
    )
    for down, row in enumerate(rows):
        for across, tile in enumerate(row):
            _paste(sheet, tile, GAP + across * (SIDE + GAP), GAP + down * high)
    return sheet


def _paste(sheet: Image.Image, tile: Tile, left: int, top: int) -> None:
    draw = ImageDraw.Draw(sheet)
    picture = None if tile.image is None else _thumbnail(tile.image)
    if picture is None:
        draw.rectangle((left, top, left + SIDE - 1, top + SIDE - 1), fill=_EMPTY)
        lines = _wrapped(tile.text or "cannot be shown", _LINES * 2)
        first = top + (SIDE - LINE * len(lines)) // 2
        for number, line in enumerate(lines):
            across = left + (SIDE - _font().getlength(line)) / 2
            draw.text((across, first + number * LINE), line, _INK, _font())
    else:
        sheet.paste(
            picture, (left + (SIDE - picture.width) // 2, top + (SIDE - picture.height) // 2)
        )
    below = [piece for line in tile.lines for piece in _wrapped(line, 2)]
    for number, line in enumerate(below[:_LINES]):
        draw.text((left, top + SIDE + 2 + number * LINE), line, _INK, _font())


def _thumbnail(data: bytes) -> Image.Image | None:
    """Return the picture at most SIDE pixels wide and high, None if it cannot be decoded."""
    try:
        return ImageOps.contain(open_picture(data, SIDE), (SIDE, SIDE), Image.Resampling.LANCZOS)
    except UnreadablePictureError:
        return None


def _wrapped(text: str, most: int) -> list[str]:
    """Return ``text`` in at most ``most`` lines of a tile's width, cut with an ellipsis."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if _font().getlength(longer) <= SIDE or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    kept = lines[:most]
    if len(lines) > most:
        kept[-1] += "\u2026"
    return [_fitted(line) for line in kept]


def _fitted(line: str) -> str:
    while line and _font().getlength(line) > SIDE:
        line = line.rstrip("\u2026")[:-1] + "\u2026"
    return line


@lru_cache(maxsize=1)
def _font() -> ImageFont.FreeTypeFont:
    # The one that comes with matplotlib has French letters, and is the same on every machine.
    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return ImageFont.truetype(path, FONT, layout_engine=ImageFont.Layout.BASIC)
