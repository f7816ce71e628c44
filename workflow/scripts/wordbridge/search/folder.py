"""The folder of an index: vectors, labels, graph, and a description of what made them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from wordbridge.atomic import replacing
from wordbridge.digests import sha256_of
from wordbridge.errors import InputError
from wordbridge.json_file import read_object
from wordbridge.npy_file import map_npy
from wordbridge.search.exact import ExactSearch, Searcher, Vectors
from wordbridge.search.hnsw import SPACE, GraphSettings, HnswSearch, write_graph
from wordbridge.table_file import write_table
from wordbridge.vectors.unit_length import unit_length

FORMAT = 1
FILES = VECTORS, LABELS, GRAPH = "vectors.npy", "labels.tsv", "hnsw.bin"
DESCRIPTION = "index.json"
COLUMNS = (
    *("synset", "label", "path"),
    *("set", "picture", "kind", "part", "archive", "member", "stamp"),
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
    unit = unit_length(vectors)
    with replacing(target / VECTORS) as partial, partial.open("wb") as file:
        np.lib.format.write_array(file, np.ascontiguousarray(unit, "<f4"), allow_pickle=False)
    rows = ([_field(label.get(column, "")) for column in COLUMNS] for label in labels)
    write_table(target / LABELS, COLUMNS, rows)
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
    with replacing(target / DESCRIPTION) as partial:
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
    return {"bytes": path.stat().st_size, "sha256": sha256_of(path)}


def _check(path: Path, receipt: Mapping[str, Any]) -> None:
    size = path.stat().st_size if path.is_file() else -1
    if size != receipt["bytes"]:
        got = "no file" if size < 0 else f"{size} bytes"
        raise InputError(
            f"{path}: expected {receipt['bytes']} bytes as {DESCRIPTION} says, got {got}; "
            "build the index again"
        )
    if size <= HASHED_BYTES and sha256_of(path) != receipt["sha256"]:
        raise InputError(
            f"{path}: expected the file that {DESCRIPTION} describes, got another one of the "
            "same size; build the index again"
        )


def _description(folder: Path) -> dict[str, Any]:
    path = folder / DESCRIPTION
    if not path.is_file():
        raise InputError(f"{path}: expected an index, got no file; run snakemake first")
    found = read_object(path, "a description of an index", _REMEDY, _KEYS)
    if found["format"] != FORMAT:
        got = found["format"]
        raise InputError(f"{path}: expected an index of format {FORMAT}, got {got}; {_REMEDY}")
    return found
