"""The summary page: the main results of a run, then every table and figure by topic.

On top are sentences from the numbers, warnings, the main scores and sample translations.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any, NamedTuple

import pandas as pd

from wordbridge.report.tables import Column, Table, embedded_table, read_frame, render

LARGEST_TABLE = 80_000  # characters; the page only links to larger ones


class Topic(NamedTuple):
    """A section of the page: patterns of its tables, and of its figures with their captions."""

    title: str
    tables: tuple[str, ...]
    figures: Mapping[str, str] = MappingProxyType({})
    text: str = ""


TOPICS = (
    Topic(
        "Scores",
        ("scores", "scorecard", "factorial", "ablations", "lengths", "rarest_words", "adequacy"),
        {
            "scores": "BLEU of every variant against one reference and against all references. "
            "Bars are means over the seeds, marks are single seeds.",
            "lengths": "BLEU by the length of the source.",
            "rarest_words": "BLEU by the count of the source's rarest word in the training text.",
            "factorial": "Effects of three ideas, alone and together, with 95 % intervals.",
            "ablations": "Effects of single changes to the baseline, with 95 % intervals.",
        },
        text="Each distinct source text of the split counts once. NLL and perplexity are over all "
        "pairs of the split; the validation loss is always on the validation split.",
    ),
    Topic("Sample translations", ("samples",)),
    Topic(
        "Attention",
        ("attention",),
        {
            "attention_agreement": "How often the highest weight is on the source word that IBM "
            "model 1 links with the target word. The dashed lines are a diagonal and a random "
            "alignment.",
            "attention/*": "Attention of every output word (rows) over the source words (columns). "
            "The bars show the sum over the output words.",
            "attention_curves/*": "Attention over the source words at the first nine output steps, "
            "as in the lesson. The source word with the highest weight is labelled.",
        },
        text="Attention of the sample translations above, under the same numbers, and its "
        "statistics.",
    ),
    Topic(
        "Training",
        ("training", "exposure_bias"),
        {
            "losses": "Losses per epoch: means over the seeds, bands from minimum to maximum. "
            "Free running is the lesson's validation loss: the model reads its own predictions "
            "and padding counts, so variants with teacher forcing start far above their training "
            "loss.",
            "exposure_bias": "Free-running minus teacher-forced loss on the validation split per "
            "epoch: means over the seeds.",
            "schedule": "Learning rate of each variant over its training.",
            "learning_rate_*": "Learning-rate range test: running average of the training loss "
            "while the rate grows. The dashed line marks the suggested rate.",
        },
    ),
    Topic(
        "Images in word-vector space",
        ("devise*",),
        {
            "head_losses": "Losses of the heads per epoch: means over the seeds, bands from "
            "minimum to maximum. Heads that differ only in the use of the classifier share one "
            "training.",
            "head_learning_rate_*": "Learning-rate range test of a head: loss while the rate "
            "grows. The dashed line marks the suggested rate.",
        },
        text="Each method predicts word vectors of held-out images, both of nouns with training "
        "images and of nouns without any.",
    ),
    Topic(
        "Search",
        ("search_*", "french"),
        {"search_*": "Each row shows a query and its results with their cosines, best first."},
    ),
    Topic("Possible label errors", ("label_errors",)),
    Topic("Images and nouns", ("images", "labels", "nouns")),
    Topic("Corpus and vectors", ("corpus*", "leaks", "coverage", "vectors")),
    Topic("More", ("*",), {"*": ""}),
)


class Section(NamedTuple):
    """A topic with tables (HTML, "" for a large one; files) and figures (path, caption)."""

    topic: Topic
    tables: list[tuple[str, list[str]]]
    figures: list[tuple[str, str]]


def build_page(
    title: str,
    folder: str | Path,
    tables: Iterable[str | Path],
    figures: Iterable[str | Path],
    numbers: Iterable[str | Path],
    times: Sequence[str],
) -> str:
    """Return the HTML of a page in ``folder`` that embeds tables and links to figures.

    ``tables`` are HTML files of ``save_table``, ``figures`` image files, ``numbers`` the tables
    (TSV) of ``summarize``. ``times`` are paths relative to the page; the page only links to them,
    so that it does not change with the times. One contact sheet is on top, of words if possible.
    """
    images = list(map(Path, figures))
    sheets = [path for path in images if path.match("search_words*.png")]
    sheets += [path for path in images if path.match("search_*.png")]
    return render(
        "page.html.j2",
        title=title,
        summary=summarize(numbers),
        sheets=[_figure(path, folder) for path in sheets[:1]],
        sections=page_sections(folder, map(Path, tables), images),
        times=times,
    )


def page_sections(
    folder: str | Path, tables: Iterable[Path], figures: Iterable[Path]
) -> list[Section]:
    """Return the non-empty sections; a file belongs to the first topic whose pattern it matches."""
    sections = {topic.title: Section(topic, [], []) for topic in TOPICS}
    for path in tables:
        files = [os.path.relpath(path.with_suffix(end), folder) for end in (".tsv", ".md", ".html")]
        table = embedded_table(path)
        table = table if len(table) <= LARGEST_TABLE else ""
        sections[topic_of(path, "tables").title].tables.append((table, files))
    for path in figures:
        sections[topic_of(path, "figures").title].figures.append(_figure(path, folder))
    return [section for section in sections.values() if section.tables or section.figures]


def topic_of(path: Path, kind: str) -> Topic:
    """Return the first topic with a pattern for ``path``; ``kind`` is "tables" or "figures"."""
    name = path.with_suffix("")
    return next(t for t in TOPICS if any(name.match(pattern) for pattern in getattr(t, kind)))


def caption_of(path: Path) -> str:
    """Return the caption of a figure, after the part of its name that varies (variant, number)."""
    captions = topic_of(path, "figures").figures
    pattern = next(pattern for pattern in captions if path.with_suffix("").match(pattern))
    varying = path.stem.removeprefix(PurePosixPath(pattern).name.rstrip("*"))
    if path.parent.name in ("attention", "attention_curves"):
        varying = re.sub(r"_(\d+)$", r", sample \1", varying)
    varying = varying.replace("_", " ")
    return ": ".join(filter(None, (varying, captions[pattern])))


def _figure(path: Path, folder: str | Path) -> tuple[str, str]:
    return os.path.relpath(path, folder), caption_of(path)


# ---- Summary -------------------------------------------------------------------------------------

VARIANT_COLUMNS = {
    "variant": Column("Variant"),
    "bleu_single": Column("BLEU", 1, best="high", note="against one reference, 0 to 100"),
    "bleu_ceiling": Column("Ceiling", 1, note="BLEU of the references' own tokens"),
    "bleu_gain": Column("Gain", 1, note="in BLEU over the baseline, with its 95 % interval"),
    "bleu_multi": Column("BLEU, all refs.", 1, best="high"),
    "chrf_single": Column("chrF", 1, best="high"),
}
FEW = 0.1  # share of matches
LABELS = 10  # names in a warning

Frames = Mapping[str, pd.DataFrame]


class Summary(NamedTuple):
    """Sentences, the tables of main scores, a table of samples, and warnings."""

    sentences: list[str]
    scores: list[Table]
    samples: Table
    warnings: list[str]


def summarize(tables: Iterable[str | Path]) -> Summary:
    """Return the summary of a run from its ``tables`` (TSV).

    They are ``scores``, ``samples`` and ``scorecard``, with image sets also ``devise``, and the
    tables of ``find_warnings``. Published rows are not part of the run.
    """
    frames = {}
    for path in map(Path, tables):
        gaps = path.stem != "samples"  # an empty translation is a text
        frame = read_frame(path, f"make the table {path.stem} again", gaps)
        frames[path.stem] = frame[frame["run"] == "here"] if "run" in frame.columns else frame
    variants, verdicts = frames["scores"], frames["scorecard"]["verdict"]
    sentences = variant_sentences(variants)
    caption = "Translation: scores of the variants, means over the seeds."
    scores = [Table(variants, caption, VARIANT_COLUMNS)]
    if "devise" in frames:
        metric, groups = method_groups(frames["devise"])
        if groups:
            sentences.append(method_sentence(groups, metric))
            scores.append(methods_table(groups, metric))
    if len(verdicts):
        counts = verdicts.value_counts()
        numbers = ", ".join(
            f"{verdict} ({counts.get(verdict, 0)})"
            for verdict in ("holds", "does not hold", "undecided")
        )
        claims = "claim" if len(verdicts) == 1 else "claims"
        sentences.append(f"Verdicts on {len(verdicts)} {claims} of the 2018 lesson: {numbers}.")
    samples = samples_table(frames["samples"], variants)
    return Summary(sentences, scores, samples, find_warnings(frames))


def find_warnings(frames: Frames) -> list[str]:
    """Return sentences about a low ceiling of BLEU, and about matches of less than a tenth.

    The tables are ``scores``, ``coverage`` (words with vectors), ``corpus_pairs`` (pairs that a
    step keeps), ``nouns`` (with vectors), ``images`` (in use, labelled), ``labels`` (unknown or
    ambiguous) and ``french`` (names).
    """
    shares: list[tuple[float, str]] = []
    for language, rows in _groups(frames, "coverage", "language"):
        types = rows.set_index("step")["types"]
        absent = types.reindex(["missing", "subwords"]).sum()
        shares.append((1 - absent / types["all"], f"of the {language} words have a word vector"))
    for step, rows in _groups(frames, "corpus_pairs", "step"):
        counts = rows.set_index("reason")["count"].reindex(["read", "kept"])
        shares.append((counts["kept"] / counts["read"], f"of the pairs are kept by {step}"))
    for _, rows in _groups(frames, "nouns", "used"):
        shares.append((rows["noun_share"].iloc[0], "of WordNet's nouns have a word vector"))
    for name, rows in _groups(frames, "images", "set"):
        row = rows.iloc[0]
        used = row["found"] - row["left_out"]
        labelled = row.reindex(["train", "valid", "test", "unseen"]).sum()
        shares.append((used / max(row["found"], 1), f"of the images of {name} are in use"))
        shares.append((labelled / max(used, 1), f"of the images of {name} have a label"))
    for _, rows in _groups(frames, "french", "language"):
        shares.append((rows["name_share"].iloc[0], "of the names in both languages have a vector"))
    # Random vectors and albums have a share of 0; otherwise a job ends where nothing matches.
    few = dict.fromkeys(f"{100 * share:.2g} % {text}." for share, text in shares if 0 < share < FEW)
    warnings = [*few, *_label_warnings(frames)]
    if "bleu_ceiling" in frames["scores"]:
        lowest = frames["scores"]["bleu_ceiling"].min()
        warnings.append(f"BLEU is {lowest:.1f} at most, the score of the references' own tokens.")
    return warnings


def _label_warnings(frames: Frames) -> Iterator[str]:
    for name, rows in _groups(frames, "labels", "set"):
        unknown = rows["senses"] == 0
        for start, end, labels in (
            ("WordNet does not have", "whose images have no label", rows[unknown]),
            ("WordNet has several senses of", "of which the first is used", rows[~unknown]),
        ):
            if len(labels):
                names = ", ".join(map(str, labels["label"][:LABELS]))
                more = f" and {len(labels) - LABELS} more" if len(labels) > LABELS else ""
                yield f"{start} {len(labels)} of the labels of {name}, {end}: {names}{more}."


def _groups(frames: Frames, table: str, key: str) -> Iterable[tuple[Any, pd.DataFrame]]:
    return frames[table].groupby(key, sort=False) if table in frames else ()


def variant_sentences(frame: pd.DataFrame) -> list[str]:
    """Return sentences about the variant with the highest BLEU and the order of the variants."""
    ranking = frame.sort_values("bleu_single", ascending=False, kind="stable")
    best = ranking.iloc[0]
    bleu = f"{best['bleu_single']:.1f}"
    if len(ranking) == 1:
        return [f"The variant {best['variant']} has a BLEU of {bleu} against one reference."]
    first = (
        f"The highest BLEU against one reference is {bleu}, that of the variant {best['variant']}"
    )
    if pd.notna(best.get("bleu_gain")):
        first += (
            f": a gain of {best['bleu_gain']:z.1f} over {_baseline(frame)} (95 % interval "
            f"{best['bleu_gain_low']:z.1f} to {best['bleu_gain_high']:z.1f})"
        )
    order = ", ".join(
        f"{row['variant']} ({row['bleu_single']:.1f})" for row in ranking.to_dict("records")
    )
    return [f"{first}.", f"The {len(ranking)} variants in order of BLEU: {order}."]


def method_groups(frame: pd.DataFrame) -> tuple[str, dict[str, pd.DataFrame]]:
    """Return the hit@k with k nearest to 5, and a row per method for seen and unseen nouns."""
    metrics = frame.filter(regex=r"^hit@\d+$").columns
    groups = {}
    for name in ("seen", "unseen"):
        rows = frame[(frame["candidates"] == name) & (frame["split"] == f"{name} nouns")]
        # Parts of a split have fewer images.
        rows = rows[rows["images"] == rows["images"].max()].drop_duplicates("method")
        if len(rows):
            groups[name] = rows.astype({"images": int, "labels": int})
    return min(metrics, key=lambda metric: abs(int(metric[4:]) - 5)), groups


def method_sentence(groups: Mapping[str, pd.DataFrame], metric: str) -> str:
    """Return the sentence about the methods with the highest ``metric`` on each group of images."""
    count = max(map(len, groups.values()))
    clauses = []
    for name, group in groups.items():
        hits = group[metric]
        best = group.loc[hits.idxmax()]
        hit, labels = f"{100 * best[metric]:.1f} %", f"{best['labels']:,} candidate nouns"
        images = f"{best['images']:,} images of {name} nouns"
        if count == 1:
            clauses.append(f"of {hit} on {images} ({labels})")
        else:
            tied = " and ".join(group.loc[hits == hits.max(), "method"])
            clauses.append(f"{tied} on {images} ({hit} among {labels})")
    if count == 1:
        return f"The method {best['method']} has a {metric} {' and '.join(clauses)}."
    return f"Of {count} image methods, these have the highest {metric}: {'; '.join(clauses)}."


def methods_table(groups: Mapping[str, pd.DataFrame], metric: str) -> Table:
    """Return the table of ``metric`` of every method, with a column per group of images."""
    columns = {"method": Column("Method")}
    frames = []
    for name, group in groups.items():
        first = group.iloc[0]
        note = f"% of {first['images']:,} images, among {first['labels']:,} candidate nouns"
        columns[name] = Column(f"{metric} {name}", 1, 100, "high", note)
        names = {metric: name, f"{metric}_std": f"{name}_std"}
        frames.append(group.set_index("method").reindex(columns=list(names)).rename(columns=names))
    caption = "Images to words: scores of the methods, means over the seeds."
    return Table(pd.concat(frames, axis=1).reset_index(), caption, columns)


def samples_table(frame: pd.DataFrame, scores: pd.DataFrame) -> Table:
    """Return the first, the middle and the last sample, by the baseline and the best variant."""
    frame = frame.astype(str)
    numbers = frame["sample"].unique()
    shown = numbers[[0, (len(numbers) - 1) // 2, -1]]
    best = scores.loc[scores["bleu_single"].idxmax(), "variant"]
    lines = ["source", "reference", _baseline(scores), best]
    frame = frame[frame["sample"].isin(shown) & frame["line"].isin(lines)]
    columns = {"sample": Column("Sample"), "line": Column("Line"), "text": Column("Text")}
    caption = f"Sample translations of {' and '.join(dict.fromkeys(filter(None, lines[2:])))}."
    return Table(frame, caption, columns, group=True)


def _baseline(scores: pd.DataFrame) -> str:
    """Return the variant that the others are compared with, "" without comparisons."""
    if "bleu_gain" not in scores.columns:
        return ""
    return str(scores.loc[scores["bleu_gain"].isna(), "variant"].iloc[0])
