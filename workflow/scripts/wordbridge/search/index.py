"""Indexes of vectors in folders: exact search, search in an HNSW graph (nmslib), and hits."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordbridge.arrays import Matrix, l2_normalize, map_npy
from wordbridge.errors import InputError
from wordbridge.files import file_sha256, read_json
from wordbridge.text import clean

Rows = NDArray[np.int64]

FILES = VECTORS, ROWS, LABELS, GRAPH = "vectors.npy", "rows.npy", "labels.tsv", "hnsw.bin"
DESCRIPTION = "index.json"
COLUMNS = (
    *("synset", "label", "path"),
    *("set", "image", "kind", "split", "archive", "member", "stamp"),
)
STEP = " < "  # between a noun and its hypernym in a path
_JSON_COLUMNS = ("label", "synset", "path", "set", "image", "kind")
_KEYS = ("index", "word_vectors", "graph", "exact", "files")
_REMEDY = "run snakemake"
SPACE = "angulardist"  # nmslib's arc cosine of the cosine, the lesson's distance
_DIGITS = 6  # later digits of a float32 cosine depend on the order of summation
EQUAL = 2e-6  # the largest difference of equal cosines
# Files up to this size are hashed in a tenth of a second; of larger ones only the size is compared.
_HASHED_BYTES = 128 * 2**20


class Neighbours(NamedTuple):
    """Rows of a matrix, the nearest first, and the cosine of each with the query."""

    rows: Rows
    cosines: Matrix


class ExactSearch:
    """Compares a query with all ``vectors`` (rows, dim), each of length 1."""

    def __init__(self, vectors: Matrix) -> None:
        self._vectors = vectors

    def search(self, query: Matrix, count: int) -> Neighbours:
        """Return the ``count`` rows nearest to ``query`` (dim,); the lower of equal rows first."""
        cosines = cosines_with(self._vectors, l2_normalize(query))
        rows = np.arange(len(cosines))
        if count < len(cosines):
            # Ties with the last row stay in, so that the lowest row of them is returned.
            least = np.partition(cosines, len(cosines) - count)[len(cosines) - count]
            rows = np.flatnonzero(cosines >= least - 10.0**-_DIGITS)
        return sort_neighbours(rows, cosines[rows], count)


class HnswSearch(ExactSearch):
    """Approximate search in the graph over ``vectors`` (rows, dim), each of length 1.

    ``ef_search`` is the number of candidates in a search. Falls back to exact search where the
    graph returns fewer rows than requested.
    """

    def __init__(self, vectors: Matrix, path: str | Path, ef_search: int) -> None:
        super().__init__(vectors)
        self._ef, self._graph = ef_search, nmslib_index(vectors)
        if len(vectors):
            self._graph.loadIndex(str(path), load_data=False)

    def search(self, query: Matrix, count: int) -> Neighbours:
        """Return nearly the ``count`` rows nearest to ``query`` (dim,), the nearest first."""
        limit, unit = min(count, len(self._vectors)), l2_normalize(query)
        if limit and unit.any():
            self._graph.setQueryTimeParams({"efSearch": max(self._ef, limit)})
            rows = np.asarray(self._graph.knnQuery(unit, k=limit)[0], np.int64)
            if len(rows) == limit:
                return sort_neighbours(rows, cosines_with(self._vectors[rows], unit), count)
        return super().search(query, count)


@dataclass(frozen=True, eq=False)
class Index:
    """An index on disk: its description, distinct vectors, and a label line for each row.

    ``vectors`` (vectors, dim) are of length 1, in the order of their first rows. ``rows`` (rows,)
    has the number of each row's vector, or -1 for zeros, which have no direction and are never
    found.
    """

    folder: Path
    description: Mapping[str, Any]
    vectors: Matrix
    rows: Rows
    lines: Sequence[str]

    def row_vectors(self, rows: Sequence[int]) -> Matrix:
        """Return the vectors (rows, dim) of some ``rows``."""
        numbers = self.rows[rows]
        vectors = np.zeros((len(numbers), self.vectors.shape[1]), np.float32)
        vectors[numbers >= 0] = self.vectors[numbers[numbers >= 0]]
        return vectors

    def label(self, row: int) -> dict[str, str]:
        """Return the label of one row by column."""
        return dict(zip(COLUMNS, self.lines[row].split("\t"), strict=True))

    @cached_property
    def graph(self) -> ExactSearch:
        """Return the search through the graph, or exact search where its recall is too low."""
        if self.description["exact"]:
            print(f"{self.folder}: {self.description['exact']}", file=sys.stderr)
            return ExactSearch(self.vectors)
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
        """Return the noun and its first hypernyms up to the root, "" for an unknown noun."""
        return self.columns["path"]

    @property
    def hypernym(self) -> str:
        """Return the nearest hypernym of the noun, "" without one."""
        steps = self.path.split(STEP)
        return steps[1] if len(steps) > 1 else ""

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
    """Return the ``count`` rows of ``index`` nearest to ``query`` (dim,), by graph or exactly.

    Raises InputError for a count below 1, an index without vectors and a query of zeros.
    """
    if count < 1 or not len(index.vectors) or not query.any():
        got = f"{len(index.vectors)} vectors, {'a query' if query.any() else 'zeros'}, {count}"
        raise InputError(
            f"{index.folder}: expected vectors, a query with a direction, and a count of at least "
            f"1, got {got}; search with other words or images, or for more of them"
        )
    search = ExactSearch(index.vectors) if exact else index.graph
    matches = search.search(query, count)
    # Several rows of the index may have the same vector.
    cosines = np.zeros(len(index.vectors), np.float32)
    cosines[matches.rows] = matches.cosines
    rows = np.flatnonzero(np.isin(index.rows, matches.rows))
    neighbours = sort_neighbours(rows, cosines[index.rows[rows]], count)
    return [
        Hit(rank, float(cosine), index.label(int(row)))
        for rank, (row, cosine) in enumerate(zip(*neighbours, strict=True), start=1)
    ]


def nearest_others(
    index: Index, query: Matrix, count: int, is_query: Callable[[Hit], bool], exact: bool = False
) -> list[Hit]:
    """Return hits as ``nearest``, without those that ``is_query`` finds in the query itself."""
    limit = count + 1  # mostly one hit is the query
    while True:
        hits = nearest(index, query, limit, exact)
        others = [hit for hit in hits if not is_query(hit)][:count]
        if len(others) == count or len(hits) < limit:
            return [replace(hit, rank=rank) for rank, hit in enumerate(others, start=1)]
        limit += count - len(others)


def image_row(index: Index, image: str) -> int:
    """Return the row of the image named ``SET/IMAGE``. Raises InputError when there is none."""
    for form in (str, clean):  # another Unicode normal form counts where no name is the same
        names = form(image).split("/", 1)
        for row, line in enumerate(index.lines):
            if form(line).split("\t", 5)[3:5] == names:  # set and image
                return row
    raise InputError(
        f"{image!r}: expected SET/IMAGE of an image in the index, or for --image an existing file, "
        f"got neither; {index.folder / LABELS} lists the images of the index"
    )


def read_index(folder: str | Path, word_vectors: str | None = None) -> Index:
    """Return the index in ``folder``.

    ``word_vectors`` is the expected sha256 of the noun vectors that the index is built with. Raises
    InputError when the noun vectors differ, or a file is missing or not as in the description.
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
    return Index(path, description, map_npy(path / VECTORS), map_npy(path / ROWS), lines)


