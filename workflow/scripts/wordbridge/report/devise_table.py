"""The tables of DeViSE's scores: picture to word, and word to picture."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from wordbridge.report.cells import Column
from wordbridge.report.devise_published import published_rows
from wordbridge.translation.spread import mean_and_deviation

CAPTION = (
    "Pictures to words: scores of every method on pictures that nothing was trained on, means and "
    "standard deviations over the seeds"
)
WORDS_CAPTION = (
    "Words to pictures: every noun with pictures in the group is looked for among all pictures of "
    "the group, means and standard deviations over the seeds"
)

PLACE = ("part", "set", "kind")
PARTS = {
    "test": "seen nouns", "valid": "seen nouns (valid)", "unseen": "unseen nouns",
    "": "as given", "all": "all together",
}  # fmt: skip
HEADINGS = {
    "candidates": Column(
        "Candidates",
        note="nouns with training pictures (seen), those held out (unseen), the backbone's "
        "classes, all nouns of WordNet with a vector, nouns within n steps of a class (n-hop)",
    ),
    "part": Column("Pictures of"),
    "set": Column("Set"),
    "kind": Column("Kind"),
    "method": Column("Method"),
    "run": Column(
        "Run",
        note="here, among nouns of WordNet with a vector, or as the paper printed it, among "
        "the labels of ImageNet 2011",
    ),
    "seeds": Column("Seeds", 0),
    "labels": Column("Nouns to choose from", 0),
    "pictures": Column("Pictures", 0),
    "words": Column("Words", 0),
}
FIGURES = {
    "hit": Column(
        "hit", 1, scale=100,
        note="percent of pictures whose noun is among the first k; nouns with the same vector tie "
        "and count with the chance that the tie falls well",
    ),
    "hp": Column(
        "h. precision", 3,
        note="hierarchical precision: share of the first k answers that are in hCorrectSet, the "
        "candidates within the smallest radius in WordNet that holds at least k",
    ),
    "precision": Column(
        "precision", 3, note="share of the first k pictures that show the noun"
    ),
    "ceiling": Column("ceiling", 3, note="the precision of a perfect order, as nouns have few"),
    "mrr": Column("MRR", 3, note="mean of 1 / rank of the (first) right answer"),
    "median_rank": Column("Median rank", 1),
    "wrong_steps": Column(
        "Steps off", 2, note="from a wrong first answer to the truth in WordNet; less is nearer"
    ),
}  # fmt: skip


def tabulate_devise(
    records: Sequence[Mapping[str, Any]], key: str = "rows", published: bool = False
) -> pd.DataFrame:
    """Return one row per group of pictures, question and method.

    ``records`` are those of score_devise, ``key`` is "rows" (picture to word) or "words" (word to
    picture). Figures are means over the seeds, those under the name with ``_std`` their sample
    standard deviations. ``published`` puts the papers' figures below the questions that they
    have, which is right for ImageNet alone. Groups that hold the same pictures come once.
    """
    runs: dict[tuple[str, ...], dict[str, list[Mapping[str, Any]]]] = {}
    for record in records:
        for row in _distinct(record[key]):
            place = (str(row.get("candidates", "")), *(str(row[name]) for name in PLACE))
            runs.setdefault(place, {}).setdefault(str(record["method"]), []).append(row)
    rows: list[dict[str, Any]] = []
    for candidates in dict.fromkeys(place[0] for place in runs):
        for place, methods in runs.items():
            if place[0] == candidates:
                rows += _rows_of(place, methods)
        if published:
            rows += [{"candidates": candidates} | row for row in published_rows(candidates)]
    frame = pd.DataFrame(rows)
    unused = [
        name for name, one in (("candidates", ""), ("run", "here")) if _only(frame, name, one)
    ]
    return frame.drop(columns=unused)


def devise_columns(frame: pd.DataFrame) -> dict[str, Column]:
    """Return how the columns of a table of ``tabulate_devise`` are shown, notes once each."""
    columns = {name: column for name, column in HEADINGS.items() if name in frame.columns}
    noted: set[str] = set()
    for name in frame.columns:
        kind, _, k = str(name).partition("@")
        if kind in FIGURES and not str(name).endswith("_std"):
            column = FIGURES[kind]
            columns[name] = replace(
                column,
                heading=f"{column.heading}@{k}" if k else column.heading,
                deviation=f"{name}_std" if f"{name}_std" in frame.columns else "",
                note="" if kind in noted else column.note,
            )
            noted.add(kind)
    return columns


def _rows_of(
    place: Sequence[str], methods: Mapping[str, Sequence[Mapping[str, Any]]]
) -> list[dict[str, Any]]:
    """Return a row per method; ``place`` is the candidates' name and the group."""
    heading = dict(zip(("candidates", *PLACE), place, strict=True))
    heading["part"] = PARTS.get(heading["part"], heading["part"])
    return [
        heading | {"method": method, "run": "here", "seeds": len(seeds)} | _means(seeds)
        for method, seeds in methods.items()
    ]


def _distinct(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return ``rows`` without sums over one kind or one set only, which say the same again."""
    rows = list(rows)
    kept = []
    for row in rows:
        same = [
            r for r in rows if _sum_key(r) == _sum_key(row) and r["pictures"] == row["pictures"]
        ]
        closer = [r for r in same if (r["set"] != "all", r["kind"] != "all") > _closeness(row)]
        parts = [r for r in closer if row["kind"] in ("all", r["kind"])]
        if row["set"] != "all" or not parts:
            kept.append(row)
    return kept


def _sum_key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row.get("candidates", ""), row["part"]


def _closeness(row: Mapping[str, Any]) -> tuple[bool, bool]:
    return row["set"] != "all", row["kind"] != "all"


def _means(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return counts of the first of ``rows``, then mean and deviation of each figure."""
    made: dict[str, Any] = {}
    for name in rows[0]:
        if name in ("labels", "pictures", "words", "nouns"):
            made[name] = rows[0][name]
        elif name not in ("candidates", *PLACE):
            values = [row[name] for row in rows if row[name] is not None]
            mean, deviation = mean_and_deviation(values) if values else (None, None)
            made |= {name: mean, f"{name}_std": deviation}
    return made


def _only(frame: pd.DataFrame, name: str, value: str) -> bool:
    return name in frame.columns and bool((frame[name] == value).all())
