"""The lesson's searches as tables and sheets.

Contact sheets.
"""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.search.toys import COLOURS, image_bytes, make_run
from wordbridge.errors import InputError
from wordbridge.report.search import COLUMNS_RECALL_TABLE as RECALL_COLUMNS
from wordbridge.report.search import (
    GAP,
    LINE,
    SIDE,
    Tile,
    answer_tile,
    caption,
    contact_sheet,
    example_searches,
    french_columns,
    save_sheet,
    sheet_rows,
    tabulate_french,
    tabulate_recall,
    tabulate_searches,
)
from wordbridge.report.tables import write_table
from wordbridge.search.french import NamePair
from wordbridge.search.index import COLUMNS, Index, read_index
from wordbridge.search.results import Answer, answers
from wordbridge.search.words import WordTable, read_words


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("examples"))


@pytest.fixture
def words(results: Path) -> WordTable:
    return read_words(results / "search/words/en")


@pytest.fixture
def images(results: Path) -> Index:
    return read_index(results / "search/images")


def labels(settings: dict[str, Any], target: Index, images: Index, words: WordTable) -> Any:
    return [
        [one.label for one in found]
        for _, _, found in example_searches(settings, target, images, words)
    ]


def test_words_find_images(images: Index, words: WordTable):
    settings = {"index": "images", "words": ["boat", "dog - cat"], "top": 2}

    assert labels(settings, images, images, words) == [["boat", "boat"], ["dog", "dog"]]


def test_images_find_nouns_or_others_but_not_themselves(
    results: Path, images: Index, words: WordTable
):
    settings = {"index": "nouns", "images": ["toy/own/4.png"], "top": 1}
    nouns = read_index(results / "search/nouns")

    assert labels(settings, nouns, images, words) == [["dog"]]
    ((_, _, found),) = example_searches(settings, images, images, words)
    assert [(one.rank, one.name) for one in found] == [(1, "toy/own/0.png")]


