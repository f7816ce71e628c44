"""Contact sheets: their layout, their captions and what replaces an image."""

from pathlib import Path

import pytest
from PIL import Image

from tests.search.toys import COLOURS, image_bytes, make_run
from wordbridge.report.contact_sheet import (
    GAP,
    LINE,
    SIDE,
    Tile,
    contact_sheet,
    result_tile,
    save_sheet,
    thumbnail,
)
from wordbridge.search.index import COLUMNS, Hit, nearest, read_index

ROW = SIDE + 3 * LINE + GAP


def small(colour: str, size: tuple[int, int] = (24, 18)) -> Image.Image | None:
    return thumbnail(image_bytes(colour, size), SIDE)


def test_a_sheet_is_as_wide_as_its_longest_row():
    tile = Tile(("a", "b"), small("#ff0000"))

    sheet = contact_sheet([[tile], [tile, tile, tile]])

    assert sheet.size == (GAP + 3 * (SIDE + GAP), GAP + 2 * ROW)


def test_an_image_fills_its_tile_as_far_as_its_shape_allows():
    sheet = contact_sheet([[Tile(("wide",), small("#ff0000", (40, 20)))]])
    middle = GAP + SIDE // 2

    assert sheet.getpixel((middle, middle)) == (255, 0, 0)
    assert sheet.getpixel((GAP + 2, middle)) == (255, 0, 0)
    assert sheet.getpixel((middle, GAP + 2)) == (255, 255, 255)


def test_captions_are_drawn_below():
    def ink(lines: tuple[str, ...]) -> int:
        sheet = contact_sheet([[Tile(lines, small("#ffffff"))]]).convert("L")
        below = sheet.crop((0, GAP + SIDE, sheet.width, sheet.height))
        return sum(below.point(lambda value: value < 128).histogram()[1:])

    assert 0 == ink(()) < ink(("œuvre",)) < ink(("a much longer name of two lines", "0.123"))


def test_a_tile_without_an_image_has_text():
    sheet = contact_sheet([[Tile(("a",), None, "x" * 80)]])

    assert sheet.getpixel((GAP + 1, GAP + 1)) == (236, 239, 242)


def test_a_sheet_without_tiles_is_an_image():
    assert contact_sheet([]).size == (2 * GAP + SIDE, GAP + ROW)


def test_equal_tiles_make_equal_bytes(tmp_path: Path):
    rows = [[Tile(("a dog",), small("#00ff00")), Tile((), None, "guinea pig")]]

    save_sheet(tmp_path / "a.png", rows)
    save_sheet(tmp_path / "b.png", rows)

    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    with Image.open(tmp_path / "a.png") as opened:
        assert opened.format == "PNG"


def test_a_result_shows_its_image_noun_and_score(tmp_path: Path):
    results = make_run(tmp_path)
    index = read_index(results / "search/images")

    (first,) = nearest(index, index.vectors[2], 1)
    tile = result_tile(first)

    assert (tile.lines, tile.text) == (("boat", "1.000"), "")
    assert tile.image == small(COLOURS["boat"])
    for data in (b"", b"no image"):
        (results / "files/2.png").write_bytes(data)
        assert result_tile(first)[1:] == (None, "unreadable")
    (results / "files/2.png").unlink()
    assert result_tile(first)[1:] == (None, "file deleted")


def test_a_result_without_an_image_is_its_noun():
    columns = dict.fromkeys(COLUMNS, "") | {"label": "guinea pig"}

    assert result_tile(Hit(1, 0.5, columns)) == Tile(("0.500",), None, "guinea pig")


@pytest.mark.parametrize("size", [(3000, 2), (2, 3000), (1, 1)])
def test_a_thumbnail_of_a_line_has_pixels(size: tuple[int, int]):
    image = small("#ff0000", size)

    assert image is not None
    assert image.size == tuple(max(1, round(length / max(size) * SIDE)) for length in size)
    assert image.getpixel((0, 0)) == (255, 0, 0)
