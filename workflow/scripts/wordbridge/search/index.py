"""Indexes of vectors: exact search by cosine, HNSW search (nmslib), their folder, and hits."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordbridge.arrays import Matrix, l2_normalize, map_npy, save_matrix
from wordbridge.errors import InputError
from wordbridge.files import atomic_write, file_sha256, read_json, write_json, write_tsv

Rows = NDArray[np.int64]

FILES = VECTORS, LABELS, GRAPH = "vectors.npy", "labels.tsv", "hnsw.bin"
DESCRIPTION = "index.json"
COLUMNS = (
    *("synset", "label", "path"),
    *("set", "image", "kind", "split", "archive", "member", "stamp"),
)
STEP = " < "  # between a noun and its hypernym in a path
_JSON_COLUMNS = ("label", "synset", "path", "set", "image", "kind")
_KEYS = ("index", "word_vectors", "rows", "dim", "graph", "files")
_REMEDY = "run snakemake"
_SPACE = "angulardist"  # nmslib's arc cosine of the cosine, the lesson's distance
_DIGITS = 6  # later digits of a float32 cosine depend on the order of summation
# Files up to this size are hashed in a tenth of a second; of larger ones only the size is compared.
_HASHED_BYTES = 128 * 2**20


class Neighbours(NamedTuple):
    """Rows of an index, the nearest first, and the cosine of each with the query."""

    rows: Rows
    cosines: Matrix


class ExactSearch:
    """Compares a query with all rows of ``vectors`` (rows, dim), each of length 1 or zero.

    A row of zeros has no direction and is never returned.
    """

    def __init__(self, vectors: Matrix) -> None:
        self._vectors = vectors
        self._rows = nonzero_rows(vectors)

    def search(self, query: Matrix, count: int) -> Neighbours:
        """Return the ``count`` rows nearest to ``query`` (dim,); the lower of equal rows first."""
        cosines = cosines_with(self._vectors, l2_normalize(query))
        if len(self._rows) < len(cosines):
            cosines = cosines[self._rows]
        candidates = np.arange(len(cosines))
        if count < len(cosines):
            # Ties with the last row stay in, so that the lowest row of them is returned.
            least = np.partition(cosines, len(cosines) - count)[len(cosines) - count]
            candidates = np.flatnonzero(cosines >= least - 10.0**-_DIGITS)
        return sort_neighbours(self._rows[candidates], cosines[candidates], count)


class HnswSearch:
    """Approximate search in a graph over ``vectors`` (rows, dim), each of length 1 or zero.

    ``ef_search`` is the number of candidates in a search. Falls back to exact search where the
    graph returns fewer rows than requested.
    """

    def __init__(self, vectors: Matrix, path: str | Path, ef_search: int) -> None:
        rows = nonzero_rows(vectors)
        self._vectors, self._count, self._ef = vectors, len(rows), ef_search
        self._exact = ExactSearch(vectors)
        self._graph = _nmslib_index(vectors, rows) if len(rows) else None
        if self._graph is not None:
            self._graph.loadIndex(str(path), load_data=False)

    def search(self, query: Matrix, count: int) -> Neighbours:
        """Return nearly the ``count`` rows nearest to ``query`` (dim,), the nearest first."""
        limit, unit = min(count, self._count), l2_normalize(query)
        if self._graph is None or limit == 0 or not unit.any():
            return self._exact.search(query, count)
        self._graph.setQueryTimeParams({"efSearch": max(self._ef, limit)})
        numbers, _ = self._graph.knnQuery(unit, k=limit)
        rows = np.asarray(numbers, np.int64)
        if len(rows) < limit:
            return self._exact.search(query, count)
        return sort_neighbours(rows, cosines_with(self._vectors[rows], unit), count)


@dataclass(frozen=True, eq=False)
class Index:
    """An index on disk: its description, vectors (rows, dim) of unit length, and label lines."""

    folder: Path
    description: Mapping[str, Any]
    vectors: Matrix
    lines: Sequence[str]

    def label(self, row: int) -> dict[str, str]:
        """Return the label of one row by column."""
        return dict(zip(COLUMNS, self.lines[row].split("\t"), strict=True))

    @cached_property
    def exact(self) -> ExactSearch:
        """Return the exact search."""
        return ExactSearch(self.vectors)

    @cached_property
    def graph(self) -> HnswSearch:
        """Return the search through the graph."""
        return HnswSearch(self.vectors, self.folder / GRAPH, self.description["graph"]["ef_search"])


@dataclass(frozen=True)
class Hit:
    """One row of an index: its rank from 1, its cosine with the query, its label's columns."""

    rank: int
    score: float
    columns: Mapping[str, str]

    @property
    def label(self) -> str:
        """Return the noun."""
        return self.columns["label"]

    @property
    def path(self) -> str:
        """Return the noun and its hypernyms up to the most general one, "" for an unknown noun."""
        return self.columns["path"]

    @property
    def hypernym(self) -> str:
        """Return the nearest hypernym of the noun, "" without one."""
        return ([*self.path.split(STEP), ""])[1]

    @property
    def name(self) -> str:
        """Return the image as SET/IMAGE, "" for a noun."""
        return "/".join(filter(None, (self.columns["set"], self.columns["image"])))

    @property
    def file(self) -> str:
        """Return the image's file, or archive and member with a colon between; "" for a noun."""
        return ":".join(filter(None, (self.columns["archive"], self.columns["member"])))

    def record(self) -> dict[str, Any]:
        """Return the hit as a JSON object."""
        columns = {name: self.columns[name] for name in _JSON_COLUMNS if self.columns[name]}
        file = {"file": self.file} if self.file else {}
        return {"rank": self.rank, "score": round(self.score, 6), **columns, **file}