def recall(result: Neighbours, reference: Neighbours) -> float:
    """Return the fraction of ``reference`` in ``result``, compared by cosine.

    Instead of a row that ties with the last of ``reference``, any row with its cosine counts.
    """
    if not len(reference.rows):
        return 1.0
    last = reference.cosines[-1]
    tied = np.count_nonzero(reference.cosines <= last + EQUAL)
    got = np.count_nonzero(np.abs(result.cosines - last) <= EQUAL)
    above = np.count_nonzero(result.cosines > last + EQUAL)
    return (above + min(got, tied)) / len(reference.rows)


def cosines_with(vectors: Matrix, unit: Matrix) -> Matrix:
    """Return the cosines (rows,) of ``vectors`` (rows, dim) with ``unit`` (dim,), of length 1."""
    # Faster than OpenBLAS's product, which may also read past the last number (numpy 24067).
    return np.asarray(np.einsum("ij,j->i", vectors, unit), np.float32)


def sort_neighbours(rows: Rows, cosines: Matrix, count: int) -> Neighbours:
    """Return the ``count`` nearest of ``rows``; if 6 digits are equal, the lower row first."""
    cosines = np.asarray(cosines.clip(-1, 1).round(_DIGITS), np.float32)
    order = np.lexsort((rows, -cosines))[:count]
    return Neighbours(rows[order], cosines[order])


def nmslib_index(vectors: Matrix) -> Any:
    """Return nmslib's index of ``vectors`` (rows, dim), still without a graph."""
    graph = _nmslib().init(method="hnsw", space=SPACE)
    graph.addDataPointBatch(np.ascontiguousarray(vectors))
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
