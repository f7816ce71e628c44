"""Folders of indexes: distinct vectors, the choice of the search, and files of other runs."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from wordbridge.arrays import l2_normalize
from wordbridge.errors import InputError
from wordbridge.search.build import far_apart, own_recall, write_graph, write_index
from wordbridge.search.index import (
    FILES,
    ExactSearch,
    HnswSearch,
    Index,
    Neighbours,
    nearest,
    read_index,
    recall,
    sort_neighbours,
)

MADE_BY = {"index": "images", "word_vectors": "ab" * 32, "method": "conse", "seed": 3}
LABELS = [{"label": "a boat", "synset": "n1"}, {"label": "dog", "archive": "x.zip"}]
SETTINGS = {"M": 5, "ef_construction": 200, "ef_search": 200}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_index(
        tmp_path / "images", np.array([[3, 4, 0], [0, 0, 2]], np.float32), LABELS, MADE_BY, SETTINGS
    )
    return tmp_path / "images"


def test_an_index_is_read_with_unit_vectors_labels_and_source(folder: Path):
    index = read_index(folder, "ab" * 32)

    assert index.vectors == pytest.approx(np.array([[0.6, 0.8, 0], [0, 0, 1]]))
    assert (index.label(0)["label"], index.label(1)["archive"]) == ("a boat", "x.zip")
    assert index.label(1)["path"] == ""
    assert index.description | MADE_BY == index.description
    assert (index.description["rows"], index.description["dim"]) == (2, 3)
    assert ExactSearch(index.vectors).search(np.array([0, 0, 5]), 1).rows.tolist() == [1]
    assert index.graph.search(np.array([0, 0, 5]), 1).rows.tolist() == [1]


def test_the_same_rows_make_the_same_bytes(folder: Path, tmp_path: Path):
    vectors = np.array([[3, 4, 0], [0, 0, 2]], np.float32)
    write_index(tmp_path / "again", vectors, LABELS, MADE_BY, SETTINGS)

    for name in (*FILES, "index.json"):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes(), name


def test_an_index_of_other_word_vectors_is_refused(folder: Path):
    with pytest.raises(InputError, match=r"built with the word vectors abab.* are from cdcd"):
        read_index(folder, "cd" * 32)


def replace_vectors(folder: Path) -> None:
    matrix = np.load(folder / "vectors.npy")
    np.save(folder / "vectors.npy", matrix[::-1])


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (
            replace_vectors,
            "vectors.npy: expected the 152 bytes that index.json describes, got another file",
        ),
        (lambda f: (f / "hnsw.bin").unlink(), "hnsw.bin: expected the 64 bytes .*, got no file"),
        (lambda f: (f / "labels.tsv").write_bytes(b"x"), "labels.tsv: expected .* of 1 bytes"),
        (
            lambda f: (f / "index.json").write_bytes(b"{"),
            "index.json: expected a description of an index in JSON",
        ),
        (shutil.rmtree, "expected a description of an index in JSON, got none .*; run snakemake"),
    ],
)
def test_a_changed_folder_is_refused(folder: Path, harm: Callable[[Path], object], message: str):
    harm(folder)

    with pytest.raises(InputError, match=message):
        read_index(folder)


DIM = 24


def unit(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def images(copies: int, noise: float, photos: int = 60, families: int = 1) -> np.ndarray:
    """Return ``copies`` of an image in each of some families, and then photographs."""
    random = np.random.default_rng(1)
    copied = np.repeat(unit(random.standard_normal((families, DIM))), copies, axis=0)
    copied += noise * random.standard_normal(copied.shape)
    return unit(np.concatenate([copied, unit(random.standard_normal((photos, DIM)))]))


def index_of(folder: Path, rows: np.ndarray) -> Index:
    names = [{"label": str(row)} for row in range(len(rows))]
    settings = {"M": 16, "ef_construction": 200, "ef_search": 200}
    write_index(folder / "images", rows, names, MADE_BY, settings)
    return read_index(folder / "images")


NEAR_COPIES = {
    "the same to five digits": (1500, 1e-6, 60, 1),
    "of JPEG at other qualities": (1500, 1e-3, 60, 1),
    "of a burst": (1500, 3e-3, 60, 1),
    "of three images": (500, 1e-3, 60, 3),
    "and three photographs": (1500, 1e-6, 3, 1),
}
GOOD = {
    "no copies": (0, 0, 500, 1),
    "2,000 copies of one image": (2000, 0, 60, 1),
    "200 copies each of nine images": (200, 0, 60, 9),
    "only copies": (500, 0, 0, 1),
    "two images": (0, 0, 2, 1),
    "one image": (0, 0, 1, 1),
    "no image": (0, 0, 0, 1),
}


@pytest.mark.parametrize("shape", NEAR_COPIES.values(), ids=NEAR_COPIES)
def test_exact_search_replaces_a_graph_that_loses_images(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], shape: tuple[int, float, int, int]
):
    rows = images(*shape)
    index = index_of(tmp_path, rows)

    assert index.description["own_recall"] < 0.98
    for query in rows[-3:]:
        assert nearest(index, query, 10) == nearest(index, query, 10, exact=True)
    error = capsys.readouterr().err
    assert error.count("images: exact search is used, because the graph finds only") == 1


@pytest.mark.parametrize("shape", GOOD.values(), ids=GOOD)
def test_images_that_share_a_vector_are_found_together_in_the_order_of_exact_search(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], shape: tuple[int, float, int, int]
):
    rows = images(*shape)
    index = index_of(tmp_path, rows)

    assert len(index.vectors) == len(np.unique(rows, axis=0))
    for query in rows[:: max(len(rows) // 20, 1)]:
        hits = nearest(index, query, 12)
        cosines = (rows @ query).round(5)
        assert [int(hit.label) for hit in hits] == np.argsort(-cosines, kind="stable")[:12].tolist()
        assert hits == nearest(index, query, 12, exact=True)
    assert capsys.readouterr().err == ""
    assert index.description["exact"] == ""


def test_zeros_have_no_direction_and_are_never_found(tmp_path: Path):
    rows = np.array([[0, 0], [0, 2], [0, 0], [3, 0], [0, 1]], np.float32)
    index = index_of(tmp_path, rows)

    assert [hit.label for hit in nearest(index, rows[1], 9)] == ["1", "4", "3"]
    assert index.rows.tolist() == [-1, 0, -1, 1, 0]
    assert index.row_vectors([4, 0]).tolist() == [[0, 1], [0, 0]]
    empty = index_of(tmp_path / "zeros", rows[[0, 2]])
    assert empty.row_vectors([1]).tolist() == [[0, 0]]
    for other, query, count, got in (
        (empty, rows[1], 3, "0 vectors, a query, 3"),
        (index, rows[1], 0, "2 vectors, a query, 0"),
        (index, rows[1], -1, "2 vectors, a query, -1"),
        (index, rows[0], 3, "2 vectors, zeros, 3"),
    ):
        with pytest.raises(
            InputError,
            match=f"expected vectors, a query with a direction, and a count .*, got {got}; search",
        ):
            nearest(other, query, count)


SMALL = {"M": 8, "ef_construction": 60, "ef_search": 40}


@pytest.fixture(scope="module")
def points() -> np.ndarray:
    """Return 700 points of 12 numbers in some heaps, some of them twice."""
    random = np.random.default_rng(5)
    heaps = random.standard_normal((9, 12)) * 2
    clustered = heaps[random.integers(0, 9, 700)] + random.standard_normal((700, 12))
    clustered[600:610] = clustered[20]
    return l2_normalize(clustered.astype(np.float32))


@pytest.fixture(scope="module")
def graph(points: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("graph") / "hnsw.bin"
    write_graph(points, path, SMALL)
    return path


def test_two_builds_in_one_process_give_the_same_bytes(
    points: np.ndarray, graph: Path, tmp_path: Path
):
    write_graph(points[:50], tmp_path / "other", SMALL)
    write_graph(points, tmp_path / "again", SMALL)

    assert (tmp_path / "again").read_bytes() == graph.read_bytes()


@pytest.mark.usefixtures("small_files")
def test_a_graph_that_does_not_fit_on_the_disk_is_an_error_and_leaves_nothing(
    points: np.ndarray, tmp_path: Path
):
    with pytest.raises(InputError, match="expected to write an index there, nmslib got"):
        write_graph(points, tmp_path / "big", SMALL)
    assert list(tmp_path.iterdir()) == []


def test_the_graph_finds_nearly_what_exact_search_finds(points: np.ndarray, graph: Path):
    exact, near = ExactSearch(points), HnswSearch(points, graph, SMALL["ef_search"])
    queries = np.random.default_rng(6).standard_normal((60, 12)).astype(np.float32)

    shares = [recall(near.search(one, 10), exact.search(one, 10)) for one in queries]

    assert np.mean(shares) > 0.97


def test_both_give_the_same_scores_in_the_same_order(points: np.ndarray, graph: Path):
    query = points[20] + np.float32(0.01)
    exact = ExactSearch(points).search(query, 11)

    result = HnswSearch(points, graph, SMALL["ef_search"]).search(query, 11)

    assert set(exact.rows.tolist()) == {20, *range(600, 610)}
    assert result.rows.tolist() == exact.rows.tolist()
    assert result.cosines.tolist() == exact.cosines.tolist()


@pytest.mark.parametrize("count", [699, 700, 2000])
def test_all_rows_can_be_returned(points: np.ndarray, graph: Path, count: int):
    result = HnswSearch(points, graph, SMALL["ef_search"]).search(points[3], count)

    assert len(set(result.rows.tolist())) == len(result.rows) == min(count, 700)


def test_where_the_graph_finds_too_few_exact_search_takes_over(
    points: np.ndarray, graph: Path, monkeypatch: pytest.MonkeyPatch
):
    class Poor:
        def setQueryTimeParams(self, _: object) -> None:
            return

        def knnQuery(self, query: np.ndarray, k: int) -> tuple[list[int], list[float]]:
            return [5] * (k - 1), [0.0] * (k - 1)

    search = HnswSearch(points, graph, SMALL["ef_search"])
    monkeypatch.setattr(search, "_graph", Poor())

    assert search.search(points[3], 9).rows.tolist() == (
        ExactSearch(points).search(points[3], 9).rows.tolist()
    )


def test_a_query_of_zeros_gives_the_result_of_exact_search(points: np.ndarray, graph: Path):
    zeros = np.zeros(12, np.float32)

    result = HnswSearch(points, graph, SMALL["ef_search"]).search(zeros, 4)

    assert result.rows.tolist() == ExactSearch(points).search(zeros, 4).rows.tolist()


def test_no_rows_make_an_empty_graph(tmp_path: Path):
    nothing = np.zeros((0, 4), np.float32)
    write_graph(nothing, tmp_path / "graph", SMALL)

    assert (tmp_path / "graph").read_bytes() == b""
    result = HnswSearch(nothing, tmp_path / "graph", SMALL["ef_search"]).search(
        np.ones(4, np.float32), 2
    )
    assert result.rows.size == 0


def test_one_row_is_enough(tmp_path: Path):
    one = l2_normalize(np.array([[1, 2, 2]], np.float32))
    write_graph(one, tmp_path / "graph", SMALL)

    result = HnswSearch(one, tmp_path / "graph", SMALL["ef_search"]).search(one[0], 3)

    assert (result.rows.tolist(), result.cosines.tolist()) == ([0], [1.0])


def vectors(*rows: list[float]) -> np.ndarray:
    return l2_normalize(np.array(rows, np.float32))


def test_rows_are_sorted_by_cosine_for_queries_of_any_length():
    search = ExactSearch(vectors([1, 0, 0], [0, 1, 0], [1, 1, 0], [-1, 0, 0]))

    result = search.search(np.array([30, 10, 0], np.float32), 3)

    assert result.rows.tolist() == [0, 2, 1]
    assert result.cosines == pytest.approx([0.948683, 0.894427, 0.316228])


def test_of_equal_rows_the_lower_number_comes_first_even_at_the_border():
    search = ExactSearch(vectors([1, 2], [3, 1], [1, 2], [2, 4], [1, 2]))

    assert search.search(np.array([1, 2], np.float32), 3).rows.tolist() == [0, 2, 3]


def test_a_query_of_zeros_is_equally_near_to_all():
    search = ExactSearch(vectors([0, 1], [1, 0], [1, 1]))

    result = search.search(np.zeros(2, np.float32), 2)

    assert (result.rows.tolist(), result.cosines.tolist()) == ([0, 1], [0, 0])


def test_cosines_are_at_most_one():
    assert sort_neighbours(
        np.array([4]), np.array([1.0000001], np.float32), 1
    ).cosines.tolist() == [1.0]


def neighbours(rows: list[int], cosines: list[float]) -> Neighbours:
    return Neighbours(np.array(rows), np.array(cosines, np.float32))


@pytest.mark.parametrize(
    ("result", "truth", "share"),
    [
        (neighbours([1, 2], [0.9, 0.8]), neighbours([1, 2], [0.9, 0.8]), 1),
        (neighbours([1, 7], [0.9, 0.1]), neighbours([1, 2], [0.9, 0.8]), 0.5),
        (neighbours([1, 5], [0.9, 0.8]), neighbours([1, 2], [0.9, 0.8]), 1),
        (neighbours([4, 5], [0.8, 0.8]), neighbours([1, 2], [0.9, 0.8]), 0.5),
        (neighbours([4, 5, 6], [0.8, 0.8, 0.8]), neighbours([2, 4, 5], [0.8, 0.8, 0.8]), 1),
        (neighbours([], []), neighbours([1, 2], [0.9, 0.8]), 0),
        (neighbours([], []), neighbours([], []), 1),
    ],
)
def test_rows_tied_with_the_last_reference_count(
    result: Neighbours, truth: Neighbours, share: float
):
    assert recall(result, truth) == share


def test_rows_far_apart_begin_with_the_first_and_end_with_the_nearest():
    rows = vectors([1, 0], [1, 0.1], [0, 1], [-1, 0.1], [0.9, 0.1])

    assert far_apart(rows, 9) == [0, 3, 2, 4, 1]
    assert far_apart(rows, 2) == [0, 3]
    assert far_apart(rows[:0], 2) == []


class Lossy(ExactSearch):
    """A graph that finds all rows except the last one."""

    def search(self, query: np.ndarray, count: int) -> Neighbours:
        rows, cosines = super().search(query, count)
        result = rows != len(self._vectors) - 1
        return Neighbours(rows[result], cosines[result])


def test_a_single_vector_that_the_graph_loses_lowers_its_recall(points: np.ndarray):
    copies = np.repeat(vectors([1, 0]), 999, axis=0)
    rows = l2_normalize(np.concatenate([copies, [[0, 1]]]).astype(np.float32))

    assert own_recall(rows, ExactSearch(rows)) == 1
    assert own_recall(rows, Lossy(rows)) == 0.9


def test_exact_search_without_rows_returns_nothing() -> None:
    empty = ExactSearch(np.zeros((0, 3), np.float32))
    assert empty.search(np.ones(3, np.float32), 4).rows.size == 0
