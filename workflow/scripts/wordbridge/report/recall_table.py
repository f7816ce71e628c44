"""What each index finds of exact search's answers, and what it costs, in one table."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from wordbridge.report.cells import Column
from wordbridge.report.frames import read_frame
from wordbridge.search.folder import Index
from wordbridge.search.recall import recall_rows

CAPTION = "The indexes (HNSW graphs) against exact search."

COLUMNS = {
    "index": Column("Index"),
    "rows": Column("Rows", 0),
    "dim": Column("Dimensions", 0),
    "neighbours": Column("Nearest", 0, note="As many rows are asked for."),
    "recall": Column(
        "Recall of these",
        4,
        best="high",
        note="Share of the rows found by exact search that the graph finds too, mean over queries.",
    ),
    "graph_ms": Column("Graph, ms per query", 3, note="One query at a time on one thread."),
    "exact_ms": Column("Exact, ms per query", 3),
    "build_seconds": Column(
        "Build, s", 1, note="The whole job on one thread, the start of Python included."
    ),
    "load_ms": Column("Load, ms", 1),
    "graph_mb": Column("Graph, MB", 2),
    "vector_mb": Column("Vectors, MB", 2),
}


def tabulate_recall(
    indexes: Sequence[Index], builds: Sequence[str | Path], queries: int, neighbours: int
) -> pd.DataFrame:
    """Return a row per index: recall@``neighbours`` over ``queries`` queries, times and sizes.

    ``builds`` are Snakemake's benchmark files of the jobs that built them, in the same order.
    """
    names = [index.description["index"] for index in indexes]
    seconds = [float(read_frame(path, "build the index again")["s"].mean()) for path in builds]
    rows = recall_rows(
        dict(zip(names, indexes, strict=True)),
        dict(zip(names, seconds, strict=True)),
        queries,
        neighbours,
    )
    table = pd.DataFrame(rows)
    table.insert(5, "neighbours", neighbours)
    for part in ("graph", "vector"):
        table[f"{part}_mb"] = table.pop(f"{part}_bytes") / 1e6
    return table
