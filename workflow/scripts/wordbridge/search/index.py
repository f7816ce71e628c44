"""Exact search by cosine: every row is compared, so it is the judge of any faster index.

Nearly exact search in a graph (HNSW of nmslib), in the lesson's angular distance.

The folder of an index: vectors, labels, graph, and a description of what made them.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wordbridge.arrays import l2_normalize, map_npy
from wordbridge.errors import InputError
from wordbridge.files import atomic_write, file_sha256, read_json, write_tsv

Vectors: TypeAlias = NDArray[np.float32]
Rows: TypeAlias = NDArray[np.int64]

_DIGITS = 6  # float32 has no more: what differs behind them is the order of a sum, not a distance


class Neighbours(NamedTuple):
    """Rows of an index, the nearest first, and the cosine of each with the query."""

    rows: Rows
    cosines: Vectors


class Searcher(Protocol):
    """What finds the nearest rows, exactly or nearly so."""

    def search(self, query: Vectors, count: int) -> Neighbours:
        """Return the ``count`` rows nearest to ``query`` (dim), fewer if there are fewer."""


class ExactSearch:
    """All rows of ``vectors`` (rows, dim), of unit length each.

    A row of zeros has no direction: it is never an answer.
    """

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors
        self._directed = directed_rows(vectors)
        self._all = len(self._directed) == len(vectors)

    def search(self, query: Vectors, count: int) -> Neighbours:
        """Return the ``count`` rows nearest to ``query`` (dim), the lower of equals first."""
        cosines = cosines_with(self._vectors, l2_normalize(query))
        if not self._all:
            cosines = cosines[self._directed]
        if count < len(cosines):
            # All that equal the last one wanted stay in, so that the lowest of them can win.
            least = np.partition(cosines, len(cosines) - count)[len(cosines) - count]
            kept = np.flatnonzero(cosines >= least - 10.0**-_DIGITS)
        else:
            kept = np.arange(len(cosines))
        return ranked(self._directed[kept], cosines[kept], count)


def cosines_with(vectors: Vectors, unit: Vectors) -> Vectors:
    """Return the cosines (rows) of ``vectors`` (rows, dim) with ``unit`` (dim), all of length 1."""
    # OpenBLAS may read beyond the last number and then warns of what it found there (numpy 24067).
    with np.errstate(invalid="ignore"):
        return np.asarray(vectors @ unit, np.float32)


def directed_rows(vectors: Vectors) -> Rows:
    """Return the numbers of the rows that are not all zeros."""
    return np.flatnonzero(np.any(vectors, axis=1)).astype(np.int64)


def ranked(rows: Rows, cosines: Vectors, count: int) -> Neighbours:
    """Return the ``count`` nearest of ``rows``, those equal to 6 digits by their number."""
    cosines = np.asarray(cosines.clip(-1, 1).round(_DIGITS), np.float32)
    order = np.lexsort((rows, -cosines))[:count]
    return Neighbours(rows[order], cosines[order])


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
        unit = l2_normalize(query)
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
    with atomic_write(path) as partial:
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


FORMAT = 1
FILES = VECTORS, LABELS, GRAPH = "vectors.npy", "labels.tsv", "hnsw.bin"
DESCRIPTION = "index.json"
COLUMNS = (
    *("synset", "label", "path"),
    *("set", "image", "kind", "split", "archive", "member", "stamp"),
)
_KEYS = ("format", "word_vectors", "rows", "dim", "graph", "files")
_REMEDY = "build the index again"
# Reading and hashing this takes a tenth of a second; of larger files only the size is checked.
HASHED_BYTES = 128 * 2**20

Label = Mapping[str, str]


@dataclass(frozen=True, eq=False)
class Index:
    """An index that was read: its description, vectors (rows, dim) of unit length and labels."""

    folder: Path
    description: Mapping[str, Any]
    vectors: Vectors
    lines: Sequence[str]

    @property
    def dim(self) -> int:
        """Return the number of components of each vector."""
        return int(self.vectors.shape[1])

    def label(self, row: int) -> dict[str, str]:
        """Return the columns of one row's label by name."""
        return dict(zip(COLUMNS, self.lines[row].split("\t"), strict=True))

    @cached_property
    def exact(self) -> ExactSearch:
        """Return the search through every row."""
        return ExactSearch(self.vectors)

    @cached_property
    def graph(self) -> HnswSearch:
        """Return the search through the graph."""
        settings = GraphSettings(**self.description["graph"])
        return HnswSearch(self.vectors, self.folder / GRAPH, settings)

    def searcher(self, exact: bool) -> Searcher:
        """Return one of the two."""
        return self.exact if exact else self.graph


