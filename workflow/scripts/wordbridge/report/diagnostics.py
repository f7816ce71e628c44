"""Diagnostics of the translators: attention, and the parts of a question that they keep."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from wordbridge.corpus.question_words import ENGLISH, FRENCH, find_question
from wordbridge.report.figures import ACCENT, INK, MARK, SOFT, house_style, one_panel
from wordbridge.report.tables import Column, Table, aggregate_seeds
from wordbridge.translation.bootstrap import Resampler
from wordbridge.translation.translations import Translation

# ---- Attention -----------------------------------------------------------------------------------

ATTENTION = {
    "variant": Column("Variant"),
    "seeds": Column("Seeds", 0),
    "padding": Column("On padding, %", 2, 100, note="share of the attention"),
    "entropy": Column("Entropy", 2, note="of the attention over the source tokens, in nats"),
    "uniform_entropy": Column("Uniform", 2, note="entropy of equal weights"),
    "agreement": Column(
        "Agreement, %", 1, 100, "high",
        note="of the target words that IBM model 1 links to a source word in both directions, "
        "those with the highest weight on that source word",
    ),
    "diagonal": Column("Diagonal, %", 1, 100, note="agreement of a diagonal alignment"),
    "chance": Column("Chance, %", 1, 100, note="agreement of a source word drawn at random"),
}  # fmt: skip


def attention_table(records: Sequence[Mapping[str, Any]], split: str) -> Table:
    """Return the means of ``attention_statistics`` over the seeds, and standard deviations."""
    measured = ["padding", "entropy", "agreement"]
    constant = ["uniform_entropy", "diagonal", "chance"]
    frame = aggregate_seeds(pd.DataFrame(records), measured, constant)
    uniform, diagonal, chance = frame[constant].mean()
    padding, low, high = frame["padding"].max(), frame["entropy"].min(), frame["entropy"].max()
    entropy = " to ".join(dict.fromkeys([f"{low:.2f}", f"{high:.2f}"]))
    caption = (
        f"Attention at the words of the references of the {split} split, each predicted from the "
        "true previous words: means and standard deviations over the seeds. "
        "The highest weight is on the source word that IBM model 1 links for "
        f"{_extremes(frame, 'agreement')} of the linked target words; a diagonal alignment finds "
        f"{_percent(diagonal)} of these links, a random one {_percent(chance)}. Padding has "
        f"{_percent(padding, 1)} of the attention. The entropy is {entropy} nats; "
        f"equal weights have {uniform:.2f}."
    )
    return Table(frame, caption, ATTENTION)


@house_style()
def attention_figure(table: Table) -> Figure:
    """Return a bar per variant: agreement with IBM model 1, and lines of diagonal and chance."""
    frame = table.frame
    figure, axes = one_panel(1.5 + 0.4 * len(frame))
    axes.barh(frame["variant"], 100 * frame["agreement"], 0.6, color=ACCENT, alpha=0.5)
    for column, colour, label in (("diagonal", MARK, "diagonal"), ("chance", SOFT, "random")):
        mean = 100 * frame[column].mean()
        axes.axvline(mean, color=colour, linestyle="--", label=f"{label} alignment")
    axes.tick_params(axis="y", labelcolor=INK)
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.set_xlabel("Highest weight on the word that IBM model 1 links, % of the linked words")
    axes.grid(visible=False, axis="y")
    figure.legend(loc="outside upper left", ncols=2)
    return figure


# ---- Parts of a question that a translation keeps ------------------------------------------------

ADEQUACY = {
    "question_word": Column(
        "Question word, %", 1, 100, "high",
        note="translations whose question word is of the same kind as the reference's; who, whom "
        "and whose are one kind",
    ),
    "question_mark": Column(
        "Question mark, %", 1, 100, "high",
        note="of the references with a question mark, those whose translation has one",
    ),
    "names": Column(
        "Names, %", 1, 100, "high",
        note="of the capitalised words inside a reference that its source has in the same "
        "spelling, those that the translation has, too",
    ),
}  # fmt: skip
LANGUAGES = {"en": ENGLISH, "fr": FRENCH}
_WORD = re.compile(r"\w+")

Counts = NDArray[np.float64]  # of sentences and the parts of ADEQUACY


def adequacy_counts(
    rows: Sequence[Translation], language: str, lowercase: bool
) -> tuple[Counts, Counts]:
    """Return counts of the parts of each reference: of those that the translation keeps, of all.

    ``language`` is the language of the translations; with ``lowercase`` they have no capitals.
    """

    def question_kind(text: str) -> str | None:
        question = find_question(text, LANGUAGES[language], any_use=True)
        return question.kind if question else None

    kept, cases = np.zeros((2, len(rows), len(ADEQUACY)))
    for number, row in enumerate(rows):
        expected = question_kind(row.reference)
        source, output = set(_WORD.findall(row.source)), set(_WORD.findall(row.hypothesis))
        inner = _WORD.findall(row.reference)[1:]
        names = {word for word in inner if word[0].isupper() and word in source}
        copied = {name for name in names if (name.lower() if lowercase else name) in output}
        cases[number] = [expected is not None, "?" in row.reference, len(names)]
        is_right = question_kind(row.hypothesis) == expected
        kept[number] = [is_right, "?" in row.hypothesis, len(copied)]
    return np.minimum(kept, cases), cases


def adequacy_table(
    runs: Mapping[str, Sequence[tuple[Counts, Counts]]], resampler: Resampler, split: str
) -> Table:
    """Return the shares of ADEQUACY of each variant, means over the seeds, with 95 % intervals."""
    rows = []
    for variant, seed_counts in runs.items():
        with np.errstate(invalid="ignore"):
            ratios = [
                resampler.totals(kept) / resampler.totals(cases) for kept, cases in seed_counts
            ]
        shares = np.mean(ratios, axis=0)
        row: dict[str, Any] = {"variant": variant}
        for name, values in zip(ADEQUACY, shares.T, strict=True):
            row[name] = values[0]
            if resampled := [value for value in values[1:] if not np.isnan(value)]:
                row[f"{name}_low"], row[f"{name}_high"] = np.percentile(resampled, [2.5, 97.5])
        rows.append(row)
    _, cases = next(iter(runs.values()))[0]
    frame = pd.DataFrame(rows)
    words = (
        ("question words", "correct"),
        ("question marks", "kept"),
        ("names", "copied"),
    )
    extremes = [
        f"{int(count)} {what}, of which {_extremes(frame, name)} are {kept}"
        for (what, kept), name, count in zip(words, ADEQUACY, cases.sum(axis=0), strict=True)
        if count
    ]
    sentence = f"The references have {'; '.join(extremes)}." if extremes else "No case."
    caption = (
        f"What the translations of the {split} split keep, means over the seeds, with 95 % "
        f"intervals (bootstrap over groups of sentences). {sentence}"
    )
    return Table(frame, caption, {"variant": Column("Variant"), **ADEQUACY})


def _extremes(frame: pd.DataFrame, column: str) -> str:
    """Return the lowest and the highest value of a column in percent, with their variants."""
    values = frame.set_index("variant")[column].sort_values(kind="stable")
    ends = {name: _percent(values[name]) for name in (values.index[0], values.index[-1])}
    if len({*ends.values()}) < len(ends):
        return f"{_percent(values.iloc[0])} (every variant)"
    return " to ".join(f"{text} ({name})" for name, text in ends.items())


def _percent(share: float, digits: int = 0) -> str:
    return f"{100 * share:.{digits}f} %"
