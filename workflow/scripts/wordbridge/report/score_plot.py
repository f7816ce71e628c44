"""The picture of the scores: every seed's BLEU, and the mean of each variant."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from wordbridge.report.canvas import ACCENT, INK, MARK, house_style
from wordbridge.translation.spread import mean_and_deviation

PANELS = {
    "bleu_single": ("One reference", ACCENT, "o"),
    "bleu_multi": ("All references", MARK, "D"),
}


@house_style()
def scores_figure(records: Sequence[Mapping[str, Any]]) -> Figure:
    """Return BLEU of every run as a dot and of every variant as a bar with its mean.

    ``records`` have variant, bleu_single and bleu_multi (points).
    """
    variants = list(dict.fromkeys(str(record["variant"]) for record in records))
    figure = Figure(figsize=(7.5, 1.5 + 0.62 * len(variants)), layout="constrained")
    axes = figure.subplots()
    for half, (column, (label, colour, marker)) in enumerate(PANELS.items()):
        for row, variant in enumerate(variants):
            scores = [record[column] for record in records if str(record["variant"]) == variant]
            mean, _ = mean_and_deviation(scores)
            height = row + (half - 0.5) * 0.36
            axes.barh(height, mean, 0.32, color=colour, alpha=0.3, linewidth=0)
            axes.plot(
                scores, [height] * len(scores), marker, color=colour, markersize=5, alpha=0.9,
                label=label if row == 0 else None,
            )  # fmt: skip
            axes.annotate(
                f"{mean:.1f}", (max(scores), height), xytext=(8, 0), textcoords="offset points",
                va="center", fontsize=9, color=INK,
            )  # fmt: skip
    axes.set_yticks(range(len(variants)), variants, color=INK)
    axes.invert_yaxis()
    axes.set_xlabel("BLEU (bars: mean, marks: seeds)")
    axes.grid(visible=False, axis="y")
    axes.margins(x=0.1)
    axes.set_xlim(left=0)
    figure.legend(loc="outside upper left", ncols=2)
    return figure
