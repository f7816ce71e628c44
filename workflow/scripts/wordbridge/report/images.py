"""The tables of DeViSE's scores: image to word, and word to image.

The table of the nouns that a method finds best and worst in images.

How many nouns have a word vector, by how one is found, as it is shown.

How many images of each set there are, how they are split, and how many were left out.

The table of images that look mislabelled.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from wordbridge.devise.label_errors import Suspect
from wordbridge.files import read_tsv
from wordbridge.images.packages import LeftOut
from wordbridge.images.table import PHOTO, TEST, TRAIN, UNSEEN, VALID, iterate_images
from wordbridge.report.published import published_rows_devise_published as published_rows
from wordbridge.report.tables import Column, read_frame
from wordbridge.report.translation import mean_and_deviation

CAPTION = (
    "Images to words: scores of every method on images that nothing was trained on, means and "
    "standard deviations over the seeds"
)
WORDS_CAPTION = (
    "Words to images: every noun with images in the group is looked for among all images of "
    "the group, means and standard deviations over the seeds"
)

PLACE = ("split", "set", "kind")
SPLITS = {
    "test": "seen nouns", "valid": "seen nouns (valid)", "unseen": "unseen nouns",
    "": "as given", "all": "all together",
}  # fmt: skip
HEADINGS = {
    "candidates": Column(
        "Candidates",
        note="nouns with training images (seen), those held out (unseen), the backbone's "
        "classes, all nouns of WordNet with a vector, nouns within n steps of a class (n-hop)",
    ),
    "split": Column("Images of"),
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
    "images": Column("Images", 0),
    "words": Column("Words", 0),
}
FIGURES = {
    "hit": Column(
        "hit", 1, scale=100,
        note="percent of images whose noun is among the first k; nouns with the same vector tie "
        "and count with the chance that the tie falls well",
    ),
    "hp": Column(
        "h. precision", 3,
        note="hierarchical precision: share of the first k answers that are in hCorrectSet, the "
        "candidates within the smallest radius in WordNet that holds at least k",
    ),
    "precision": Column(
        "precision", 3, note="share of the first k images that show the noun"
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
    """Return one row per group of images, question and method.

    ``records`` are those of score_devise, ``key`` is "rows" (image to word) or "words" (word to
    image). Figures are means over the seeds, those under the name with ``_std`` their sample
    standard deviations. ``published`` puts the papers' figures below the questions that they
    have, which is right for ImageNet alone. Groups that hold the same images come once.
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
    heading["split"] = SPLITS.get(heading["split"], heading["split"])
    return [
        heading | {"method": method, "run": "here", "seeds": len(seeds)} | _means(seeds)
        for method, seeds in methods.items()
    ]


