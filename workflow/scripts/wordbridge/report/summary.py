"""The top of a run's page: sentences from the numbers, the main scores and sample translations."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from wordbridge.report.tables import Column, Table, read_frame

SAMPLES = 3
VARIANT_COLUMNS = {
    "variant": Column("Variant"),
    "bleu_single": Column("BLEU", 1, best="high", note="against one reference, 0 to 100"),
    "bleu_ceiling": Column("Ceiling", 1, note="BLEU of the references' own tokens"),
    "bleu_gain": Column("Gain", 1, note="of BLEU, with its 95 % interval"),
    "bleu_multi": Column("BLEU, all refs.", 1, best="high"),
    "chrf_single": Column("chrF", 1, best="high"),
}
FEW = 0.1  # share of matches
LABELS = 10  # names in a warning
# Columns of the table of methods, and the candidates and images (split) that they are about.
GROUPS = {"seen": ("seen", "seen nouns"), "unseen": ("unseen", "unseen nouns")}


class Summary(NamedTuple):
    """Sentences, the tables of main scores, a table of samples if there are any, and warnings."""

    sentences: list[str]
    scores: list[Table]
    samples: Table | None
    warnings: list[str]


def summarize(tables: Iterable[str | Path]) -> Summary:
    """Return the summary of a run from those of its tables (TSV) that are there.

    These are ``scores`` and ``samples`` of the translators, ``devise`` of the image methods,
    ``scorecard`` and those of ``find_warnings``.
    """
    paths = {Path(path).stem: Path(path) for path in tables}
    summary = Summary([], [], None, find_warnings(paths))
    if "scores" in paths:
        frame = _rows_of_this_run(paths["scores"])
        summary.sentences.extend(variant_sentences(frame))
        caption = "Translation: scores of the variants, means over the seeds."
        summary.scores.append(Table(frame, caption, VARIANT_COLUMNS))
        if "samples" in paths:
            summary = summary._replace(samples=samples_table(paths["samples"], frame))
    if "devise" in paths:
        frame = _rows_of_this_run(paths["devise"])
        k = min(_ranks(frame), key=lambda rank: abs(rank - 5))
        groups = {name: _group_of_images(frame, *GROUPS[name]) for name in GROUPS}
        groups = {name: group for name, group in groups.items() if len(group)}
        if groups:
            summary.sentences.append(method_sentence(groups, k))
            summary.scores.append(methods_table(groups, k))
    if "scorecard" in paths:
        frame = read_frame(paths["scorecard"], "make it again")
        summary.sentences.extend(verdict_sentence(frame["verdict"].value_counts().to_dict()))
    return summary


def find_warnings(paths: Mapping[str, Path]) -> list[str]:
    """Return sentences about a low ceiling of BLEU, and about matches of less than a tenth.

    The tables are ``scores``, ``coverage`` (words with vectors), ``corpus_pairs`` (pairs that a
    step keeps), ``nouns`` (with vectors), ``images`` (in use, labelled), ``labels`` (unknown or
    ambiguous) and ``french`` (names).
    """
    frames = {name: _rows_of_this_run(path) for name, path in paths.items()}
    shares: list[tuple[float, str]] = []
    for language, rows in _groups(frames.get("coverage"), "language"):
        types = rows.set_index("step")["types"]
        absent = types.reindex(["missing", "subwords"]).sum()
        shares.append((1 - absent / types["all"], f"of the {language} words have a word vector"))
    for step, rows in _groups(frames.get("corpus_pairs"), "step"):
        counts = rows.set_index("reason")["count"].reindex(["read", "kept"])
        shares.append((counts["kept"] / counts["read"], f"of the pairs are kept by {step}"))
    for _, rows in _groups(frames.get("nouns"), "used"):
        shares.append((rows["noun_share"].iloc[0], "of WordNet's nouns have a word vector"))
    for name, rows in _groups(frames.get("images"), "set"):
        row = rows.iloc[0]
        used = row["found"] - row["left_out"]
        labelled = row.reindex(["train", "valid", "test", "unseen"]).sum()
        shares.append((used / row["found"], f"of the images of {name} are in use"))
        shares.append((labelled / max(used, 1), f"of the images of {name} have a label"))
    for _, rows in _groups(frames.get("french"), "language"):
        shares.append((rows["name_share"].iloc[0], "of the names in both languages have a vector"))
    # Random vectors and albums have a share of 0; otherwise a job ends where nothing matches.
    few = dict.fromkeys(f"{100 * share:.2g} % {text}." for share, text in shares if 0 < share < FEW)
    warnings = [*few, *_label_warnings(frames.get("labels"))]
    if "bleu_ceiling" in (scores := frames.get("scores", pd.DataFrame())):
        lowest = scores["bleu_ceiling"].min()
        warnings.append(f"BLEU is {lowest:.1f} at most, the score of the references' own tokens.")
    return warnings


def _label_warnings(frame: pd.DataFrame | None) -> Iterator[str]:
    for name, rows in _groups(frame, "set"):
        unknown = rows["senses"] == 0
        for start, end, labels in (
            ("WordNet does not have", "whose images have no label", rows[unknown]),
            ("WordNet has several senses of", "of which the first is used", rows[~unknown]),
        ):
            if len(labels):
                names = ", ".join(map(str, labels["label"][:LABELS]))
                more = f" and {len(labels) - LABELS} more" * (len(labels) > LABELS)
                yield f"{start} {len(labels)} of the labels of {name}, {end}: {names}{more}."


def variant_sentences(frame: pd.DataFrame) -> list[str]:
    """Return the sentence about the variant with the highest BLEU, and that about their order."""
    ranking = frame.sort_values("bleu_single", ascending=False, kind="stable")
    best = ranking.iloc[0]
    bleu = f"{best['bleu_single']:.1f}"
    if len(ranking) == 1:
        return [f"The variant {best['variant']} has a BLEU of {bleu} against one reference."]
    first = (
        f"The variant {best['variant']} has the highest BLEU of the {len(ranking)} variants, "
        f"{bleu} against one reference"
    )
    if pd.notna(best.get("bleu_gain")):
        first += (
            f", a gain of {best['bleu_gain']:.1f} over {_baseline(frame)} (95 % interval "
            f"{best['bleu_gain_low']:.1f} to {best['bleu_gain_high']:.1f})"
        )
    order = ", ".join(
        f"{row['variant']} ({row['bleu_single']:.1f})" for row in ranking.to_dict("records")
    )
    return [f"{first}.", f"Ranked by BLEU, the variants are {order}."]


def method_sentence(groups: dict[str, pd.DataFrame], k: int) -> str:
    """Return the sentence about the method with the highest hit@k on each group of images.

    ``groups`` maps "seen" and "unseen" to rows of the DeViSE table, one per method.
    """
    count = max(map(len, groups.values()))
    clauses = []
    for name, group in groups.items():
        best = group.loc[group[f"hit@{k}"].idxmax()]
        hit, labels = f"{100 * best[f'hit@{k}']:.1f} %", f"{best['labels']:,} candidate nouns"
        images = f"{best['images']:,} images of {name} nouns"
        if count == 1:
            clauses.append(f"of {hit} on {images} ({labels})")
        else:
            clauses.append(f"{best['method']} on {images} ({hit} among {labels})")
    if count == 1:
        return f"The method {best['method']} has a hit@{k} {' and '.join(clauses)}."
    return f"Of {count} image methods, these have the highest hit@{k}: {' and '.join(clauses)}."


def verdict_sentence(counts: dict[str, int]) -> list[str]:
    """Return the sentence about the verdicts on the lesson's claims, [] without any claim."""
    claims = sum(counts.values())
    if not claims:
        return []
    return [
        f"Verdicts on {claims} claims of the 2018 lesson: holds here {counts.get('holds', 0)}, "
        f"does not hold {counts.get('does not hold', 0)}, undecided {counts.get('undecided', 0)}."
    ]


