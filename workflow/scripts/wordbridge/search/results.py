"""Hits of a search: rows of an index with their cosines, the nearest first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wordbridge.arrays import Matrix
from wordbridge.errors import InputError
from wordbridge.search.index import Index

_JSON_COLUMNS = ("label", "synset", "path", "set", "image", "kind")


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
    def name(self) -> str:
        """Return the image as SET/IMAGE, "" for a noun."""
        return "/".join(filter(None, (self.columns["set"], self.columns["image"])))

    @property
    def file(self) -> str:
        """Return the image's file, or archive and member with a colon between; "" for a noun."""
        archive, member = self.columns["archive"], self.columns["member"]
        return f"{archive}:{member}" if archive else member

    def record(self) -> dict[str, Any]:
        """Return the hit as a JSON object."""
        columns = {name: self.columns[name] for name in _JSON_COLUMNS if self.columns[name]}
        file = {"file": self.file} if self.file else {}
        return {"rank": self.rank, "score": round(self.score, 6), **columns, **file}


def nearest(index: Index, query: Matrix, count: int, exact: bool = False) -> list[Hit]:
    """Return the ``count`` rows of ``index`` nearest to ``query`` (dim), by graph or exactly.

    Raises InputError when the query has another dimension.
    """
    if query.shape != (index.dim,):
        raise InputError(
            f"{index.folder}: expected a query of {index.dim} numbers, got {query.shape}; "
            "run snakemake again, so that words and index are of one run"
        )
    neighbours = index.searcher(exact).search(query, count)
    pairs = zip(neighbours.rows, neighbours.cosines, strict=True)
    return [
        Hit(rank, float(cosine), index.label(int(row)))
        for rank, (row, cosine) in enumerate(pairs, start=1)
    ]


def exclude_query(hits: Sequence[Hit], is_query: Callable[[Hit], bool], count: int) -> list[Hit]:
    """Return the first ``count`` of ``hits`` without the query image itself, ranked anew."""
    kept = [hit for hit in hits if not is_query(hit)][:count]
    return [replace(hit, rank=rank) for rank, hit in enumerate(kept, start=1)]


def image_row(index: Index, image: str) -> int | None:
    """Return the row of the image named ``SET/IMAGE``, or None."""
    cells = "\t" + image.replace("/", "\t", 1) + "\t"
    for row, line in enumerate(index.lines):
        if cells in line:  # splitting every line would take ten times longer
            columns = index.label(row)
            if f"{columns['set']}/{columns['image']}" == image:
                return row
    return None
