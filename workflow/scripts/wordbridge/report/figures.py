"""Figures of the report: losses, schedules, range tests and scores, and the style of all figures.

Equal data gives equal bytes: no file depends on the date or on the user's matplotlibrc.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib.style
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter

from wordbridge.corpus.ids import AuxiliarySampler, TokenIds
from wordbridge.files import atomic_write
from wordbridge.training.schedules import ScheduleSettings, learning_rate, momentum

Curves = dict[str, list[float]]  # a value per training step, by variant

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


def one_panel(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure of a size in inches, and its only panel."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


@house_style()
def lines_figure(lines: Iterable[tuple[Any, pd.Series]], xlabel: str, ylabel: str) -> Figure:
    """Return a line for each variant and its values, against their index."""
    figure, axes = one_panel(7.5, 4)
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


# ---- Losses and schedules ------------------------------------------------------------------------

LOSSES = {
    "train_loss": "Training (running average)",
    "free_running_loss": "Validation, free running",
    "nll": "Validation, teacher forcing",
}
HEAD_LOSSES = {"fit_loss": "Train images", "valid_loss": "Valid images of the same nouns"}


@house_style()
def losses_figure(metrics: pd.DataFrame, published: pd.DataFrame | None = None) -> Figure:
    """Return the losses of all variants per epoch: mean, minimum and maximum over the seeds.

    ``metrics`` has the columns variant, seed, epoch, train_loss, free_running_loss and nll (all in
    nats); ``published`` has run instead of seed, no nll, and is drawn as thin lines.
    """
    figure, panels = _epochs_panels(LOSSES.values(), 2.5, (4, 4.6), sharey=True)
    for axes, column in zip(panels, LOSSES, strict=True):
        for number, (variant, runs) in enumerate(metrics.groupby("variant", sort=False)):
            style = line_style(number)
            last = runs.sort_values("epoch").groupby("seed")[column].last().mean()
            _mean_and_band(axes, runs, column, f"{variant}  {last:.2f}", style)
            if published is not None and column in published.columns:
                for _, run in published[published["variant"] == variant].groupby("run"):
                    thin = {"color": style["color"], "linewidth": 0.9, "alpha": 0.6, "zorder": 2}
                    axes.plot(run["epoch"], run[column], **thin)
        # Losses start far apart; the numbers are plain all the same.
        axes.set_yscale("log")
        low, high = axes.get_ylim()
        ticks = (0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 15, 20)
        axes.set_yticks([tick for tick in ticks if low <= tick <= high])
        axes.yaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.tick_params(axis="y", which="minor", length=0)
    panels[0].set_ylabel("Cross-entropy (nats, log scale)")
    handles, labels = panels[1].get_legend_handles_labels()
    heading = "Last free-running loss"
    heading += "\n(thin lines: published in 2018)" if published is not None else ""
    figure.legend(handles, labels, loc="outside right upper", title=heading, alignment="left")
    return figure


@house_style()
def head_losses_figure(metrics: pd.DataFrame) -> Figure:
    """Return a panel per head: mean, minimum and maximum of its losses over the seeds per epoch.

    ``metrics`` has the columns variant, seed, epoch, fit_loss and valid_loss, both without
    dropout. The heads have different loss functions, hence the panels have separate scales.
    """
    heads = dict(iter(metrics.groupby("variant", sort=False)))
    figure, panels = _epochs_panels(heads, 2.2, (3.6, 4.2))
    for axes, runs in zip(panels, heads.values(), strict=True):
        for number, (column, label) in enumerate(HEAD_LOSSES.items(), start=3):
            _mean_and_band(axes, runs, column, label, line_style(number))
        axes.set_ylim(bottom=0)
    panels[0].set_ylabel("Loss of the head")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right upper")
    return figure


def _epochs_panels(
    titles: Collection[str], legend: float, size: tuple[float, float], sharey: bool = False
) -> tuple[Figure, Sequence[Axes]]:
    """Return a figure with a panel of ``size`` per title, beside a ``legend`` of this width."""
    width = legend + size[0] * len(titles)
    figure = Figure(figsize=(width, size[1]), layout="constrained")
    panels = figure.subplots(1, len(titles), sharey=sharey, squeeze=False)[0]
    for axes, title in zip(panels, titles, strict=True):
        axes.set_title(title)
        axes.set_xlabel("Epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure, panels


def _mean_and_band(
    axes: Axes, runs: pd.DataFrame, column: str, label: str, style: dict[str, Any]
) -> None:
    """Draw the mean of a column over the runs per epoch, and a band from minimum to maximum."""
    epochs = runs.groupby("epoch")[column].agg(["mean", "min", "max"])
    axes.plot(epochs.index, epochs["mean"], label=label, zorder=3, **style)
    band = {"color": style["color"], "alpha": 0.18, "linewidth": 0}
    axes.fill_between(epochs.index, epochs["min"], epochs["max"], **band)


def schedule_curves(
    variants: Mapping[str, Mapping[str, Any]], texts: TokenIds
) -> tuple[Curves, Curves]:
    """Return the learning rates and momenta per step of each variant.

    ``variants`` are blocks of the configuration; ``texts`` are those of one language. Variants with
    a constant momentum have no momenta.
    """
    pairs, auxiliary = (len(texts.rows(split)) for split in ("train", "auxiliary"))
    rates: Curves = {}
    momenta: Curves = {}
    for name, block in variants.items():
        schedule, training = ScheduleSettings(**block["schedule"]), block["training"]
        drawn = training["auxiliary_pairs"], training["auxiliary_epochs"]
        sampler = AuxiliarySampler(pairs, auxiliary, *drawn)
        steps = sampler.steps(training["batch_size"], training["epochs"])
        highest = training["learning_rate"]
        rates[name] = [learning_rate(schedule, step, steps, highest) for step in range(steps)]
        values = (momentum(schedule, step, steps) for step in range(steps))
        if changing := [value for value in values if value is not None]:
            momenta[name] = changing
    return rates, momenta


@house_style()
def schedule_figure(rates: Curves, momenta: Curves) -> Figure:
    """Return learning rates and any momenta against the step; equal curves share one line."""
    curves = [("Learning rate", rates), *[("Momentum", momenta)] * bool(momenta)]
    figure = Figure(figsize=(9.5, 1.6 + 2 * len(curves)), layout="constrained")
    panels = figure.subplots(len(curves), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (title, steps) in zip(panels, curves, strict=True):
        variants: dict[tuple[float, ...], list[str]] = {}
        for variant, values in steps.items():
            variants.setdefault(tuple(values), []).append(variant)
        for number, (curve, names) in enumerate(variants.items(), start=3):
            axes.plot(curve, label=", ".join(names), **line_style(number) | {"marker": ""})
        axes.set_title(title)
        axes.set_ylim(bottom=0 if title == "Learning rate" else None)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    panels[-1].set_xlabel("Step")
    return figure


@house_style()
def range_test_figure(table: pd.DataFrame) -> Figure:
    """Return the loss, a running average, against the learning rate of a range test.

    ``table`` has the columns learning_rate, loss and suggested, which is true in one row.
    As in the lesson, the first 10 and the last 6 steps are left out, unless no step would remain
    (Smith 2017, "Cyclical learning rates", section 3.3).
    """
    steps = table[10:-6] if len(table) > 16 else table
    suggestion = table.loc[table["suggested"], "learning_rate"].iloc[0]
    figure, axes = one_panel(7.5, 4.2)
    axes.plot(steps["learning_rate"], steps["loss"], color=ACCENT)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    # A loss that diverges at the end would flatten the curve before it.
    highest = 1.3 * steps["loss"].iloc[0]
    if steps["loss"].max() > highest > 0:
        axes.set_ylim(top=highest)
    axes.axvline(suggestion, color=MARK, linestyle="--", linewidth=1.4)
    axes.annotate(
        f"suggestion {suggestion:.1e}", (suggestion, 1), xycoords=axes.get_xaxis_transform(),
        xytext=(6, -4), textcoords="offset points", va="top", color=INK,
    )  # fmt: skip
    axes.set_title("Learning-rate range test")
    axes.set_xlabel("Learning rate (log scale)")
    axes.set_ylabel("Training loss (running average)", color=SOFT)
    return figure


@house_style()
def scores_figure(records: Sequence[Mapping[str, Any]]) -> Figure:
    """Return bleu_single and bleu_multi of every run as marks, and means over seeds as bars."""
    variants = dict(iter(pd.DataFrame(records).groupby("variant", sort=False)))
    figure, axes = one_panel(7.5, 1.5 + 0.62 * len(variants))
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