def test_the_table_tells_images_of_one_noun_apart_even_without_their_files(
    images: Index, words: WordTable, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("wordbridge.report.search.answer_tile", lambda one: Tile((), None, "gone"))
    asked = ["toy/own/0.png", "toy/own/4.png"]
    settings = {"index": "images", "images": asked, "top": 2}

    table = tabulate_searches(example_searches(settings, images, images, words))

    assert table["query"].tolist() == [f"dog ({name})" for name in asked for _ in range(2)]
    assert table["rank"].tolist() == [1, 2] * 2
    assert table["image"].tolist()[::2] == asked[::-1]


def test_a_number_of_images_is_taken_from_those_not_trained_on(images: Index, words: WordTable):
    settings = {"index": "images", "images": 2, "top": 6}
    searches = example_searches(settings, images, images, words)

    assert [one.tile.lines[0] for one in searches] == ["boat", "dog"]
    assert [len(one.answers) for one in searches] == [6, 6]
    assert len(example_searches(settings | {"images": 99}, images, images, words)) == 5


def test_the_table_has_a_row_for_each_answer(images: Index, words: WordTable):
    settings = {"index": "images", "words": ["boat"], "top": 3}
    searches = example_searches(settings, images, images, words)

    table = tabulate_searches(searches)

    assert table["query"].tolist() == ["boat"] * 3
    assert table["rank"].tolist() == [1, 2, 3]
    assert table["image"].tolist()[0].startswith("toy/own/")
    assert sheet_rows(searches)[0][0] == Tile((), None, "boat")
    assert len(sheet_rows(searches)[0]) == 4
    assert caption(settings) == "Search from words to images: the nearest by cosine."


def test_a_image_that_is_not_there_is_an_error(images: Index, words: WordTable):
    settings = {"index": "images", "images": ["toy/none.png"], "top": 3}

    with pytest.raises(InputError, match="expected the image SET/IMAGE of an index"):
        example_searches(settings, images, images, words)


def test_recall_and_costs_of_all_indexes_are_one_table(results: Path):
    indexes = [read_index(results / "search" / name) for name in ("nouns", "images")]
    builds = []
    for number in range(2):
        builds.append(results / f"build{number}.tsv")
        builds[-1].write_text(f"s\th:m:s\n{number + 1.5}\t0:00:01\n", encoding="utf-8")

    table = tabulate_recall(indexes, builds, queries=5, neighbours=3)

    assert table["build_seconds"].tolist() == [1.5, 2.5]
    assert table["recall"].tolist() == [1, 1]
    assert set(RECALL_COLUMNS) <= set(table.columns)


NAMES = ["animal", "boat", "cat", "dog", "entity", "sail", "vessel"]
SYNSETS = {"boat": ("n6",), "cat": ("n4",), "dog": ("n3",), "sail": ("n7",)}
PAIRS = [NamePair((name,), (name,), SYNSETS.get(name, ())) for name in NAMES]


def test_french_names_are_asked_with_alignments_of_the_others(images: Index, words: WordTable):
    table = tabulate_french(PAIRS, words, words, images, 3, [1, 5])

    assert table["language"].tolist() == ["English", "French, aligned"]
    assert table["names"].tolist() == [4, 4]
    assert table["hit@1"][0] == 1
    assert table["hit@5"][1] == 1


def test_the_french_table_shows_the_hits_that_were_asked_for(
    tmp_path: Path, images: Index, words: WordTable
):
    table = tabulate_french(PAIRS, words, words, images, 3, [3, 7])
    write_table(table, tmp_path / "french", "French", french_columns(table))

    lines = (tmp_path / "french.md").read_text(encoding="utf-8").splitlines()
    heads = [cell.strip() for cell in lines[2].split("|")[1:-1]]
    assert heads[-4:] == ["Images", "hit@3, %", "hit@7, %", "MRR"]
    assert len([line for line in lines if line.startswith("- hit@3, %: Share of names")]) == 1


ROW = SIDE + 3 * LINE + GAP


def test_a_sheet_has_a_row_for_each_and_room_for_the_longest():
    tile = Tile(("a", "b"), image_bytes("#ff0000"))

    sheet = contact_sheet([[tile], [tile, tile, tile]])

    assert sheet.size == (GAP + 3 * (SIDE + GAP), GAP + 2 * ROW)


def test_a_image_fills_its_tile_as_far_as_its_shape_allows():
    sheet = contact_sheet([[Tile(("wide",), image_bytes("#ff0000", (40, 20)))]])
    middle = GAP + SIDE // 2

    assert sheet.getpixel((middle, middle)) == (255, 0, 0)
    assert sheet.getpixel((GAP + 2, middle)) == (255, 0, 0)
    assert sheet.getpixel((middle, GAP + 2)) == (255, 255, 255)


def test_captions_are_drawn_below():
    def ink(lines: tuple[str, ...]) -> int:
        sheet = contact_sheet([[Tile(lines, image_bytes("#ffffff"))]]).convert("L")
        below = sheet.crop((0, GAP + SIDE, sheet.width, sheet.height))
        return sum(below.point(lambda value: value < 128).histogram()[1:])

    assert 0 == ink(()) < ink(("œuvre",)) < ink(("a much longer name of two lines", "0.123"))


@pytest.mark.parametrize("data", [b"", b"no image", None])
def test_what_cannot_be_shown_is_a_tile_with_words(data: bytes | None):
    sheet = contact_sheet([[Tile(("a",), data, "x" * 80)]])

    assert sheet.getpixel((GAP + 1, GAP + 1)) == (236, 239, 242)


def test_a_sheet_without_tiles_is_a_image_all_the_same():
    assert contact_sheet([]).size == (2 * GAP + SIDE, GAP + ROW)


def test_equal_tiles_make_equal_bytes(tmp_path: Path):
    rows = [[Tile(("a dog",), image_bytes("#00ff00")), Tile((), None, "guinea pig")]]

    save_sheet(tmp_path / "a.png", rows)
    save_sheet(tmp_path / "b.png", rows)

    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    with Image.open(tmp_path / "a.png") as opened:
        assert opened.format == "PNG"


def test_an_answer_shows_its_image_noun_and_score(tmp_path: Path):
    results = make_run(tmp_path)
    index = read_index(results / "search/images")

    (first,) = answers(index, index.vectors[2], 1)
    tile = answer_tile(first)

    assert (tile.lines, tile.text) == (("boat", "1.000"), "")
    assert tile.image == image_bytes(COLOURS["boat"])
    (results / "files/2.png").unlink()
    assert answer_tile(first)[1:] == (None, "the file is gone")


def test_an_answer_without_a_image_is_its_noun():
    columns = dict.fromkeys(COLUMNS, "") | {"label": "guinea pig"}

    assert answer_tile(Answer(1, 0.5, columns)) == Tile(("0.500",), None, "guinea pig")
