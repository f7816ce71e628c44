"""How near the graph comes to exact search, and what both cost."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from wordbridge.search.index import GRAPH, VECTORS, Index, Neighbours, Searcher, Vectors

_EQUAL = 2e-6  # cosines are rounded to 6 digits


def measure_recall(index: Index, queries: Vectors, count: int) -> dict[str, Any]:
    """Return recall@``count`` of the graph against exact search, sizes, and time per query.

    ``queries`` are (n, dim). Keys: index, rows, dim, queries, recall, graph_ms, exact_ms (per
    query), load_ms (of the graph), graph_bytes, vector_bytes.
    """
    load_ms, graph = _timed(lambda: index.graph)
    exact_ms, truth = _search(index.exact, queries, count)
    graph_ms, found = _search(graph, queries, count)
    shares = [recall(one, other) for one, other in zip(found, truth, strict=True)]
    return {
        "index": index.description["index"],
        "rows": len(index.vectors),
        "dim": index.dim,
        "queries": len(queries),
        "recall": float(np.mean(shares)) if shares else 1.0,
        "graph_ms": graph_ms,
        "exact_ms": exact_ms,
        "load_ms": load_ms,
        "graph_bytes": _size(index.folder / GRAPH),
        "vector_bytes": _size(index.folder / VECTORS),
    }


def recall(found: Neighbours, truth: Neighbours) -> float:
    """Return the share of ``truth`` that was found; a row as near as its last one counts too."""
    if not len(truth.rows):
        return 1.0
    right = np.count_nonzero(found.cosines >= truth.cosines[-1] - _EQUAL)
    return min(right / len(truth.rows), 1.0)


def spread_rows(vectors: Vectors, count: int) -> Vectors:
    """Return ``count`` rows (or all) with a direction, at even distances from first to last."""
    places = np.unique(np.linspace(0, max(len(vectors) - 1, 0), count).astype(np.int64))
    chosen = vectors[places[: len(vectors)]]
    return np.asarray(chosen[np.any(chosen, axis=1)], np.float32)


def recall_rows(
    indexes: Mapping[str, Index], seconds: Mapping[str, float], queries: int, count: int
) -> list[dict[str, Any]]:
    """Return a row for each of ``indexes``, asked ``queries`` questions.

    Nouns are asked with the vectors of images, images with those of nouns, as in a search.
    ``seconds`` says how long each took to build.
    """
    asked = {"classes": "images", "nouns": "images", "images": "nouns"}
    rows = []
    for name, index in indexes.items():
        source = indexes.get(asked[name], index)
        questions = spread_rows(source.vectors, queries)
        measured = measure_recall(index, questions, count)
        rows.append(measured | {"build_seconds": seconds[name]})
    return rows


def _search(searcher: Searcher, queries: Vectors, count: int) -> tuple[float, list[Neighbours]]:
    for query in queries[:1]:
        searcher.search(query, count)  # the first one reads the vectors from the disk
    took, found = _timed(lambda: [searcher.search(query, count) for query in queries])
    return took / max(len(queries), 1), found


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    made = work()
    return 1000 * (time.perf_counter() - started), made


def _size(path: Path) -> int:
    return path.stat().st_size
