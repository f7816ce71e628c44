"""Tables and figures of trainings: losses, exposure bias, schedules and range tests."""

from collections.abc import Collection, Mapping, Sequence
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, MaxNLocator, NullFormatter

from wordbridge.corpus.ids import AuxiliarySampler, TokenIds
from wordbridge.report.figures import (
    ACCENT,
    INK,
    MARK,
    SOFT,
    house_style,
    line_style,
    lines_figure,
    one_panel,
)
from wordbridge.report.tables import Column, Table, aggregate_seeds
from wordbridge.training.schedules import ScheduleSettings, learning_rate, momentum

Curves = dict[str, list[float]]  # a value per training step, by variant

# ---- Losses --------------------------------------------------------------------------------------


def training_table(metrics: pd.DataFrame) -> Table:
    """Return the table of the losses of every epoch, from the rows of ``read_metrics``."""
    columns = {
        "variant": Column("Variant"),
        "seed": Column("Seed", 0),
        "epoch": Column("Epoch", 0),
        "forcing": Column("Forcing", 2, note="probability that the decoder reads the true token"),
        "train_loss": Column(
            "Training", 4,
            note="running average over the batches, with the dropout, forcing, label smoothing "
            "and auxiliary text of the variant; not comparable with the other losses",
        ),
        "free_running_loss": Column(
            "Validation", 4, note="on the validation split, free running as in the lesson"
        ),
        "nll": Column("NLL/token", 4, note="on the validation split, with teacher forcing"),
        "bleu": Column(
            "BLEU", 2,
            note="on the validation split: greedy translations, one reference, the model's tokens",
        ),
    }  # fmt: skip
    caption = "Losses in nats and BLEU of each epoch."
    return Table(metrics[list(columns)], caption, columns, group=True)


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
        shown = [tick for tick in ticks if low <= tick <= high]
        axes.yaxis.set_major_locator(FixedLocator(shown) if len(shown) > 1 else MaxNLocator(5))
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
    figure, panels = _epochs_panels(heads, 2.2, (3.6, 3.2))
    for axes, runs in zip(panels, heads.values(), strict=True):
        for number, (column, label) in enumerate(HEAD_LOSSES.items(), start=3):
            _mean_and_band(axes, runs, column, label, line_style(number))
        axes.set_ylim(bottom=0)
    for axes in panels[::3]:
        axes.set_ylabel("Loss of the head")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right upper")
    return figure


def _epochs_panels(
    titles: Collection[str], legend: float, size: tuple[float, float], sharey: bool = False
) -> tuple[Figure, Sequence[Axes]]:
    """Return a figure with a panel of ``size`` per title, beside a ``legend`` of this width.

    A row has three panels.
    """
    rows, columns = ceil(len(titles) / 3), min(len(titles), 3)
    figure = Figure(figsize=(legend + size[0] * columns, size[1] * rows), layout="constrained")
    cells = figure.subplots(rows, columns, sharey=sharey, squeeze=False).ravel().tolist()
    panels: list[Axes] = cells[: len(titles)]
    for axes in cells[len(titles) :]:
        axes.remove()
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


# ---- Exposure bias -------------------------------------------------------------------------------

EXPOSURE = {
    "variant": Column("Variant"),
    "forcing": Column("Forcing", note="whether any epoch was trained with teacher forcing"),
    "seeds": Column("Seeds", 0),
    "nll": Column("Teacher-forced loss", 3, best="low", note="given the true previous words"),
    "free_running_loss": Column(
        "Free-running loss", 3, best="low",
        note="given the model's own words; padding counts, as in the lesson",
    ),
    "gap": Column("Gap", 3),
}  # fmt: skip


def exposure_table(metrics: pd.DataFrame) -> Table:
    """Return both losses at the last epoch, and their gap, from the rows of ``read_metrics``."""
    rows = metrics.assign(gap=metrics["free_running_loss"] - metrics["nll"])
    last = rows.groupby(["variant", "seed"], sort=False).last().reset_index()
    highest = last["variant"].map(rows.groupby("variant")["forcing"].max())
    last["forcing"] = np.where(highest > 0, "yes", "no")
    frame = aggregate_seeds(last, ("nll", "free_running_loss", "gap"), ("forcing",))
    words = {"no": "without", "yes": "with"}
    gaps = [
        f"{_extent(rows['gap'])} for variants {words[forcing]} teacher forcing"
        for forcing, rows in frame.groupby("forcing")
    ]
    caption = (
        "Exposure bias: losses on the validation split at the last epoch in nats, means and "
        "standard deviations over the seeds. The free-running loss exceeds the teacher-forced one "
        f"by {' and by '.join(gaps)}."
    )
    return Table(frame, caption, EXPOSURE)


def exposure_figure(metrics: pd.DataFrame) -> Figure:
    """Return the gap of both losses per epoch, a line per variant; mean over the seeds."""
    gaps = metrics.assign(gap=metrics["free_running_loss"] - metrics["nll"])
    means = (
        (variant, rows.groupby("epoch")["gap"].mean())
        for variant, rows in gaps.groupby("variant", sort=False)
    )
    figure = lines_figure(means, "Epoch", "Free-running minus teacher-forced loss (nats)")
    (axes,) = figure.axes
    axes.axhline(0, color=SOFT, linewidth=1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def _extent(gaps: pd.Series) -> str:
    """Return the mean of the gaps with the lowest and the highest, if they differ."""
    low, high = f"{gaps.min():z.2f}", f"{gaps.max():z.2f}"
    return low if low == high else f"{gaps.mean():z.2f} ({low} to {high})"


# ---- Learning rates ------------------------------------------------------------------------------


def schedule_curves(
    variants: Mapping[str, Mapping[str, Any]], texts: TokenIds
) -> tuple[Curves, Curves]:
    """Return the learning rates and momenta per step of each variant.

    ``variants`` are blocks of the configuration; ``texts`` are those of one language. Variants with
    a constant momentum have no momenta.
    """
    pairs, auxiliary = len(texts.rows("train")), len(texts.rows("auxiliary"))
    rates: Curves = {}
    momenta: Curves = {}
    for name, block in variants.items():
        schedule, training = ScheduleSettings(**block["schedule"]), block["training"]
        drawn = training["auxiliary_pairs"], training["auxiliary_epochs"]
        sampler = AuxiliarySampler(pairs, auxiliary, *drawn)
        steps = sampler.steps(training["batch_size"], training["epochs"])
        highest = training["learning_rate"]
        rates[name] = [learning_rate(schedule, step, steps, highest) for step in range(steps)]
        values = [momentum(schedule, step, steps) for step in range(steps)]
        changing = [value for value in values if value is not None]
        if changing:
            momenta[name] = changing
    return rates, momenta


@house_style()
def schedule_figure(rates: Curves, momenta: Curves) -> Figure:
    """Return learning rates and any momenta against the step; equal curves share one line."""
    curves = [("Learning rate", rates)]
    if momenta:
        curves.append(("Momentum", momenta))
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
    figure, axes = one_panel(4.2)
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
