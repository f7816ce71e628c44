"""What an index answers: labels with their scores, the nearest first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wordbridge.errors import InputError
from wordbridge.search.index import Index, Neighbours, Vectors

_SHOWN = ("label", "synset", "path", "set", "image", "kind")


@dataclass(frozen=True)
class Answer:
    """One row of an index: its place from 1, its cosine with the query, its label's columns."""

    rank: int
    score: float
    columns: Mapping[str, str]

    @property
    def label(self) -> str:
        """Return the noun."""
        return self.columns["label"]

    @property
    def path(self) -> str:
        """Return the noun and its hypernyms up to the most general, "" of an unknown noun."""
        return self.columns["path"]

    @property
    def name(self) -> str:
        """Return the image as SET/IMAGE; "" of a noun."""
        return "/".join(filter(None, (self.columns["set"], self.columns["image"])))

    @property
    def place(self) -> str:
        """Return where the image's file is, in its archive after a colon; "" of a noun."""
        archive, member = self.columns["archive"], self.columns["member"]
        return f"{archive}:{member}" if archive else member

    def record(self) -> dict[str, Any]:
        """Return the answer as JSON has it."""
        columns = {name: self.columns[name] for name in _SHOWN if self.columns[name]}
        place = {"file": self.place} if self.place else {}
        return {"rank": self.rank, "score": round(self.score, 6), **columns, **place}


def answers(index: Index, query: Vectors, count: int, exact: bool = False) -> list[Answer]:
    """Return the ``count`` rows of ``index`` nearest to ``query`` (dim), by graph or exactly.

    Raises InputError when the query is of another dimension.
    """
    if query.shape != (index.dim,):
        raise InputError(
            f"{index.folder}: expected a query of {index.dim} numbers, got {query.shape}; "
            "run snakemake again, so that words and index are of one run"
        )
    found: Neighbours = index.searcher(exact).search(query, count)
    numbered = enumerate(zip(found.rows, found.cosines, strict=True), start=1)
    return [Answer(rank, float(cosine), index.label(int(row))) for rank, (row, cosine) in numbered]


def without(
    found: Sequence[Answer], is_asked: Callable[[Answer], bool], count: int
) -> list[Answer]:
    """Return the first ``count`` of ``found`` that are not what was asked for, ranked anew."""
    kept = [one for one in found if not is_asked(one)][:count]
    return [replace(one, rank=rank) for rank, one in enumerate(kept, start=1)]


def image_row(index: Index, image: str) -> int | None:
    """Return the row of an image named ``SET/IMAGE`` in the index, None if it is not there."""
    cells = "\t" + image.replace("/", "\t", 1) + "\t"
    for row, line in enumerate(index.lines):
        if cells in line:  # splitting every line would take ten times longer
            columns = index.label(row)
            if f"{columns['set']}/{columns['image']}" == image:
                return row
    return None