def write_index(
    folder: str | Path,
    vectors: Vectors,
    labels: Sequence[Label],
    made_by: Mapping[str, Any],
    settings: GraphSettings,
) -> None:
    """Write an index of ``vectors`` (rows, dim), of any length, one label for each.

    ``made_by`` says what the vectors come from; what it holds stands in the description.
    Columns that a label lacks are empty. Raises InputError when numbers are not finite.
    """
    if len(vectors) != len(labels):
        raise InputError(
            f"{folder}: expected {len(vectors)} labels as there are vectors, got {len(labels)}"
        )
    if not np.isfinite(vectors).all():
        row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise InputError(
            f"{folder}: expected finite numbers, got NaN or infinity in row {row}; "
            "make the vectors again"
        )
    target = Path(folder)
    unit = l2_normalize(vectors)
    with atomic_write(target / VECTORS) as partial, partial.open("wb") as file:
        np.lib.format.write_array(file, np.ascontiguousarray(unit, "<f4"), allow_pickle=False)
    rows = ([_field(label.get(column, "")) for column in COLUMNS] for label in labels)
    write_tsv(target / LABELS, COLUMNS, rows)
    write_graph(unit, target / GRAPH, settings)
    description = {
        "format": FORMAT,
        **dict(made_by),
        "rows": len(vectors),
        "dim": int(vectors.shape[1]),
        "space": SPACE,
        "graph": asdict(settings),
        "files": {name: _receipt(target / name) for name in FILES},
    }
    with atomic_write(target / DESCRIPTION) as partial:
        text = json.dumps(description, indent=1, ensure_ascii=False)
        partial.write_text(text + "\n", encoding="utf-8", newline="\n")


def read_index(folder: str | Path, word_vectors: str | None = None) -> Index:
    """Return the index in ``folder``.

    ``word_vectors`` is the sha256 of the word vectors that it must have been made with. Raises
    InputError when it was made with others, a file is missing, or is not the one described.
    """
    path = Path(folder)
    description = _description(path)
    made_with = description["word_vectors"]
    if word_vectors not in (None, made_with):
        raise InputError(
            f"{path}: made with the word vectors {made_with[:12]}, but the words to search with "
            f"are from {str(word_vectors)[:12]}; run snakemake again, so that both are of one run"
        )
    for name, receipt in description["files"].items():
        _check(path / name, receipt)
    try:
        vectors = map_npy(path / VECTORS)
        lines = (path / LABELS).read_text(encoding="utf-8").split("\n")[1:-1]
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path}: no vectors and labels can be read ({error}); {_REMEDY}"
        ) from error
    shape = (description["rows"], description["dim"])
    if vectors.shape != shape or vectors.dtype != np.float32 or len(lines) != shape[0]:
        got = f"{vectors.dtype} {vectors.shape} with {len(lines)} labels"
        raise InputError(
            f"{path}: expected float32 {shape} with a label each, got {got}; build the index again"
        )
    return Index(path, description, vectors, lines)


def _field(text: str) -> str:
    return " ".join(text.split()) if any(sign in text for sign in "\t\n\r") else text


def _receipt(path: Path) -> dict[str, int | str]:
    return {"bytes": path.stat().st_size, "sha256": file_sha256(path)}


def _check(path: Path, receipt: Mapping[str, Any]) -> None:
    size = path.stat().st_size if path.is_file() else -1
    if size != receipt["bytes"]:
        got = "no file" if size < 0 else f"{size} bytes"
        raise InputError(
            f"{path}: expected {receipt['bytes']} bytes as {DESCRIPTION} says, got {got}; "
            "build the index again"
        )
    if size <= HASHED_BYTES and file_sha256(path) != receipt["sha256"]:
        raise InputError(
            f"{path}: expected the file that {DESCRIPTION} describes, got another one of the "
            "same size; build the index again"
        )


def _description(folder: Path) -> dict[str, Any]:
    path = folder / DESCRIPTION
    if not path.is_file():
        raise InputError(f"{path}: expected an index, got no file; run snakemake first")
    found = read_json(path, "a description of an index", _REMEDY, _KEYS)
    if found["format"] != FORMAT:
        got = found["format"]
        raise InputError(f"{path}: expected an index of format {FORMAT}, got {got}; {_REMEDY}")
    return found
