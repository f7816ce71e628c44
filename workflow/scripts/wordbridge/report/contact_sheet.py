"""Contact sheets: rows of small images with their labels and scores, as one PNG."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import matplotlib
from PIL import Image, ImageDraw, ImageFont

from wordbridge.errors import InputError, shorten
from wordbridge.files import atomic_write
from wordbridge.images.decoding import UnreadableImageError, open_image
from wordbridge.images.table import ImageRow, read_bytes
from wordbridge.search.index import Hit

SIDE, GAP, LINE, FONT_SIZE = 160, 10, 19, 15  # pixels
_LINES = 3  # of caption
_PAPER, _INK, _EMPTY = "#ffffff", "#1c2128", "#eceff2"


class Tile(NamedTuple):
    """A cell of a sheet: a small image, or ``text`` instead, and the ``lines`` below it."""

    lines: tuple[str, ...]
    image: Image.Image | None = None
    text: str = ""


def result_tile(result: Hit, side: int = SIDE) -> Tile:
    """Return the tile of a search result: its image with label and score, or its noun and score.

    The image is at most ``side`` pixels wide and high.
    """
    score = f"{result.score:.3f}"
    if not result.file:
        return Tile((score,), None, result.label)
    try:
        row = ImageRow(*(result.columns.get(name, "") for name in ImageRow._fields))
        image = thumbnail(read_bytes(row), side)
    except (InputError, OSError):
        return Tile((result.label, score), None, "file deleted")
    return Tile((result.label, score), image, "" if image else "unreadable")


def save_sheet(path: str | Path, rows: Sequence[Sequence[Tile]]) -> None:
    """Write a contact sheet as PNG, one row of tiles below another.

    Equal tiles give equal bytes. Raises InputError when the file cannot be written.
    """
    try:
        with atomic_write(path) as partial:
            contact_sheet(rows).save(partial, "PNG", optimize=True)
    except (OSError, ValueError) as error:  # ValueError: a name such as "."
        raise InputError(
            f"{path}: expected the path of a new PNG file, got one that cannot be written "
            f"({shorten(error)}); choose another"
        ) from error


def contact_sheet(rows: Sequence[Sequence[Tile]]) -> Image.Image:
    """Return the sheet with all rows."""
    columns = max((len(row) for row in rows), default=0)
    row_height = SIDE + _LINES * LINE + GAP
    size = (GAP + max(columns, 1) * (SIDE + GAP), GAP + max(len(rows), 1) * row_height)
    sheet = Image.new("RGB", size, _PAPER)
    for number, row in enumerate(rows):
        for column, tile in enumerate(row):
            _paste(sheet, tile, GAP + column * (SIDE + GAP), GAP + number * row_height)
    return sheet


def thumbnail(data: bytes, side: int) -> Image.Image | None:
    """Return the image at most ``side`` pixels wide and high, None if it cannot be decoded."""
    try:
        image = open_image(data, side)
    except UnreadableImageError:
        return None
    # At least one pixel each: ImageOps.contain leaves none of a very long image.
    width, height = (max(round(length / max(image.size) * side), 1) for length in image.size)
    return image.resize((width, height), Image.Resampling.LANCZOS)


def _paste(sheet: Image.Image, tile: Tile, left: int, top: int) -> None:
    draw = ImageDraw.Draw(sheet)
    if tile.image is None:
        draw.rectangle((left, top, left + SIDE - 1, top + SIDE - 1), fill=_EMPTY)
        lines = _wrapped(tile.text, 2 * _LINES)
        first = top + (SIDE - LINE * len(lines)) // 2
        for number, line in enumerate(lines):
            centred = left + (SIDE - _font().getlength(line)) / 2
            draw.text((centred, first + number * LINE), line, _INK, _font())
    else:
        room = SIDE - tile.image.width, SIDE - tile.image.height
        sheet.paste(tile.image, (left + room[0] // 2, top + room[1] // 2))
    caption = [line for text in tile.lines for line in _wrapped(text, 2)]
    for number, line in enumerate(caption[:_LINES]):
        draw.text((left, top + SIDE + 2 + number * LINE), line, _INK, _font())


def _wrapped(text: str, count: int) -> list[str]:
    """Return ``text`` in at most ``count`` lines of a tile's width, cut with an ellipsis."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if _font().getlength(longer) <= SIDE or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > count:
        lines[count - 1] += "\u2026"
    for number, line in enumerate(lines[:count]):
        while line and _font().getlength(line) > SIDE:
            line = line.rstrip("\u2026")[:-1] + "\u2026"
        lines[number] = line
    return lines[:count]


@lru_cache(maxsize=1)
def _font() -> ImageFont.FreeTypeFont:
    # matplotlib's font has French letters and is the same on every machine.
    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return ImageFont.truetype(path, FONT_SIZE, layout_engine=ImageFont.Layout.BASIC)