def nearest(index: Index, query: Matrix, count: int, exact: bool = False) -> list[Hit]:
    """Return the ``count`` rows of ``index`` nearest to ``query`` (dim,), by graph or exactly."""
    neighbours = (index.exact if exact else index.graph).search(query, count)
    return [
        Hit(rank, float(cosine), index.label(int(row)))
        for rank, (row, cosine) in enumerate(zip(*neighbours, strict=True), start=1)
    ]


def exclude_query(hits: Sequence[Hit], is_query: Callable[[Hit], bool], count: int) -> list[Hit]:
    """Return the first ``count`` of ``hits`` without the query image itself, with new ranks."""
    kept = [hit for hit in hits if not is_query(hit)][:count]
    return [replace(hit, rank=rank) for rank, hit in enumerate(kept, start=1)]


def image_row(index: Index, image: str) -> int:
    """Return the row of the image named ``SET/IMAGE``. Raises InputError when there is none."""
    names = image.split("/", 1)
    for row, line in enumerate(index.lines):
        if line.split("\t", 5)[3:5] == names:  # set and image
            return row
    raise InputError(
        f"{image}: expected SET/IMAGE of an image in the index, or for --image an existing file, "
        f"got another name; {index.folder / LABELS} lists the images"
    )


def write_index(
    folder: str | Path,
    vectors: Matrix,
    labels: Sequence[Mapping[str, str]],
    source: Mapping[str, Any],
    settings: Mapping[str, int],
) -> None:
    """Write an index of ``vectors`` (rows, dim), of any length, with one label per row.

    ``source`` (index, method, digests of inputs) is copied into the description. Missing label
    columns become empty. Raises InputError when numbers are not finite.
    """
    if not np.isfinite(vectors).all():
        row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise InputError(
            f"{folder}: expected finite numbers, got NaN or infinity in row {row}; "
            "make the vectors again"
        )
    target, unit = Path(folder), l2_normalize(vectors)
    save_matrix(unit, target / VECTORS)
    rows = ([label.get(name, "") for name in COLUMNS] for label in labels)
    write_tsv(target / LABELS, COLUMNS, rows)
    write_graph(unit, target / GRAPH, settings)
    files = {
        name: {"bytes": (target / name).stat().st_size, "sha256": file_sha256(target / name)}
        for name in FILES
    }
    shape = {"rows": len(vectors), "dim": int(vectors.shape[1]), "space": _SPACE}
    description = {**source, **shape, "graph": dict(settings), "files": files}
    write_json(target / DESCRIPTION, description)


