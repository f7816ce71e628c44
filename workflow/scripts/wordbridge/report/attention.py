"""Figures of attention: heat maps, and curves per output step as in the lesson."""

from collections.abc import Sequence
from math import ceil

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from wordbridge.report.figures import ACCENT, MARK, SOFT, clear, house_style

Weights = NDArray[np.floating]

# From white (0) to the accent colour; darker is higher in grey prints, too.
_SHADES = LinearSegmentedColormap.from_list(
    "attention", ["#ffffff", "#9cc9e6", "#0072b2", "#00314d"]
)


@house_style()
def attention_curves(
    weights: Weights, source: Sequence[str], hypothesis: Sequence[str], title: str
) -> Figure:
    """Return small plots, one per output step, of the attention over the source positions.

    ``weights`` has shape (output steps, source words). The first nine steps are drawn, three in a
    row as in the lesson, each under its output word; a label names the source word with the highest
    weight.
    """
    count = min(9, len(hypothesis))
    rows = ceil(count / 3)
    figure = Figure(figsize=(10.5, 0.9 + 1.75 * rows), layout="constrained")
    panels = figure.subplots(rows, min(3, count), sharex=True, sharey=True, squeeze=False).flat
    for number, axes in enumerate(panels):
        if number >= count:
            axes.set_visible(False)
            continue
        row = weights[number]
        axes.fill_between(np.arange(len(row)), row, color=ACCENT, alpha=0.15, linewidth=0)
        axes.plot(row, color=ACCENT, linewidth=1.6)
        peak = int(np.argmax(row))
        axes.plot([peak], [row[peak]], "o", color=MARK, markersize=4)
        shift, side = (-5, "right") if peak > len(row) / 2 else (5, "left")
        axes.annotate(
            source[peak], (peak, row[peak]), xytext=(shift, 2), textcoords="offset points", ha=side,
            fontsize=9, color=MARK,
        )  # fmt: skip
        axes.set_title(f"{number + 1}  {hypothesis[number]}")
        axes.set_ylim(0, 1.08)
        axes.set_yticks([0, 0.5, 1])
        axes.set_xticks(range(len(source)), source, rotation=90, fontsize=8)
        axes.tick_params(length=0, labelbottom=number >= 3 * (rows - 1))
    figure.suptitle(title, x=0.01, ha="left")
    return figure


@house_style()
def attention_heat_map(
    weights: Weights, source: Sequence[str], hypothesis: Sequence[str], title: str
) -> Figure:
    """Return the attention of every output word (rows) over the source words (columns).

    ``weights`` has shape (output words, source words). The bars above show the coverage of each
    source word, its sum of attention (Tu et al. 2016, section 3): about 1 when translated once.
    """
    width, height = 0.34 * len(source), 0.34 * len(hypothesis)
    figure = Figure(figsize=(2.6 + width, 2.9 + height), layout="constrained")
    bars, grid = figure.subplots(2, 1, sharex=True, height_ratios=[1.0, max(1.0, height)])
    coverage = weights.sum(axis=0)
    bars.bar(range(len(coverage)), coverage, color=ACCENT, width=0.7)
    bars.axhline(1, color=MARK, linewidth=1, linestyle="--")
    bars.set_ylabel("Coverage", color=SOFT)
    bars.set_ylim(0, max(1.25, float(coverage.max()) * 1.05))
    bars.set_yticks([0, 1])
    clear(bars, sides=("left",))
    bars.tick_params(axis="x", labelbottom=False)
    image = grid.imshow(weights, cmap=_SHADES, vmin=0, vmax=1, aspect="auto")
    grid.set_xticks(range(len(source)), source, rotation=60, ha="right", rotation_mode="anchor")
    grid.set_yticks(range(len(hypothesis)), hypothesis)
    grid.set_xticks(np.arange(len(source) - 1) + 0.5, minor=True)
    grid.set_yticks(np.arange(len(hypothesis) - 1) + 0.5, minor=True)
    clear(grid)
    grid.grid(which="minor", color="#eef1f4", linewidth=0.8)
    grid.tick_params(which="minor", length=0)
    grid.tick_params(labelcolor="#1c2128")
    scale = figure.colorbar(image, ax=grid, shrink=min(1.0, 1.6 / height), aspect=12, pad=0.02)
    scale.outline.set_visible(False)
    scale.set_label("Attention")
    figure.suptitle(title, x=0.01, ha="left")
    return figure
