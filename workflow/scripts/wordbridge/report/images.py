"""Tables about the images: scores of the DeViSE methods, nouns, image sets, label errors."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from wordbridge.devise.bootstrap import resampled_means, scores_by_noun, scores_by_query
from wordbridge.files import read_tsv
from wordbridge.images.table import PHOTO, TEST, TRAIN, UNSEEN, VALID, iterate_images
from wordbridge.report.published import published_hits
from wordbridge.report.tables import Column, Table, aggregate_seeds, read_frame
from wordbridge.significance import few_groups_note, indistinguishable

SPLITS = {
    "test": "seen nouns", "valid": "seen nouns (valid)", "unseen": "unseen nouns",
    "": "as given", "all": "all together",
}  # fmt: skip
DEVISE_COLUMNS = {
    "candidates": Column(
        "Candidates",
        note="nouns with training images (seen), held-out nouns (unseen), the classes of the "
        "backbone, all nouns of WordNet with a vector, nouns within n steps of a class (n-hop)",
    ),
    "split": Column("Images of"),
    "set": Column("Set"),
    "kind": Column("Kind"),
    "method": Column("Method"),
    "run": Column("Run", note="this run, or the paper, with the labels of ImageNet 2011"),
    "seeds": Column("Seeds", 0),
    "labels": Column("Candidate nouns", 0),
    "images": Column("Images", 0),
    "words": Column("Words", 0),
    "letters": Column(
        "Groups",
        note="methods that share a letter do not differ significantly in hit@5, or in MRR where "
        "words are queries (all pairs, bootstrap over nouns, p above 0.05 after Holm's "
        "correction); for all images of the candidates together",
    ),
}
METRICS = {
    "hit": Column(
        "hit", 1, 100,
        note="percentage of images whose noun is among the first k; nouns with the same vector "
        "tie, and each order of a tie is equally probable",
    ),
    "hp": Column(
        "h. precision", 3,
        note="hierarchical precision: fraction of the first k answers in hCorrectSet, the "
        "candidates within the smallest radius in WordNet that contains at least k",
    ),
    "precision": Column("precision", 3, note="fraction of the first k images that show the noun"),
    "ceiling": Column("ceiling", 3, note="precision of a perfect ranking: nouns have few images"),
    "mrr": Column("MRR", 3, note="mean reciprocal rank of the first correct answer"),
    "median_rank": Column("Median rank", 1),
    "wrong_steps": Column(
        "WordNet distance", 2, note="steps from a wrong first answer to the correct noun"
    ),
}  # fmt: skip
_QUOTED = re.compile(r"'.*'|\".*\"")  # an image's name, which differs between equal reasons
CAPTIONS = {
    "rows": "Images to words: scores of every method on held-out images, means and standard "
    "deviations over the seeds.",
    "words": "Words to images: every noun with images in the group is a query, and all images of "
    "the group are candidates. Means and standard deviations over the seeds.",
}


def devise_table(
    records: Sequence[Mapping[str, Any]], key: str = "rows", published: bool = False
) -> Table:
    """Return the table of scores: one row per candidate set, group of images and method.

    ``records`` are those of score_devise, ``key`` is "rows" (image to word) or "words" (word to
    image). Values are means over the seeds, with their standard deviations (``_std``).
    ``published`` adds the papers' figures below the candidate sets that they have, which is valid
    for ImageNet only. Groups of the same images occur once.
    """
    rows = pd.DataFrame(
        {"candidates": "", **row, "method": record["method"], "run": "here"}
        for record in records
        for row in record[key]
        if not any(_is_narrower(other, row) for other in record[key])
    ).drop(columns="queries", errors="ignore")
    metrics = [name for name in rows if name.partition("@")[0] in METRICS]
    constant = rows.columns.drop([*metrics, "method"])
    rows = rows.astype(dict.fromkeys(metrics, float))  # None where a metric is undefined
    letters = _letters(records, key)
    tables, counts = [], set()
    for candidates, block in rows.groupby("candidates", sort=False):
        for (split, _, _), group in block.groupby(["split", "set", "kind"], sort=False):
            table = aggregate_seeds(group, metrics, constant, key="method")
            images, nouns, letters_of_methods = letters.get(candidates or split, (0, 0, {}))
            if (table["images"] == images).all():  # all images of the candidates, not a part
                table["letters"] = table["method"].map(letters_of_methods)
                counts.add(nouns)
            tables.append(table)
        if published:
            tables.append(pd.DataFrame(published_hits(candidates)).assign(candidates=candidates))
    frame = pd.concat(tables, ignore_index=True)
    frame["split"] = frame["split"].replace(SPLITS)
    for name, default in (("candidates", ""), ("run", "here")):
        if (frame[name] == default).all():
            frame = frame.drop(columns=name)
    frame = frame[sorted(frame.columns, key=_column_order)]
    caption = CAPTIONS[key] + few_groups_note(counts, "nouns")
    return Table(frame, caption, _devise_columns(frame), group=True)


def _is_narrower(other: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Return whether ``other`` has the same images as ``row``, but for fewer sets or kinds.

    The row of all sets, for example, repeats the row of a set where all images are of this set.
    """
    if any(other.get(name) != row.get(name) for name in ("candidates", "split", "images")):
        return False
    is_part = row["set"] == "all" and row["kind"] in ("all", other["kind"])
    return is_part and (other["set"], other["kind"]) != (row["set"], row["kind"])