def read_index(folder: str | Path, word_vectors: str | None = None) -> Index:
    """Return the index in ``folder``.

    ``word_vectors`` is the sha256 of the noun vectors that it must be built with. Raises
    InputError when they differ, or a file is missing or not the one in the description.
    """
    path = Path(folder)
    description = read_json(path / DESCRIPTION, "a description of an index", _REMEDY, _KEYS)
    if description["index"] != path.name:
        raise InputError(
            f"{path}: expected the index of {path.name}, got that of {description['index']}; "
            "put the folders back, or run snakemake again"
        )
    if word_vectors not in (None, description["word_vectors"]):
        raise InputError(
            f"{path}: built with the word vectors {description['word_vectors'][:12]}, but the "
            f"query words are from {str(word_vectors)[:12]}; run snakemake again, so that both are "
            "of one run"
        )
    for name, expected in description["files"].items():
        file = path / name
        size = file.stat().st_size if file.is_file() else -1
        is_small = size <= _HASHED_BYTES
        if size != expected["bytes"] or (is_small and file_sha256(file) != expected["sha256"]):
            got = "no file" if size < 0 else f"another file of {size} bytes"
            raise InputError(
                f"{file}: expected the {expected['bytes']} bytes that {DESCRIPTION} describes, "
                f"got {got}; {_REMEDY}"
            )
    lines = (path / LABELS).read_text(encoding="utf-8").split("\n")[1:-1]
    return Index(path, description, map_npy(path / VECTORS), lines)


def write_graph(vectors: Matrix, path: str | Path, settings: Mapping[str, int]) -> None:
    """Write the HNSW graph (Malkov and Yashunin 2018) over ``vectors`` (rows, dim) of unit length.

    ``settings`` are the links of each row (``M``), and the candidates while a row is added
    (``ef_construction``) and in a search (``ef_search``). Equal vectors give equal bytes, without
    a nonzero row an empty file.
    """
    rows = nonzero_rows(vectors)
    # One thread, since several would add links in varying order.
    sizes = {"M": settings["M"], "efConstruction": settings["ef_construction"]}
    parameters = {**sizes, "post": 0, "indexThreadQty": 1}

    def build(path: Path) -> None:
        graph = _nmslib_index(vectors, rows)
        graph.createIndex(parameters, print_progress=False)
        try:
            graph.saveIndex(str(path), save_data=False)
        except RuntimeError as error:
            raise InputError(
                f"{path.parent}: expected to write an index there, nmslib got {str(error)!r}; "
                "free some space and run the same command again"
            ) from error

    with atomic_write(path) as partial, ThreadPoolExecutor(1) as new_thread:
        partial.touch()
        if len(rows):
            # nmslib draws the levels of the rows from a generator that restarts in each thread;
            # a thread that built a graph before would build another one from the same rows.
            new_thread.submit(build, partial).result()


def nonzero_rows(vectors: Matrix) -> Rows:
    """Return the numbers of the rows that are not all zeros."""
    return np.flatnonzero(np.any(vectors, axis=1)).astype(np.int64)


def cosines_with(vectors: Matrix, unit: Matrix) -> Matrix:
    """Return the cosines (rows,) of ``vectors`` (rows, dim) with ``unit`` (dim,), of length 1."""
    # OpenBLAS may read past the last number and warn about what it reads there (numpy 24067).
    with np.errstate(invalid="ignore"):
        return np.asarray(vectors @ unit, np.float32)


def sort_neighbours(rows: Rows, cosines: Matrix, count: int) -> Neighbours:
    """Return the ``count`` nearest of ``rows``; those equal to 6 digits by their number."""
    cosines = np.asarray(cosines.clip(-1, 1).round(_DIGITS), np.float32)
    order = np.lexsort((rows, -cosines))[:count]
    return Neighbours(rows[order], cosines[order])


def _nmslib_index(vectors: Matrix, rows: Rows) -> Any:
    graph = _nmslib().init(method="hnsw", space=_SPACE)
    graph.addDataPointBatch(np.ascontiguousarray(vectors[rows]), rows.astype(np.int32))
    return graph


@cache
def _nmslib() -> Any:
    """Import nmslib without the notes about the processor that it prints to stderr."""
    sys.stderr.flush()
    stderr, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        import nmslib
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(null)
    return nmslib
