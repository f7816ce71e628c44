"""The style of all figures, and figures of scores.

Equal data gives equal bytes: no file depends on the date or on the user's matplotlibrc.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib.style
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from wordbridge.files import atomic_write

INK, SOFT, RULE, ACCENT, MARK = "#1c2128", "#59636e", "#d5dbe1", "#0072b2", "#d55e00"

# Okabe and Ito's colours for colour-blind readers, without yellow, which is too pale on white.
# Line style and marker differ as well, for prints in grey.
COLOURS = ("#59636e", "#e69f00", "#009e73", "#0072b2", "#d55e00", "#cc79a7", "#56b4e9", "#000000")
DASHES = ("-", "--", "-.", "-", "-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

_STYLE: dict[Any, Any] = {
    "figure.facecolor": "white",
    "savefig.dpi": 160,
    "font.size": 10,
    "figure.titlesize": 11,
    "figure.titleweight": "bold",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": SOFT,
    "axes.edgecolor": SOFT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "text.parse_math": False,  # a dollar sign in a sentence starts no formula
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
    "legend.frameon": False,
}


# A context and decorator that draws in this style, without the user's matplotlibrc.
house_style = partial(matplotlib.style.context, _STYLE, after_reset=True)


def line_style(number: int) -> dict[str, Any]:
    """Return colour, dashes and marker of the ``number``-th variant (from 0)."""
    index = number % len(COLOURS)
    return {"color": COLOURS[index], "linestyle": DASHES[index], "marker": MARKERS[index]}


def one_panel(height: float) -> tuple[Figure, Axes]:
    """Return a figure of a height in inches, and its only panel."""
    figure = Figure(figsize=(7.5, height), layout="constrained")
    return figure, figure.subplots()


@house_style()
def lines_figure(lines: Iterable[tuple[Any, pd.Series]], xlabel: str, ylabel: str) -> Figure:
    """Return a line for each variant and its values, against their index."""
    figure, axes = one_panel(4)
    for number, (variant, values) in enumerate(lines):
        axes.plot(values, label=variant, **line_style(number))
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    figure.legend(loc="outside right upper")
    return figure


def clear(axes: Axes, sides: Sequence[str] = ("left", "bottom")) -> None:
    """Remove the frame on ``sides``, the grid and the tick marks from ``axes``."""
    axes.grid(visible=False)
    axes.tick_params(length=0)
    for side in sides:
        axes.spines[side].set_visible(False)


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write ``figure`` as PNG, without the version of matplotlib."""
    with house_style(), atomic_write(path) as partial:
        figure.savefig(partial, format="png", metadata={"Software": None})


@house_style()
def scores_figure(records: Sequence[Mapping[str, Any]]) -> Figure:
    """Return bleu_single and bleu_multi of every run as marks, and means over seeds as bars."""
    variants = dict(iter(pd.DataFrame(records).groupby("variant", sort=False)))
    figure, axes = one_panel(1.5 + 0.62 * len(variants))
    for column, label, colour, marker, shift in (
        ("bleu_single", "One reference", ACCENT, "o", -0.18),
        ("bleu_multi", "All references", MARK, "D", 0.18),
    ):
        for row, runs in enumerate(variants.values()):
            scores, mean, height = runs[column], runs[column].mean(), row + shift
            axes.barh(height, mean, 0.32, color=colour, alpha=0.3, linewidth=0)
            axes.plot(
                scores, [height] * len(scores), marker, color=colour, markersize=5, alpha=0.9,
                label=label if row == 0 else None,
            )  # fmt: skip
            axes.annotate(
                f"{mean:.1f}", (scores.max(), height), xytext=(8, 0), textcoords="offset points",
                va="center", fontsize=9, color=INK,
            )  # fmt: skip
    axes.set_yticks(range(len(variants)), list(variants), color=INK)
    axes.invert_yaxis()
    axes.set_xlabel("BLEU (bars: mean, marks: seeds)")
    axes.grid(visible=False, axis="y")
    axes.margins(x=0.1)
    axes.set_xlim(left=0)
    figure.legend(loc="outside upper left", ncols=2)
    return figure
