"""The summary page: what came out of a run first, then every table and figure by topic."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import NamedTuple

from wordbridge.report.summary import summarize
from wordbridge.report.tables import embedded_table, render

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
            "model 1 links with the target word. The dashed lines are a diagonal alignment and one "
            "at random.",
            "attention/*": "Attention of every output word (rows) over the source words (columns). "
            "The bars show the sum over the output words.",
            "attention_curves/*": "Attention over the source words at the first nine output steps, "
            "as in the lesson. The label is the word with the highest weight.",
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
    numbers: Iterable[str | Path] = (),
    times: Sequence[str] = (),
) -> str:
    """Return the HTML of a page in ``folder`` that embeds tables and links to figures.

    ``tables`` are HTML files of ``save_table``, ``figures`` image files, ``numbers`` the tables
    (TSV) of ``summarize``. ``times`` are paths relative to the page; the page only links to them,
    so that it does not change with the times. One contact sheet is on top, of words if possible.
    """
    images = [*map(Path, figures)]
    sheets = [path for path in images if path.match("search_*.png")]
    sheets = sorted(sheets, key=lambda path: not path.match("search_words*"))[:1]
    return render(
        "page.html.j2",
        title=title,
        summary=summarize(numbers),
        sheets=[_figure(path, folder) for path in sheets],
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
    return next(t for t in TOPICS if any(map(path.with_suffix("").match, getattr(t, kind))))


def caption_of(path: Path) -> str:
    """Return the caption of a figure, after the part of its name that varies (variant, number)."""
    captions = topic_of(path, "figures").figures
    pattern = next(filter(path.with_suffix("").match, captions))
    varying = path.stem.removeprefix(PurePosixPath(pattern).name.rstrip("*"))
    return ": ".join(filter(None, (varying.replace("_", " "), captions[pattern])))


def _figure(path: Path, folder: str | Path) -> tuple[str, str]:
    return os.path.relpath(path, folder), caption_of(path)
