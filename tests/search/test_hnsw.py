"""The graph, with exact search as the judge."""

from pathlib import Path

import numpy as np
import pytest

from wordbridge.errors import InputError
from wordbridge.search.exact import ExactSearch
from wordbridge.search.hnsw import GraphSettings, HnswSearch, write_graph
from wordbridge.search.recall import recall
from wordbridge.vectors.unit_length import unit_length

SETTINGS = GraphSettings(links=8, build_candidates=60, search_candidates=40)


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    """Return 700 points of 12 numbers in some heaps, some of them twice, two of them zero."""
    random = np.random.default_rng(5)
    heaps = random.standard_normal((9, 12)) * 2
    made = heaps[random.integers(0, 9, 700)] + random.standard_normal((700, 12))
    made[[13, 400]] = 0
    made[600:610] = made[20]
    return unit_length(made.astype(np.float32))


@pytest.fixture(scope="module")
def graph(points: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("graph") / "hnsw.bin"
    write_graph(points, path, SETTINGS)
    return path


def test_two_builds_in_one_process_give_the_same_bytes(
    points: np.ndarray, graph: Path, tmp_path: Path
):
    write_graph(points[:50], tmp_path / "other", SETTINGS)
    write_graph(points, tmp_path / "again", SETTINGS)

    assert (tmp_path / "again").read_bytes() == graph.read_bytes()


@pytest.mark.usefixtures("small_files")
def test_a_graph_that_does_not_fit_on_the_disk_is_an_error_and_leaves_nothing(
    points: np.ndarray, tmp_path: Path
):
    with pytest.raises(InputError, match="expected to write an index there, nmslib got"):
        write_graph(points, tmp_path / "big", SETTINGS)
    assert list(tmp_path.iterdir()) == []


def test_the_graph_finds_nearly_what_exact_search_finds(points: np.ndarray, graph: Path):
    exact, near = ExactSearch(points), HnswSearch(points, graph, SETTINGS)
    queries = np.random.default_rng(6).standard_normal((60, 12)).astype(np.float32)

    shares = [recall(near.search(one, 10), exact.search(one, 10)) for one in queries]

    assert np.mean(shares) > 0.97


def test_both_give_the_same_scores_in_the_same_order(points: np.ndarray, graph: Path):
    query = points[20] + np.float32(0.01)
    exact = ExactSearch(points).search(query, 11)

    found = HnswSearch(points, graph, SETTINGS).search(query, 11)

    assert set(exact.rows.tolist()) == {20, *range(600, 610)}
    assert found.rows.tolist() == exact.rows.tolist()
    assert found.cosines.tolist() == exact.cosines.tolist()


@pytest.mark.parametrize("count", [698, 699, 2000])
def test_all_rows_with_a_direction_can_be_asked_for(points: np.ndarray, graph: Path, count: int):
    found = HnswSearch(points, graph, SETTINGS).search(points[3], count)

    assert sorted(found.rows) == [row for row in range(700) if row not in (13, 400)]


def test_where_the_graph_finds_too_few_exact_search_takes_over(
    points: np.ndarray, graph: Path, monkeypatch: pytest.MonkeyPatch
):
    class Poor:
        def setQueryTimeParams(self, _: object) -> None:
            return

        def knnQuery(self, query: np.ndarray, k: int) -> tuple[list[int], list[float]]:
            return [5] * (k - 1), [0.0] * (k - 1)

    search = HnswSearch(points, graph, SETTINGS)
    monkeypatch.setattr(search, "_graph", Poor())

    assert search.search(points[3], 9).rows.tolist() == (
        ExactSearch(points).search(points[3], 9).rows.tolist()
    )


def test_a_query_of_zeros_is_answered_like_by_exact_search(points: np.ndarray, graph: Path):
    zeros = np.zeros(12, np.float32)

    found = HnswSearch(points, graph, SETTINGS).search(zeros, 4)

    assert found.rows.tolist() == ExactSearch(points).search(zeros, 4).rows.tolist()


@pytest.mark.parametrize("rows", [0, 3])
def test_rows_without_any_direction_make_an_empty_graph(tmp_path: Path, rows: int):
    nothing = np.zeros((rows, 4), np.float32)
    write_graph(nothing, tmp_path / "graph", SETTINGS)

    assert (tmp_path / "graph").read_bytes() == b""
    found = HnswSearch(nothing, tmp_path / "graph", SETTINGS).search(np.ones(4, np.float32), 2)
    assert found.rows.size == 0


def test_one_row_is_enough(tmp_path: Path):
    one = unit_length(np.array([[1, 2, 2]], np.float32))
    write_graph(one, tmp_path / "graph", SETTINGS)

    found = HnswSearch(one, tmp_path / "graph", SETTINGS).search(one[0], 3)

    assert (found.rows.tolist(), found.cosines.tolist()) == ([0], [1.0])


def test_a_file_that_is_no_graph_is_refused(points: np.ndarray, tmp_path: Path):
    (tmp_path / "graph").write_bytes(b"no graph")

    with pytest.raises(InputError, match="expected a graph that nmslib wrote"):
        HnswSearch(points, tmp_path / "graph", SETTINGS)
