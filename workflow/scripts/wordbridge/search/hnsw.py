"""Nearly exact search in a graph (HNSW of nmslib), in the lesson's angular distance."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np

from wordbridge.atomic import replacing
from wordbridge.errors import InputError
from wordbridge.search.exact import (
    ExactSearch,
    Neighbours,
    Rows,
    Vectors,
    cosines_with,
    directed_rows,
    ranked,
)
from wordbridge.vectors.unit_length import unit_length

SPACE = "angulardist"  # the arc cosine of the cosine


@dataclass(frozen=True)
class GraphSettings:
    """The size of a graph (Malkov and Yashunin 2018) and how thoroughly it is made and searched.

    ``links`` of each row (their M), candidates held while a row is put in (efConstruction) and
    while a query is answered (ef).
    """

    links: int = 16
    build_candidates: int = 200
    search_candidates: int = 200


class HnswSearch:
    """A graph over ``vectors`` (rows, dim) of unit length, with the interface of ExactSearch.

    Where the graph finds fewer rows than asked for, exact search takes over.
    """

    def __init__(self, vectors: Vectors, path: str | Path, settings: GraphSettings) -> None:
        rows = directed_rows(vectors)
        self._vectors, self._count = vectors, len(rows)
        self._exact = ExactSearch(vectors)
        self._graph: Any = None
        self._candidates = settings.search_candidates
        if self._count:
            self._graph = _start(vectors, rows)
            try:
                self._graph.loadIndex(str(path), load_data=False)
            except RuntimeError as error:
                raise InputError(
                    f"{path}: expected a graph that nmslib wrote, got another file ({error}); "
                    "build the index again"
                ) from error

    def search(self, query: Vectors, count: int) -> Neighbours:
        """Return nearly the ``count`` rows nearest to ``query`` (dim), the nearest first."""
        wanted = min(count, self._count)
        unit = unit_length(query)
        if wanted == 0 or not unit.any():
            return self._exact.search(query, count)
        self._graph.setQueryTimeParams({"efSearch": max(self._candidates, wanted)})
        found, _ = self._graph.knnQuery(unit, k=wanted)
        rows = np.asarray(found, np.int64)
        if len(rows) < wanted:
            return self._exact.search(query, count)
        return ranked(rows, cosines_with(self._vectors[rows], unit), count)


def write_graph(vectors: Vectors, path: str | Path, settings: GraphSettings) -> None:
    """Write the graph over ``vectors`` (rows, dim) of unit length: equal numbers, equal bytes.

    Without a row that has a direction the file is empty.
    """
    rows = directed_rows(vectors)
    with replacing(path) as partial:
        partial.touch()
        if len(rows):
            # nmslib draws the levels of the rows from a generator that each thread starts anew;
            # in a thread that has built before, the same rows would get another graph.
            _in_new_thread(vectors, rows, partial, settings)


def _in_new_thread(vectors: Vectors, rows: Rows, path: Path, settings: GraphSettings) -> None:
    failures: list[Exception] = []

    def build() -> None:
        try:
            graph = _start(vectors, rows)
            graph.createIndex(
                {
                    "M": settings.links,
                    "efConstruction": settings.build_candidates,
                    "indexThreadQty": 1,  # several would race for the links
                    "post": 0,
                },
                print_progress=False,
            )
            _save(graph, path)
        except Exception as error:  # given on to the caller's thread
            failures.append(error)

    thread = Thread(target=build)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


def _save(graph: Any, path: Path) -> None:
    try:
        graph.saveIndex(str(path), save_data=False)
    except RuntimeError as error:
        raise InputError(
            f"{path.parent}: expected to write an index there, nmslib got {str(error)!r}; "
            "free some space and run the same command again"
        ) from error


def _start(vectors: Vectors, rows: Rows) -> Any:
    with _silence():
        import nmslib
    graph = nmslib.init(method="hnsw", space=SPACE)
    graph.addDataPointBatch(np.ascontiguousarray(vectors[rows]), rows.astype(np.int32))
    return graph


@contextmanager
def _silence() -> Iterator[None]:
    """Keep what nmslib says about the processor, when it is imported, off stderr."""
    if "nmslib" in sys.modules:
        yield
        return
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
