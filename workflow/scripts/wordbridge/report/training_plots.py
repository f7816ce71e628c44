"""Pictures of trainings: losses per epoch, the schedule, the learning-rate range test."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter
from pandas.core.groupby import SeriesGroupBy

from wordbridge.report.canvas import ACCENT, INK, MARK, SOFT, house_style, line_style

PANELS = {
    "train_loss": "Training (running average)",
    "free_running_loss": "Validation, free running",
    "nll": "Validation, words given",
}


@house_style()
def losses_figure(metrics: pd.DataFrame, published: pd.DataFrame | None = None) -> Figure:
    """Return the losses of all variants per epoch: means over the seeds, bands from least to most.

    ``metrics`` has the columns variant, seed, epoch, train_loss, free_running_loss and perhaps
    nll (all in nats); ``published`` has run in place of seed and is drawn as thin lines.
    """
    shown = {column: title for column, title in PANELS.items() if column in metrics.columns}
    figure = Figure(figsize=(2.5 + 4 * len(shown), 4.6), layout="constrained")
    panels = figure.subplots(1, len(shown), sharey=True, squeeze=False)[0]
    for axes, (column, title) in zip(panels, shown.items(), strict=True):
        for number, variant in enumerate(dict.fromkeys(metrics["variant"])):
            _loss_line(axes, metrics[metrics["variant"] == variant], column, number)
            if published is not None and column in published.columns:
                _published_lines(axes, published[published["variant"] == variant], column, number)
        axes.set_title(title)
        axes.set_xlabel("Epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        _readable_log(axes)
    panels[0].set_ylabel("Cross-entropy (nats, log scale)")
    handles, labels = panels[1].get_legend_handles_labels()
    title = "Last free-running loss"
    title += "\n(thin: as printed in 2018)" if published is not None else ""
    figure.legend(handles, labels, loc="outside right upper", title=title, alignment="left")
    return figure


def _loss_line(axes: Axes, runs: pd.DataFrame, column: str, number: int) -> None:
    last = runs.sort_values("epoch").groupby("seed")[column].last().mean()
    label = f"{runs['variant'].iloc[0]}  {last:.2f}"
    _mean_and_band(axes, runs.groupby("epoch", sort=True)[column], label, line_style(number))


def _mean_and_band(axes: Axes, epochs: SeriesGroupBy, label: str, style: dict[str, Any]) -> None:
    mean, least, most = epochs.mean(), epochs.min(), epochs.max()
    axes.plot(mean.index, mean, label=label, zorder=3, **style)
    axes.fill_between(mean.index, least, most, color=style["color"], alpha=0.18, linewidth=0)


def _published_lines(axes: Axes, runs: pd.DataFrame, column: str, number: int) -> None:
    colour = line_style(number)["color"]
    for _, run in runs.groupby("run", sort=True):
        axes.plot(run["epoch"], run[column], color=colour, linewidth=0.9, alpha=0.6, zorder=2)


def _readable_log(axes: Axes) -> None:
    """Make the vertical axis logarithmic with plain numbers: forced variants start far above."""
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    ticks = [
        tick for tick in (0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 15, 20) if low <= tick <= high
    ]
    axes.set_yticks(ticks)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="y", which="minor", length=0)


HEAD_LOSSES = {
    "fit_loss": "Train pictures",
    "valid_loss": "Valid pictures of the same nouns",
}


@house_style()
def head_losses_figure(metrics: pd.DataFrame) -> Figure:
    """Return a panel per head: mean losses per epoch over the seeds, with bands to the extremes.

    ``metrics`` has the columns variant, seed, epoch, fit_loss and valid_loss, both without
    dropout. Each head has a loss of its own, so the panels have scales of their own.
    """
    heads = list(dict.fromkeys(metrics["variant"]))
    figure = Figure(figsize=(2.2 + 3.6 * len(heads), 4.2), layout="constrained")
    panels = figure.subplots(1, len(heads), squeeze=False)[0]
    for axes, head in zip(panels, heads, strict=True):
        epochs = metrics[metrics["variant"] == head].groupby("epoch", sort=True)
        for number, (column, label) in enumerate(HEAD_LOSSES.items()):
            style = line_style(number + 3)
            _mean_and_band(axes, epochs[column], label, style)
        axes.set_title(head)
        axes.set_xlabel("Epoch")
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    panels[0].set_ylabel("Loss of the head's own kind")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right upper")
    return figure


@house_style()
def schedule_figure(
    rates: Mapping[str, Sequence[float]],
    momenta: Mapping[str, Sequence[float]] | None = None,
) -> Figure:
    """Return the learning rate of each variant against the step, and the momentum if it moves.

    ``rates`` and ``momenta`` map variants to one figure per step. Variants with the same curve
    share one line.
    """
    curves = [("Learning rate", rates)] + ([("Momentum", momenta)] if momenta else [])
    figure = Figure(figsize=(9.5, 1.6 + 2 * len(curves)), layout="constrained")
    panels = figure.subplots(len(curves), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (title, steps) in zip(panels, curves, strict=True):
        for number, (names, values) in enumerate(_alike(steps).items()):
            style = line_style(number + 3) | {"marker": ""}
            axes.plot(values, label=names, **style)
        axes.set_title(title)
        axes.set_ylim(bottom=0 if title == "Learning rate" else None)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    panels[-1].set_xlabel("Step")
    return figure


def _alike(curves: Mapping[str, Sequence[float]]) -> dict[str, Sequence[float]]:
    """Return each distinct curve under the names of all variants that have it."""
    names: dict[tuple[float, ...], list[str]] = {}
    for variant, values in curves.items():
        names.setdefault(tuple(values), []).append(variant)
    return {", ".join(variants): values for values, variants in names.items()}


@house_style()
def range_test_figure(
    rates: Sequence[float],
    losses: Sequence[float],
    suggestion: float,
    skip: tuple[int, int] = (10, 6),
) -> Figure:
    """Return the loss, a running average, against the learning rate of a range test.

    The suggestion is marked. As in the lesson, the first ``skip[0]`` and the last ``skip[1]``
    steps are left out, unless nothing would be left (Smith 2017, "Cyclical learning rates",
    section 3.3).
    """
    shown = slice(skip[0], len(rates) - skip[1]) if len(rates) > sum(skip) else slice(None)
    figure = Figure(figsize=(7.5, 4.2), layout="constrained")
    axes = figure.subplots()
    axes.plot(rates[shown], losses[shown], color=ACCENT)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    finite = [loss for loss in losses[shown] if math.isfinite(loss)]
    # A diverging end would flatten the rest, which is what the picture is for.
    if finite and max(finite) > 1.3 * finite[0] > 0:
        axes.set_ylim(top=1.3 * finite[0])
    axes.axvline(suggestion, color=MARK, linestyle="--", linewidth=1.4)
    axes.annotate(
        f"suggestion {suggestion:.1e}",
        (suggestion, 1),
        xycoords=axes.get_xaxis_transform(),
        xytext=(6, -4),
        textcoords="offset points",
        va="top",
        color=INK,
    )
    axes.set_title("Learning-rate range test")
    axes.set_xlabel("Learning rate (log scale)")
    axes.set_ylabel("Training loss (running average)", color=SOFT)
    return figure
