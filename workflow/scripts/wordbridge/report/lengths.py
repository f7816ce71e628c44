"""Scores of the translators by the length of the source text: the table and the figure."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from wordbridge.report.figures import house_style, line_style
from wordbridge.report.tables import Column, Table
from wordbridge.significance import RESAMPLES, SEED
from wordbridge.translation.bootstrap import Resampler, Run
from wordbridge.translation.sentence_scores import length_bins

BINS = 4


def lengths_table(
    runs: Mapping[str, Sequence[Run]], split: str, resamples: int = RESAMPLES, seed: int = SEED
) -> Table:
    """Return BLEU of each variant by source length, with 95 % intervals; means over the seeds."""
    first = next(iter(runs.values()))[0]
    resampler, rows = Resampler(first, resamples, seed), []
    for tokens, mask in length_bins(first, BINS).items():
        for variant, each in runs.items():
            score, *resampled = resampler.mean_scores(each, "bleu", mask)
            low, high = np.percentile(resampled, [2.5, 97.5])
            row: dict[str, Any] = {"tokens": tokens, "sentences": int(mask.sum())}
            rows.append(
                row | {"variant": variant, "bleu": score, "bleu_low": low, "bleu_high": high}
            )
    columns = {
        "tokens": Column("Source tokens"),
        "sentences": Column("Sentences", 0),
        "variant": Column("Variant"),
        "bleu": Column("BLEU, 1 ref.", 1),
    }
    caption = (
        f"BLEU on the {split} split by the length of the source, with 95 % intervals (bootstrap "
        f"over groups of sentences). {loss_sentence(pd.DataFrame(rows))}"
    )
    return Table(pd.DataFrame(rows), caption, columns, group=True)


def loss_sentence(frame: pd.DataFrame) -> str:
    """Return a sentence about how much each variant loses from the shortest to the longest."""
    bleu = frame.pivot_table("bleu", "variant", "tokens", sort=False)
    if bleu.shape[1] < 2:
        return "All sources have about the same length."
    losses = (bleu.iloc[:, 0] - bleu.iloc[:, -1]).sort_values()
    lines = ", ".join(f"{name} {loss:.1f}" for name, loss in losses.items())
    return f"From the shortest to the longest sources BLEU falls by: {lines}."


@house_style()
def lengths_figure(table: Table) -> Figure:
    """Return a line per variant: BLEU against the bins of source length."""
    figure = Figure(figsize=(7.5, 4), layout="constrained")
    axes = figure.subplots()
    for number, (variant, rows) in enumerate(table.frame.groupby("variant", sort=False)):
        axes.plot(rows["tokens"], rows["bleu"], label=variant, **line_style(number))
    axes.set_xlabel("Length of the source, tokens")
    axes.set_ylabel("BLEU, 1 reference")
    axes.set_ylim(bottom=0)
    figure.legend(loc="outside right upper")
    return figure
