"""Tables about the search: example searches, recall of the indexes, French queries."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.search.toys import make_run
from wordbridge.errors import InputError
from wordbridge.report.contact_sheet import Tile
from wordbridge.report.search import (
    example_searches,
    examples_table,
    french_table,
    measure_recall,
    recall_table,
    sheet_rows,
    spaced_rows,
)
from wordbridge.report.tables import markdown
from wordbridge.search.french import NamePair
from wordbridge.search.index import Index, read_index
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
        [hit.label for hit in hits]
        for _, _, hits in example_searches(settings, target, images, words)
    ]


def test_words_find_images(images: Index, words: WordTable):
    settings = {"index": "images", "words": ["boat", "dog - cat"], "top": 2}

    assert labels(settings, images, images, words) == [["boat", "boat"], ["dog", "dog"]]


def test_images_find_nouns_or_other_images_but_not_themselves(
    results: Path, images: Index, words: WordTable
):
    settings = {"index": "nouns", "images": ["toy/own/4.png"], "top": 1}
    nouns = read_index(results / "search/nouns")

    assert labels(settings, nouns, images, words) == [["dog"]]
    ((_, _, hits),) = example_searches(settings, images, images, words)
    assert [(hit.rank, hit.name) for hit in hits] == [(1, "toy/own/0.png")]


def test_queries_by_images_of_the_same_noun_have_different_names(
    images: Index, words: WordTable, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        "wordbridge.report.search.result_tile", lambda result: Tile((), None, "gone")
    )
    queries = ["toy/own/0.png", "toy/own/4.png"]
    settings = {"index": "images", "images": queries, "top": 2}

    table = examples_table(example_searches(settings, images, images, words), settings).frame

    assert table["query"].tolist() == [f"dog ({name})" for name in queries for _ in range(2)]
    assert table["rank"].tolist() == [1, 2] * 2
    assert table["image"].tolist()[::2] == queries[::-1]


def test_a_number_selects_images_that_were_not_trained_on(images: Index, words: WordTable):
    settings = {"index": "images", "images": 2, "top": 6}
    searches = example_searches(settings, images, images, words)

    assert [example.tile.lines[0] for example in searches] == ["query: boat", "query: dog"]
    assert [len(example.results) for example in searches] == [6, 6]
    assert len(example_searches(settings | {"images": 99}, images, images, words)) == 5


def test_the_table_has_a_row_for_each_result(images: Index, words: WordTable):
    settings = {"index": "images", "words": ["boat"], "top": 3}
    searches = example_searches(settings, images, images, words)

    searches_table = examples_table(searches, settings)
    table = searches_table.frame

    assert table["query"].tolist() == ["boat"] * 3
    assert table["rank"].tolist() == [1, 2, 3]
    assert table["image"].tolist()[0].startswith("toy/own/")
    assert sheet_rows(searches)[0][0] == Tile((), None, "boat")
    assert len(sheet_rows(searches)[0]) == 4
    assert searches_table.caption == "Search from words to images: nearest neighbours by cosine."


@pytest.mark.parametrize(("index", "shown"), [("images", True), ("nouns", False)])
def test_only_a_search_of_images_shows_the_column_image(
    index: str, shown: bool, results: Path, images: Index, words: WordTable
):
    settings = {"index": index, "words": ["boat"], "top": 3}
    target = read_index(results / "search" / index)
    table = examples_table(example_searches(settings, target, images, words), settings)
    assert ("image" in table.visible) == shown
    assert "image" in table.frame


def test_an_image_outside_the_index_is_an_error(images: Index, words: WordTable):
    settings = {"index": "images", "images": ["toy/none.png"], "top": 3}

    with pytest.raises(InputError, match="expected SET/IMAGE of an image in the index"):
        example_searches(settings, images, images, words)


def test_recall_and_costs_of_all_indexes_are_one_table(results: Path):
    indexes = [read_index(results / "search" / name) for name in ("nouns", "images")]
    builds = []
    for number in range(2):
        builds.append(results / f"build{number}.tsv")
        builds[-1].write_text(f"s\th:m:s\n{number + 1.5}\t0:00:01\n", encoding="utf-8")

    table = recall_table(indexes, builds)

    assert table.frame["build_seconds"].tolist() == [1.5, 2.5]
    assert table.frame["index"].tolist() == ["nouns", "images"]
    assert table.frame["rows"].tolist() == [8, 7]
    assert table.frame["recall"].tolist() == [1, 1]
    assert table.frame["vectors"].tolist() == [8, 7]
    assert table.frame["search"].tolist() == ["graph", "graph"]
    assert (table.frame[["graph_ms", "graph_mb"]] > 0).all(axis=None)
    assert set(table.columns) <= set(table.frame.columns)


def test_queries_are_evenly_spaced():
    vectors = np.arange(20, dtype=np.float32).reshape(10, 2)

    assert spaced_rows(vectors, 4).tolist() == [[0, 1], [6, 7], [12, 13], [18, 19]]
    assert len(spaced_rows(vectors, 50)) == 10
    assert spaced_rows(vectors[:0], 4).shape == (0, 2)


def test_recall_without_queries_is_one(results: Path):
    index = read_index(results / "search/nouns")

    assert measure_recall(index, np.zeros((0, 5), np.float32), 3)["recall"] == 1.0


NAMES = ["animal", "boat", "cat", "dog", "entity", "sail", "vessel"]
SYNSETS = {"boat": ("n6",), "cat": ("n4",), "dog": ("n3",), "sail": ("n7",)}
PAIRS = [NamePair((name,), (name,), SYNSETS.get(name, ())) for name in NAMES]


def test_french_names_are_mapped_by_alignments_of_other_names(images: Index, words: WordTable):
    table = french_table(PAIRS, words, words, images).frame

    assert table["language"].tolist() == ["English", "French, aligned"]
    assert table["names"].tolist() == [4, 4]
    assert table["hit@1"][0] == 1
    assert table["hit@5"][1] == 1


def test_the_french_table_explains_its_first_hits(images: Index, words: WordTable):
    lines = markdown(french_table(PAIRS, words, words, images)).splitlines()

    heads = [cell.strip() for cell in lines[2].split("|")[1:-1]]
    assert heads[-4:] == ["hit@1, %", "hit@5, %", "hit@10, %", "MRR"]
    assert len([line for line in lines if line.startswith("- hit@1, %: names that find an")]) == 1
