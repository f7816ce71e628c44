"""Tables about the search: example searches, recall of the indexes, French queries."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from wordbridge.arrays import Matrix
from wordbridge.report.contact_sheet import Tile, result_tile
from wordbridge.report.tables import Column, Table, read_frame
from wordbridge.search.french import NamePair, cross_fitted, folds_of, mean_vectors, score_names
from wordbridge.search.index import (
    GRAPH,
    VECTORS,
    ExactSearch,
    Hit,
    HnswSearch,
    Index,
    Neighbours,
    image_row,
    nearest,
    nearest_others,
    recall,
)
from wordbridge.search.queries import query_vector
from wordbridge.search.words import WordTable
from wordbridge.vectors.protocol import WordVectors

QUERIES, NEIGHBOURS = 500, 10  # per index, and rows per query
FOLDS, HITS = 5, (1, 5, 10)  # of French names; ranks of hit@k
_QUERIES_OF = {"classes": "images", "nouns": "images", "images": "nouns"}  # as in a search


class Example(NamedTuple):
    """A query (words, or noun and SET/IMAGE of an image), its tile and its results."""

    query: str
    tile: Tile
    results: list[Hit]


def example_searches(
    settings: Mapping[str, Any], target: Index, images: Index, words: WordTable
) -> list[Example]:
    """Return each query of an example with its results; the query image itself is not among them.

    ``settings`` has ``top`` and ``words`` (queries) or ``images``: a list of ``SET/IMAGE``, or a
    number of held-out images, at even distances.
    """
    top = settings["top"]
    examples = [
        Example(text, Tile((), None, text), nearest(target, query_vector(text, words), top))
        for text in settings.get("words", [])
    ]
    return examples + [_image_example(target, images, row, top) for row in _rows(settings, images)]


def examples_table(examples: Sequence[Example], settings: Mapping[str, Any]) -> Table:
    """Return the table of an example: a row for each result of each query."""
    columns = {
        "query": Column("Query"),
        "rank": Column("Rank", 0),
        "score": Column("Cosine", 3),
        "label": Column("Result"),
        "path": Column("In WordNet"),
        "image": Column("Image"),
    }
    rows = [
        (example.query, result.rank, result.score, result.label, result.path, result.name)
        for example in examples
        for result in example.results
    ]
    frame = pd.DataFrame(rows, columns=list(columns))
    if not frame["image"].astype(bool).any():
        del columns["image"]  # results are nouns
    source = "words" if settings.get("words") else "images"
    caption = f"Search from {source} to {settings['index']}: nearest neighbours by cosine."
    return Table(frame, caption, columns, group=True)


def sheet_rows(examples: Sequence[Example]) -> list[list[Tile]]:
    """Return the tiles of a contact sheet: each query before its results."""
    return [[example.tile, *map(result_tile, example.results)] for example in examples]


def _image_example(target: Index, images: Index, row: int, top: int) -> Example:
    query = Hit(0, 1.0, images.label(row))
    (vector,) = images.row_vectors([row])
    results = nearest_others(target, vector, top, lambda result: result.name == query.name)
    tile = result_tile(query)._replace(lines=(f"query: {query.label}",))
    return Example(f"{query.label} ({query.name})", tile, results)


def _rows(settings: Mapping[str, Any], images: Index) -> list[int]:
    """Return the rows of the images to search with; a number draws from labelled held-out ones."""
    names: int | Sequence[str] = settings.get("images", [])
    if not isinstance(names, int):
        return [image_row(images, name) for name in names]
    labels = [(row, images.label(row)) for row in np.flatnonzero(images.rows >= 0).tolist()]
    held_out = [row for row, label in labels if label["synset"] and label["split"] != "train"]
    count = min(names, len(held_out))
    return [held_out[(2 * n + 1) * len(held_out) // (2 * count)] for n in range(count)]


def recall_table(indexes: Sequence[Index], builds: Sequence[str | Path]) -> Table:
    """Return a row per index: recall@10 over 500 queries, times and sizes.

    Indexes of nouns are searched with vectors of images, the index of images with those of nouns.
    ``builds`` are Snakemake's benchmark files of the jobs that built them, in the same order.
    """
    columns = {
        "index": Column("Index"),
        "rows": Column("Rows", 0),
        "vectors": Column("Vectors", 0, note="distinct ones"),
        "dim": Column("Dimensions", 0),
        "neighbours": Column("Neighbours", 0, note="k of recall@k: rows per query"),
        "recall": Column(
            "Recall", 4, best="high",
            note="fraction of the rows of exact search that the graph finds, mean over the queries",
        ),
        "own_recall": Column("Own recall", 4, note="with vectors of the index as queries"),
        "search": Column("Search", note="exact if the own recall is below .98"),
        "graph_ms": Column("Graph, ms per query", 3, note="one query at a time, one thread"),
        "exact_ms": Column("Exact, ms per query", 3),
        "build_seconds": Column(
            "Build, s", 1, note="the complete job on one thread, including the start of Python"
        ),
        "load_ms": Column("Load, ms", 1),
        "graph_mb": Column("Graph, MB", 2),
        "vector_mb": Column("Vectors, MB", 2),
    }  # fmt: skip
    by_name = {index.description["index"]: index for index in indexes}
    rows = []
    for (name, index), path in zip(by_name.items(), builds, strict=True):
        vectors = by_name[_QUERIES_OF[name]].vectors
        row = measure_recall(index, spaced_rows(vectors, QUERIES), NEIGHBOURS)
        seconds = read_frame(path, "build the index again")["s"].mean()
        rows.append(row | {"build_seconds": seconds})
    return Table(pd.DataFrame(rows), "Indexes (HNSW graphs) and exact search.", columns)


def measure_recall(index: Index, queries: Matrix, count: int) -> dict[str, Any]:
    """Return recall@``count`` of HNSW search, times and sizes; keys as in the table.

    ``queries`` are (n, dim). Times are milliseconds per query and to load the graph.
    """
    path, ef_search = index.folder / GRAPH, index.description["graph"]["ef_search"]
    started = time.perf_counter()
    graph = HnswSearch(index.vectors, path, ef_search)
    load_ms = 1000 * (time.perf_counter() - started)
    exact_ms, references = _search(ExactSearch(index.vectors), queries, count)
    graph_ms, results = _search(graph, queries, count)
    recalls = [recall(*pair) for pair in zip(results, references, strict=True)]
    return {
        "index": index.description["index"],
        "rows": len(index.rows),
        "vectors": len(index.vectors),
        "dim": index.vectors.shape[1],
        "neighbours": count,
        "own_recall": index.description["own_recall"],
        "search": "exact" if index.description["exact"] else "graph",
        "recall": float(np.mean(recalls)) if recalls else 1.0,
        "graph_ms": graph_ms,
        "exact_ms": exact_ms,
        "load_ms": load_ms,
        "graph_mb": (index.folder / GRAPH).stat().st_size / 1e6,
        "vector_mb": (index.folder / VECTORS).stat().st_size / 1e6,
    }


def spaced_rows(vectors: Matrix, count: int) -> Matrix:
    """Return ``count`` evenly spaced rows, or all."""
    rows = np.unique(np.linspace(0, max(len(vectors) - 1, 0), count).astype(np.int64))
    return np.asarray(vectors[rows[: len(vectors)]], np.float32)


def french_table(
    pairs: Sequence[NamePair], french: WordVectors, english: WordTable, index: Index
) -> Table:
    """Return a row per language with hit@k for each of HITS and the mean reciprocal rank.

    Names are divided into FOLDS; the French names of each are mapped by an alignment that is fitted
    on the other folds.
    """
    target = mean_vectors([pair.en for pair in pairs], english)
    source = mean_vectors([pair.fr for pair in pairs], french)
    mapped = cross_fitted(source, target, folds_of(pairs, FOLDS))
    vectors = {"English": target, "French, aligned": mapped}
    frame = pd.DataFrame(score_names(pairs, vectors, index, HITS))
    columns = {
        "language": Column("Language"),
        "name_share": Column("Have vectors, %", 1, 100, note="pairs of names that both have one"),
        "names": Column("Names", 0, note="those with vectors and a held-out image"),
        "images": Column("Images", 0),
    }
    note = "names that find an image of their noun among the first k"
    for name in frame.filter(like="hit@"):
        columns[name] = Column(f"{name}, %", 1, 100, "high", note)
        note = ""  # the first explains all
    columns["mrr"] = Column(
        "MRR", 3, best="high", note="mean reciprocal rank of the first correct image"
    )
    caption = (
        "Searches for held-out images by their names in both languages. Aligned: French word "
        "vectors, mapped into the space of the English ones."
    )
    return Table(frame, caption, columns)


def _search(
    searcher: ExactSearch | HnswSearch, queries: Matrix, count: int
) -> tuple[float, list[Neighbours]]:
    """Return the mean milliseconds per query, and the results of all queries."""
    for query in queries[:1]:
        searcher.search(query, count)  # the first search reads the vectors from disk
    started = time.perf_counter()
    results = [searcher.search(query, count) for query in queries]
    return 1000 * (time.perf_counter() - started) / max(len(queries), 1), results