def _letters(
    records: Sequence[Mapping[str, Any]], key: str
) -> dict[str, tuple[int, int, dict[str, str]]]:
    """Return numbers of images and nouns and the methods' letters by candidate set, or by split.

    Letters of word queries are by split. A group has letters if at least two methods have scores,
    and all of them for the same nouns: the resamples of the bootstrap are paired.
    """
    scores = scores_by_query(records) if key == "words" else scores_by_noun(records)
    metric = "mrr" if key == "words" else "hit@5"
    result = {}
    for group, rows in scores.groupby(level=1):
        by_method = rows[metric].unstack("method")
        if by_method.shape[1] < 2 or by_method.isna().any(axis=None):
            continue
        images = rows.xs(by_method.columns[0], level="method")["images"]
        # Each noun has images of its own; the images of a query are all of the split.
        total = images.max() if key == "words" else images.sum()
        methods = rows.groupby(level="method")
        resampled = {str(name): resampled_means(nouns, metric) for name, nouns in methods}
        result[str(group)] = (int(total), len(by_method), indistinguishable(resampled))
    return result


def _column_order(name: str) -> tuple[int, int, bool]:
    """Return the rank of a column: labels and counts first, metrics by k, each before its std."""
    metric, _, k = name.removesuffix("_std").partition("@")
    names = [*DEVISE_COLUMNS, "nouns", *METRICS]
    return names.index(metric), int(k or 0), name.endswith("_std")


def _devise_columns(frame: pd.DataFrame) -> dict[str, Column]:
    """Return the columns of a table of scores; the first column of a metric has its note."""
    columns = dict(DEVISE_COLUMNS)
    noted = set()
    for name in frame.columns:
        metric, at, k = name.partition("@")
        if metric in METRICS and not name.endswith("_std"):
            column = METRICS[metric]
            note = "" if metric in noted else column.note
            columns[name] = replace(column, heading=column.heading + at + k, note=note)
            noted.add(metric)
    return columns


def nouns_table(
    records: Iterable[Mapping[str, Any]], method: str, count: int, images: int
) -> Table:
    """Return the ``count`` best and worst nouns of ``method`` in every candidate set with nouns.

    ``records`` are those of score_devise. Only nouns with at least ``images`` images are included.
    Nouns are ranked by the sum of all hit@k, then by their number of images. No noun is both best
    and worst.
    """
    nouns = [noun for record in records if record["method"] == method for noun in record["nouns"]]
    # There are none if all test images show nouns that are neither seen, unseen nor classes.
    frame = pd.DataFrame(nouns, columns=None if nouns else ["candidates", "images"])
    frame = frame[frame["images"] >= images]
    hits = sorted((n for n in frame.columns if n.startswith("hit@")), key=_column_order)
    columns = {
        "candidates": Column("Candidates"),
        "end": Column("End"),
        "name": Column("Noun"),
        "synset": Column("Synset"),
        "images": Column("Images", 0),
        **{name: Column(name, 0, 100, note="percent" if name == hits[0] else "") for name in hits},
        "taken_for": Column(
            "Mistaken for", note="most frequent wrong first answer of the first seed"
        ),
    }
    ends = [_ends(group, count, hits) for _, group in frame.groupby("candidates", sort=False)]
    table = pd.concat(ends or [frame], ignore_index=True).reindex(columns=list(columns))
    caption = (
        f"Nouns with the best and the worst scores of {method}, means over the seeds, and the "
        "nouns that their images are most often mistaken for."
    )
    return Table(table, caption, columns, group=True)


