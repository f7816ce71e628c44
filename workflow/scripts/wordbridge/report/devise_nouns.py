"""The table of the nouns that a method finds best and worst in pictures."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from wordbridge.report.cells import Column

CAPTION = (
    "Nouns whose pictures are named best and worst, means over the seeds, and what their pictures "
    "are most often taken for"
)
_BEFORE = {
    "candidates": Column("Candidates"),
    "end": Column("End"),
    "name": Column("Noun"),
    "synset": Column("Synset"),
    "pictures": Column("Pictures", 0),
}
_BEHIND = {
    "taken_for": Column("Taken for", note="most frequent wrong first answer of the first seed"),
}


def tabulate_nouns(
    records: Iterable[Mapping[str, Any]], method: str, count: int, pictures: int = 1
) -> pd.DataFrame:
    """Return the ``count`` best and worst nouns of ``method`` in every question that has nouns.

    ``records`` are those of score_devise. Only nouns with at least so many ``pictures`` count.
    Best is by all hit@k together, then by more pictures; a noun is never at both ends.
    """
    found = [noun for record in records if record["method"] == method for noun in record["nouns"]]
    frame = pd.DataFrame(found)
    ends = []
    if len(frame):
        frame = frame[frame["pictures"] >= pictures]
        ends = [_ends(part, count) for _, part in frame.groupby("candidates", sort=False)]
    if not ends:
        return pd.DataFrame(columns=list(nouns_columns(frame)))
    return pd.concat(ends, ignore_index=True)


def nouns_columns(frame: pd.DataFrame) -> dict[str, Column]:
    """Return how the columns of the table are shown, with every hit@k that it has."""
    shown = {
        name: Column(name, 0, scale=100, note="" if place else "percent")
        for place, name in enumerate(_hits(frame))
    }
    return _BEFORE | shown | _BEHIND


def _ends(frame: pd.DataFrame, count: int) -> pd.DataFrame:
    hits = _hits(frame)
    how = {name: "mean" if name in hits else "first" for name in frame.columns}
    nouns = frame.groupby("synset", sort=True, as_index=False).agg(how)
    # In whole ten-thousandths, since a sum of equal shares depends on how they were rounded.
    nouns = nouns.assign(total=(nouns[hits].sum(axis=1) * 10_000).round())
    best, worst = (
        nouns.sort_values(["total", "pictures"], ascending=[up, False], kind="stable")
        for up in (False, True)
    )
    best = best.head(min(count, (len(nouns) + 1) // 2))
    worst = worst.drop(best.index).head(count)
    both = pd.concat([best.assign(end="best"), worst.assign(end="worst")])
    return both[["candidates", "end", "name", "synset", "pictures", *hits, "taken_for"]]


def _hits(frame: pd.DataFrame) -> list[str]:
    return [str(name) for name in frame.columns if str(name).startswith("hit@")]
