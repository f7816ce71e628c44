"""Recall and time per query of HNSW search, with exact search as the reference."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from wordbridge.arrays import Matrix
from wordbridge.search.index import GRAPH, VECTORS, ExactSearch, HnswSearch, Index, Neighbours

_EQUAL = 2e-6  # cosines are rounded to 6 digits
_QUERIES_OF = {"classes": "images", "nouns": "images", "images": "nouns"}  # as in a search


def recall_rows(
    indexes: Mapping[str, Index], seconds: Mapping[str, float], queries: int, count: int
) -> list[dict[str, Any]]:
    """Return one row for each of ``indexes``, searched with ``queries`` vectors.

    Indexes of nouns are searched with images' vectors, the index of images with nouns' vectors.
    ``seconds`` are the times in which the indexes were built.
    """
    rows = []
    for name, index in indexes.items():
        source = indexes.get(_QUERIES_OF[name], index)
        row = measure_recall(index, spaced_rows(source.vectors, queries), count)
        rows.append(row | {"build_seconds": seconds[name]})
    return rows


def measure_recall(index: Index, queries: Matrix, count: int) -> dict[str, Any]:
    """Return recall@``count`` of HNSW search, sizes in bytes, and milliseconds per query.

    ``queries`` are (n, dim). Keys: index, rows, dim, queries, recall, graph_ms, exact_ms, load_ms
    (to load the graph), graph_bytes, vector_bytes.
    """
    load_ms, graph = _timed(lambda: index.graph)
    exact_ms, references = _search(index.exact, queries, count)
    graph_ms, results = _search(graph, queries, count)
    recalls = [recall(*pair) for pair in zip(results, references, strict=True)]
    return {
        "index": index.description["index"],
        "rows": len(index.vectors),
        "dim": index.dim,
        "queries": len(queries),
        "recall": float(np.mean(recalls)) if recalls else 1.0,
        "graph_ms": graph_ms,
        "exact_ms": exact_ms,
        "load_ms": load_ms,
        "graph_bytes": (index.folder / GRAPH).stat().st_size,
        "vector_bytes": (index.folder / VECTORS).stat().st_size,
    }


def recall(result: Neighbours, reference: Neighbours) -> float:
    """Return the fraction of ``reference`` in ``result``; ties with its last row count too."""
    if not len(reference.rows):
        return 1.0
    right = np.count_nonzero(result.cosines >= reference.cosines[-1] - _EQUAL)
    return min(right / len(reference.rows), 1.0)


def spaced_rows(vectors: Matrix, count: int) -> Matrix:
    """Return ``count`` evenly spaced rows (or all) that are not zero."""
    places = np.unique(np.linspace(0, max(len(vectors) - 1, 0), count).astype(np.int64))
    rows = vectors[places[: len(vectors)]]
    return np.asarray(rows[np.any(rows, axis=1)], np.float32)


def _search(
    searcher: ExactSearch | HnswSearch, queries: Matrix, count: int
) -> tuple[float, list[Neighbours]]:
    for query in queries[:1]:
        searcher.search(query, count)  # the first search reads the vectors from disk
    elapsed, results = _timed(lambda: [searcher.search(query, count) for query in queries])
    return elapsed / max(len(queries), 1), results


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return 1000 * (time.perf_counter() - started), result