def _ends(frame: pd.DataFrame, count: int, hits: Sequence[str]) -> pd.DataFrame:
    """Return the best and the worst nouns of one candidate set."""
    how = {name: "mean" if name in hits else "first" for name in frame.columns}
    nouns = frame.groupby("synset", sort=True, as_index=False).agg(how)
    # In units of 1/10,000, since the last digits of a sum depend on the order of its terms.
    nouns = nouns.assign(total=(nouns[list(hits)].sum(axis=1) * 10_000).round())
    by = ["total", "images"]
    best = nouns.sort_values(by, ascending=[False, False], kind="stable")
    best = best.head(min(count, (len(nouns) + 1) // 2))
    worst = nouns.drop(best.index).sort_values(by, ascending=[True, False], kind="stable")
    worst = worst.head(count)
    return pd.concat([best.assign(end="best"), worst.assign(end="worst")])


def noun_coverage_table(path: str | Path) -> Table:
    """Return the table of the coverage of the nouns, from the TSV of embed_nouns."""
    columns = {
        "lemmas": Column("Lemmas tried"),
        "multiword": Column(
            "Multi-word lemmas", note="skip: without a vector; mean: of the vectors of their words"
        ),
        "case": Column("Case", note="most frequent: the vector of the most frequent spelling"),
        "used": Column("In use", note="the settings of this run"),
        "nouns": Column("Nouns", 0),
        "noun_share": Column("Nouns, %", 1, scale=100),
        "vectors": Column("Distinct vectors", 0),
        "classes": Column("Classes", 0),
        "class_share": Column("Classes, %", 1, scale=100),
        "class_vectors": Column("Distinct", 0, note="distinct vectors of classes"),
        "own": Column("Own vector", 0, note="nouns with a vector of the lemma itself"),
        "parts": Column("From words", 0, note="nouns with the mean vector of a lemma's words"),
        "other": Column("Other lemma", 0, note="nouns whose first lemma has no vector"),
    }
    caption = "Nouns of WordNet and classes of ImageNet with a word vector, by kind of lookup."
    return Table(read_frame(path, "embed the nouns again"), caption, columns)


def image_counts_table(
    sets: Iterable[tuple[str, str | Path, str | Path, Iterable[str | Path]]], split: str | Path
) -> Table:
    """Return the table of image sets: a row per set.

    ``sets`` have a name, the table of the images, the table of the files that the listing left out,
    and a table for each shard of the images that cannot be decoded; ``split`` is the table of the
    images of all labelled sets with their splits.
    """
    columns = {
        "set": Column("Set"),
        "found": Column("Found", 0),
        "left_out": Column(
            "Left out", 0, note="images/SET.left_out.tsv has each image and its reason",
        ),
        "reason": Column("Main reason", note="with the number of its images"),
        "unreadable": Column(
            "Unreadable", 0,
            note="images that are not left out but cannot be decoded; features/SET/*.failed.tsv "
            "has each image and its reason",
        ),
        "photos": Column("Photographs", 0, note="among the images that are not left out"),
        TRAIN: Column("Train", 0),
        VALID: Column("Valid", 0),
        TEST: Column("Test", 0),
        UNSEEN: Column("Unseen", 0, note="images of nouns that are held out entirely"),
    }  # fmt: skip
    splits = Counter((image.set, image.split) for image in iterate_images(split))
    rows = []
    for name, listed, left_out, failed in sets:
        kinds = Counter(image.kind for image in iterate_images(listed))
        reasons = Counter(_QUOTED.sub("its name", reason) for reason in _reasons(left_out))
        main = max(sorted(reasons), key=reasons.__getitem__, default="")
        row = {
            "set": name,
            "found": kinds.total() + reasons.total(),
            "left_out": reasons.total(),
            "reason": f"{main} ({reasons[main]:,})" if main else "",
            "unreadable": sum(1 for path in failed for _ in _reasons(path)),
            "photos": kinds[PHOTO],
        }
        rows.append(row | {key: splits[name, key] for key in (TRAIN, VALID, TEST, UNSEEN)})
    frame = pd.DataFrame(rows, columns=list(columns))
    return Table(frame, "Images of each set.", columns)


def word_labels_table(paths: Mapping[str, str | Path]) -> Table:
    """Return the labels in words without a sense or with several, from the tables of each set."""
    columns = {
        "set": Column("Set"),
        "label": Column("Label"),
        "images": Column("Images", 0),
        "senses": Column(
            "Senses", 0,
            note="of several, the first candidate is used; image_sets.SET.labels_table sets "
            "others, for example a corrected copy of images/SET.labels.tsv",
        ),
        "candidates": Column(
            "Candidates", note="without a sense: those of the last words of the label"
        ),
    }  # fmt: skip
    frames = [pd.DataFrame(columns=list(columns))]
    for name, path in paths.items():
        frame = read_frame(path, "list the set again").assign(set=name)
        frame["senses"] = pd.to_numeric(frame["senses"])  # a gap where the user sets the synset
        frame = frame[frame["senses"].notna() & (frame["senses"] != 1)].astype({"senses": int})
        frame = frame.sort_values("senses", key=lambda senses: senses > 0, kind="stable")
        frames.append(frame[list(columns)])
    caption = "Labels in words that are not in WordNet or have several senses there."
    return Table(pd.concat(frames), caption, columns)


def _reasons(path: str | Path) -> Iterator[str]:
    """Yield the reasons in a table of images that were left out."""
    remedy = "list and extract the set again"
    return read_tsv(path, ("image", "reason"), lambda image, reason: reason, remedy)


def label_errors_table(frame: pd.DataFrame, method: str, seed: int) -> Table:
    """Return the table of a frame of LabelError by the predictions of ``method`` with ``seed``."""
    columns = {
        "set": Column("Set"),
        "image": Column("Image"),
        "split": Column("Split", note="the head was trained with the labels of train"),
        "noun": Column("Label"),
        "cosine": Column("Cosine", 3, note="between the prediction and each noun"),
        "other": Column("Closer to"),
        "other_cosine": Column("Cosine", 3),
        "gap": Column("Gap", 3, note="difference of the two cosines"),
    }
    caption = (
        "Possible label errors: images far from the noun of their label and close to another, by "
        f"the predictions of {method} (seed {seed})."
    )
    return Table(frame, caption, columns)
