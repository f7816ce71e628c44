"""How near the graph comes to exact search."""

from pathlib import Path

import numpy as np
import pytest

from wordbridge.search.index import Neighbours, read_index
from wordbridge.search.recall import measure_recall, recall, recall_rows, spaced_rows


def neighbours(rows: list[int], cosines: list[float]) -> Neighbours:
    return Neighbours(np.array(rows), np.array(cosines, np.float32))


@pytest.mark.parametrize(
    ("found", "truth", "share"),
    [
        (neighbours([1, 2], [0.9, 0.8]), neighbours([1, 2], [0.9, 0.8]), 1),
        (neighbours([1, 7], [0.9, 0.1]), neighbours([1, 2], [0.9, 0.8]), 0.5),
        (neighbours([1, 5], [0.9, 0.8]), neighbours([1, 2], [0.9, 0.8]), 1),
        (neighbours([], []), neighbours([1, 2], [0.9, 0.8]), 0),
        (neighbours([], []), neighbours([], []), 1),
    ],
)
def test_rows_tied_with_the_last_reference_count(
    found: Neighbours, truth: Neighbours, share: float
):
    assert recall(found, truth) == share


def test_queries_are_evenly_spaced_and_not_zero():
    vectors = np.arange(20, dtype=np.float32).reshape(10, 2)
    vectors[9] = 0

    assert spaced_rows(vectors, 4).tolist() == [[0, 1], [6, 7], [12, 13]]
    assert len(spaced_rows(vectors, 50)) == 9
    assert spaced_rows(vectors[:0], 4).shape == (0, 2)


def test_a_small_index_is_searched_without_loss(finished: Path):
    indexes = {name: read_index(finished / "search" / name) for name in ("nouns", "images")}

    rows = recall_rows(indexes, {"nouns": 2.5, "images": 1.5}, queries=6, count=3)

    assert [(row["index"], row["rows"], row["recall"]) for row in rows] == [
        ("nouns", 8, 1.0),
        ("images", 7, 1.0),
    ]
    assert [row["build_seconds"] for row in rows] == [2.5, 1.5]
    assert all(row["graph_ms"] > 0 and row["graph_bytes"] > 0 for row in rows)


def test_recall_without_queries_is_one(finished: Path):
    index = read_index(finished / "search/nouns")

    assert measure_recall(index, np.zeros((0, 5), np.float32), 3)["recall"] == 1.0