def _distinct(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return ``rows`` without sums over one kind or one set only, which say the same again."""
    rows = list(rows)
    kept = []
    for row in rows:
        same = [r for r in rows if _sum_key(r) == _sum_key(row) and r["images"] == row["images"]]
        closer = [r for r in same if (r["set"] != "all", r["kind"] != "all") > _closeness(row)]
        parts = [r for r in closer if row["kind"] in ("all", r["kind"])]
        if row["set"] != "all" or not parts:
            kept.append(row)
    return kept


def _sum_key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row.get("candidates", ""), row["split"]


def _closeness(row: Mapping[str, Any]) -> tuple[bool, bool]:
    return row["set"] != "all", row["kind"] != "all"


def _means(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return counts of the first of ``rows``, then mean and deviation of each figure."""
    made: dict[str, Any] = {}
    for name in rows[0]:
        if name in ("labels", "images", "words", "nouns"):
            made[name] = rows[0][name]
        elif name not in ("candidates", *PLACE):
            values = [row[name] for row in rows if row[name] is not None]
            mean, deviation = mean_and_deviation(values) if values else (None, None)
            made |= {name: mean, f"{name}_std": deviation}
    return made


def _only(frame: pd.DataFrame, name: str, value: str) -> bool:
    return name in frame.columns and bool((frame[name] == value).all())


CAPTION_DEVISE_NOUNS = (
    "Nouns whose images are named best and worst, means over the seeds, and what their images "
    "are most often taken for"
)
_BEFORE = {
    "candidates": Column("Candidates"),
    "end": Column("End"),
    "name": Column("Noun"),
    "synset": Column("Synset"),
    "images": Column("Images", 0),
}
_BEHIND = {
    "taken_for": Column("Taken for", note="most frequent wrong first answer of the first seed"),
}


def tabulate_nouns(
    records: Iterable[Mapping[str, Any]], method: str, count: int, images: int = 1
) -> pd.DataFrame:
    """Return the ``count`` best and worst nouns of ``method`` in every question that has nouns.

    ``records`` are those of score_devise. Only nouns with at least so many ``images`` count.
    Best is by all hit@k together, then by more images; a noun is never at both ends.
    """
    found = [noun for record in records if record["method"] == method for noun in record["nouns"]]
    frame = pd.DataFrame(found)
    ends = []
    if len(frame):
        frame = frame[frame["images"] >= images]
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
        nouns.sort_values(["total", "images"], ascending=[up, False], kind="stable")
        for up in (False, True)
    )
    best = best.head(min(count, (len(nouns) + 1) // 2))
    worst = worst.drop(best.index).head(count)
    both = pd.concat([best.assign(end="best"), worst.assign(end="worst")])
    return both[["candidates", "end", "name", "synset", "images", *hits, "taken_for"]]


def _hits(frame: pd.DataFrame) -> list[str]:
    return [str(name) for name in frame.columns if str(name).startswith("hit@")]


CAPTION_NOUN_TABLE = (
    "Nouns of WordNet and classes of ImageNet with a word vector, by how it is found."
)

COLUMNS = {
    "lemmas": Column("Lemmas tried"),
    "multiword": Column(
        "Several words", note="skip: none has a vector; mean: that of the vectors of its parts"
    ),
    "case": Column("Case", note="most frequent: case does not count, the most frequent form wins"),
    "used": Column("In use"),
    "nouns": Column("Nouns", 0),
    "noun_share": Column("Nouns, %", 1, scale=100),
    "vectors": Column("Different vectors", 0),
    "classes": Column("Classes", 0),
    "class_share": Column("Classes, %", 1, scale=100),
    "class_vectors": Column("Different", 0, note="vectors of classes that differ"),
    "own": Column("Own vector", 0, note="nouns whose lemma has a vector of its own"),
    "parts": Column("Of parts", 0),
    "other": Column("Other lemma", 0, note="nouns whose first lemma has no vector"),
}


def tabulate_nouns_noun_table(path: str | Path) -> pd.DataFrame:
    """Return the coverage of the nouns that ``embed_nouns`` measured."""
    return read_frame(path, "embed the nouns again")


CAPTION_IMAGE_COUNTS = "Images of each set, and those that were left out."
COLUMNS_IMAGE_COUNTS = {
    "set": Column("Set"),
    "found": Column("Found", 0),
    "left_out": Column(
        "Left out", 0, note="when the set was listed; each is named in images/SET.left_out.tsv"
    ),
    "reason": Column("Most often because"),
    "unreadable": Column("Unreadable", 0, note="listed, but the file held no image"),
    "photos": Column("Photographs", 0, note="of those that are listed"),
    TRAIN: Column("Train", 0),
    VALID: Column("Valid", 0),
    TEST: Column("Test", 0),
    UNSEEN: Column("Unseen", 0, note="of nouns that are held out whole"),
}
_QUOTED = re.compile(r"'.*'|\".*\"")


def tabulate_images(
    listed: Mapping[str, str | Path],
    left_out: Mapping[str, str | Path],
    failed: Mapping[str, Sequence[str | Path]],
    split: str | Path,
) -> pd.DataFrame:
    """Return a row per image set, in the order of ``listed``.

    ``listed``, ``left_out`` and ``failed`` have the tables of each set: its images, those left
    out when it was listed, and those of each shard that could not be decoded; ``split`` has the
    images of all labelled sets with their splits.
    """
    splits = Counter((image.set, image.split) for image in iterate_images(split))
    rows = []
    for name, path in listed.items():
        kinds = Counter(image.kind for image in iterate_images(path))
        reasons = Counter(_QUOTED.sub("...", row.reason) for row in _left_out([left_out[name]]))
        row: dict[str, Any] = {
            "set": name,
            "found": kinds.total() + reasons.total(),
            "left_out": reasons.total(),
            "reason": _commonest(reasons),
            "unreadable": sum(1 for _ in _left_out(failed[name])),
            "photos": kinds[PHOTO],
        }
        rows.append(row | {split: splits[name, split] for split in (TRAIN, VALID, TEST, UNSEEN)})
    return pd.DataFrame(rows, columns=list(COLUMNS_IMAGE_COUNTS))


def _left_out(paths: Iterable[str | Path]) -> Iterator[LeftOut]:
    for path in paths:
        yield from read_tsv(path, LeftOut._fields, LeftOut, "list and extract the set again")


def _commonest(reasons: Counter[str]) -> str:
    """Return the most frequent reason, the first by alphabet among equals, and its count."""
    if not reasons:
        return ""
    reason, count = min(reasons.items(), key=lambda item: (-item[1], item[0]))
    return f"{reason} ({count})"


COLUMNS_SUSPECT_TABLE = {
    "set": Column("Set"),
    "image": Column("Image"),
    "split": Column("Split", note="the noun of a training image was learnt, right or wrong"),
    "noun": Column("Labelled"),
    "cosine": Column("Cosine", 3, note="of the image's point with the noun it is labelled with"),
    "other": Column("Closer to"),
    "other_cosine": Column("Cosine", 3),
    "gap": Column("Gap", 3),
}


def caption(method: str, seed: int) -> str:
    """Return what the table shows, and whose points it goes by."""
    return (
        "Images that look mislabelled: far from their noun, close to another, as "
        f"{method} (seed {seed}) sees them"
    )


def tabulate_suspects(found: Sequence[Suspect]) -> pd.DataFrame:
    """Return one row per suspect, in their order."""
    return pd.DataFrame(found, columns=list(Suspect._fields))