def methods_table(groups: dict[str, pd.DataFrame], k: int) -> Table:
    """Return the table of hit@k of every method, with a column per group of images."""
    columns = {"method": Column("Method")}
    frames = []
    for name, group in groups.items():
        first = group.iloc[0]
        note = f"% of {first['images']:,} images, among {first['labels']:,} candidate nouns"
        columns[name] = Column(f"hit@{k} {name}", 1, 100, "high", note)
        names = {f"hit@{k}": name, f"hit@{k}_std": f"{name}_std"}
        frames.append(group.set_index("method").reindex(columns=list(names)).rename(columns=names))
    caption = "Images to words: scores of the methods, means over the seeds."
    return Table(pd.concat(frames, axis=1).reset_index(), caption, columns)


def samples_table(path: Path, scores: pd.DataFrame) -> Table | None:
    """Return the first, the middle and the last sample, by the baseline and the best variant."""
    frame = read_frame(path, "tabulate the samples again").astype(str)
    numbers = list(frame["sample"].unique())
    positions = [i * (len(numbers) - 1) // max(1, SAMPLES - 1) for i in range(SAMPLES)]
    best = scores.loc[scores["bleu_single"].idxmax(), "variant"]
    lines = ["source", "reference", _baseline(scores), best]
    chosen = frame["sample"].isin([numbers[i] for i in positions] if numbers else [])
    frame = frame[chosen & frame["line"].isin(lines)]
    columns = {"sample": Column("Sample"), "line": Column("Line"), "text": Column("Text")}
    caption = f"Sample translations of {' and '.join(dict.fromkeys(filter(None, lines[2:])))}."
    return Table(frame, caption, columns, group=True) if len(frame) else None


def _rows_of_this_run(path: Path) -> pd.DataFrame:
    """Return the rows of a table of scores without published ones."""
    frame = read_frame(path, f"make the table {path.stem} again", gaps=True)
    return frame[frame["run"] == "here"] if "run" in frame.columns else frame


def _groups(frame: pd.DataFrame | None, key: str) -> Iterator[tuple[Any, pd.DataFrame]]:
    return iter([] if frame is None else frame.groupby(key, sort=False))


def _baseline(scores: pd.DataFrame) -> str:
    """Return the variant that the others are compared with, "" without comparisons."""
    if "bleu_gain" not in scores.columns:
        return ""
    return str(scores.loc[scores["bleu_gain"].isna(), "variant"].iloc[0])


def _ranks(frame: pd.DataFrame) -> list[int]:
    """Return each k of the columns hit@k."""
    names = map(str, frame.columns)
    return [int(name[4:]) for name in names if name.startswith("hit@") and name[4:].isdigit()]


def _group_of_images(frame: pd.DataFrame, candidates: str, split: str) -> pd.DataFrame:
    """Return a row per method, about all images of a split; parts of them have fewer images."""
    rows = frame[(frame["candidates"] == candidates) & (frame["split"] == split)]
    rows = rows[rows["images"] == rows["images"].max()].drop_duplicates("method")
    return rows.astype({"images": int, "labels": int})
