"""The look of images, and how they become files that are the same bytes every time.

Images of trainings: losses per epoch, the schedule, the learning-rate range test.

The image of the scores: every seed's BLEU, and the mean of each variant.

Images of attention: curves per step as in the lesson, heat maps with the words.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter
from numpy.typing import NDArray
from pandas.core.groupby import SeriesGroupBy

from wordbridge.corpus.batches import AuxiliarySampler
from wordbridge.errors import InputError
from wordbridge.files import atomic_write
from wordbridge.report.translation import mean_and_deviation
from wordbridge.training.schedules import ScheduleSettings, learning_rate, momentum

INK, SOFT, RULE, ACCENT, MARK = "#1c2128", "#59636e", "#d5dbe1", "#0072b2", "#d55e00"

# Okabe and Ito's colours, told apart by colour-blind people; the yellow is too pale on white.
# Line style and marker differ too, for prints in grey.
COLOURS = ("#59636e", "#e69f00", "#009e73", "#0072b2", "#d55e00", "#cc79a7", "#56b4e9", "#000000")
DASHES = ("-", "--", "-.", "-", "-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

_STYLE: dict[Any, Any] = {
    "figure.facecolor": "white",
    "savefig.dpi": 160,
    "font.size": 10,
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
    "text.parse_math": False,  # a dollar sign in a sentence is a dollar sign
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
    "legend.frameon": False,
    "svg.hashsalt": "wordbridge",
}

# Writers put their version or the date here unless told not to.
_METADATA: dict[str, dict[str, str | None]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw as set here, whatever the machine's own matplotlibrc says."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def line_style(number: int) -> dict[str, Any]:
    """Return colour, dashes and marker of the ``number``-th variant (from 0)."""
    place = number % len(COLOURS)
    return {"color": COLOURS[place], "linestyle": DASHES[place], "marker": MARKERS[place]}


def clear(axes: Axes, sides: Sequence[str] = ("left", "bottom")) -> None:
    """Take the frame on ``sides``, the grid and the tick marks away from ``axes``."""
    axes.grid(visible=False)
    axes.tick_params(length=0)
    for side in sides:
        axes.spines[side].set_visible(False)


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write ``figure`` as PNG or SVG, by the ending of ``path``, without date or version.

    Raises InputError for another ending.
    """
    ending = Path(path).suffix
    if ending not in _METADATA:
        raise InputError(
            f"{path}: expected an image that ends in {' or '.join(_METADATA)}, got {ending!r}; "
            "name it so"
        )
    with house_style(), atomic_write(path) as partial:
        figure.savefig(partial, metadata=_METADATA[ending])


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
    "fit_loss": "Train images",
    "valid_loss": "Valid images of the same nouns",
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


def schedule_curves(
    variants: Mapping[str, Mapping[str, Any]], pairs: int, auxiliary: int
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return each variant's learning rates and momenta per step.

    ``variants`` are blocks of the configuration; ``pairs`` and ``auxiliary`` are the sizes of the
    train split and of the auxiliary text. Variants with a constant momentum have no momenta.
    """
    rates, momenta = {}, {}
    for name, block in variants.items():
        schedule, options = ScheduleSettings(**block["schedule"]), block["training"]
        pairs_per_epoch, epochs = options["auxiliary_pairs"], options["auxiliary_epochs"]
        sampler = AuxiliarySampler(pairs, auxiliary, pairs_per_epoch, epochs)
        steps = sampler.steps(options["batch_size"], options["epochs"])
        highest = options["learning_rate"]
        rates[name] = [learning_rate(schedule, step, steps, highest) for step in range(steps)]
        values = [momentum(schedule, step, steps) for step in range(steps)]
        moving = [value for value in values if value is not None]
        if moving:
            momenta[name] = moving
    return rates, momenta


def read_range_test(path: str | Path) -> tuple[list[float], list[float], float]:
    """Return the learning rates and losses of a range test, and the suggested rate."""
    table = pd.read_csv(path, sep="\t")
    suggestion = table.loc[table["suggested"], "learning_rate"].iloc[0]
    return list(table["learning_rate"]), list(table["loss"]), float(suggestion)


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
    # A diverging end would flatten the rest, which is what the image is for.
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


PANELS_SCORE_PLOT = {
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
    for half, (column, (label, colour, marker)) in enumerate(PANELS_SCORE_PLOT.items()):
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


Weights = NDArray[np.floating]

# White to the accent colour: nothing is white, and darker is more even when printed in grey.
_SHADES = LinearSegmentedColormap.from_list(
    "attention", ["#ffffff", "#9cc9e6", "#0072b2", "#00314d"]
)


@house_style()
def attention_curves(
    weights: Weights,
    source: Sequence[str],
    hypothesis: Sequence[str],
    steps: int = 9,
    title: str = "",
) -> Figure:
    """Return small plots, one per output step, of the attention over the source positions.

    ``weights`` has shape (output steps, source words), rows sum to 1. The first ``steps`` steps
    are drawn, three in a row as in the lesson, each under the word that was put out; the word
    that got most attention is named.
    """
    _check(weights, source, hypothesis)
    count = min(steps, len(hypothesis))
    rows = -(-count // 3)
    figure = Figure(figsize=(10.5, 0.9 + 1.75 * rows), layout="constrained")
    panels = figure.subplots(rows, min(3, count), sharex=True, sharey=True, squeeze=False).flat
    for number, axes in enumerate(panels):
        if number >= count:
            axes.set_visible(False)
            continue
        _curve(axes, weights[number], source, f"{number + 1}  {hypothesis[number]}")
        axes.set_xticks(range(len(source)), source, rotation=90, fontsize=8)
        axes.tick_params(length=0, labelbottom=number >= 3 * (rows - 1))
    _title(figure, title)
    return figure


def _curve(axes: Axes, row: Weights, source: Sequence[str], title: str) -> None:
    positions = np.arange(len(row))
    axes.fill_between(positions, row, color=ACCENT, alpha=0.15, linewidth=0)
    axes.plot(positions, row, color=ACCENT, linewidth=1.6)
    peak = int(np.argmax(row))
    axes.plot([peak], [row[peak]], "o", color=MARK, markersize=4)
    axes.annotate(
        source[peak],
        (peak, row[peak]),
        xytext=(-5 if peak > len(row) / 2 else 5, 2),
        textcoords="offset points",
        ha="right" if peak > len(row) / 2 else "left",
        fontsize=9,
        color=MARK,
    )
    axes.set_title(title)
    axes.set_ylim(0, 1.08)
    axes.set_yticks([0, 0.5, 1])


@house_style()
def attention_heat_map(
    weights: Weights, source: Sequence[str], hypothesis: Sequence[str], title: str = ""
) -> Figure:
    """Return the attention of every output word (rows) over the source words (columns).

    ``weights`` has shape (output words, source words). The bars above are the coverage: all the
    attention that a source word got (Tu et al. 2016, section 3), about 1 when translated once.
    """
    _check(weights, source, hypothesis)
    width, height = 0.34 * len(source), 0.34 * len(hypothesis)
    figure = Figure(figsize=(2.6 + width, 2.9 + height), layout="constrained")
    bars, grid = figure.subplots(2, 1, sharex=True, height_ratios=[1.0, max(1.0, height)])
    _coverage(bars, weights.sum(axis=0))
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
    _title(figure, title)
    return figure


def _title(figure: Figure, title: str) -> None:
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold")


def _coverage(axes: Axes, totals: Weights) -> None:
    axes.bar(range(len(totals)), totals, color=ACCENT, width=0.7)
    axes.axhline(1, color=MARK, linewidth=1, linestyle="--")
    axes.set_ylabel("Coverage", color=SOFT)
    axes.set_ylim(0, max(1.25, float(totals.max()) * 1.05))
    axes.set_yticks([0, 1])
    clear(axes, sides=("left",))
    axes.tick_params(axis="x", labelbottom=False)


def _check(weights: Weights, source: Sequence[str], hypothesis: Sequence[str]) -> None:
    if weights.shape != (len(hypothesis), len(source)) or not weights.size:
        raise InputError(
            f"attention of shape {weights.shape}: expected one row per output word and one column "
            f"per source word, at least one each, got {len(hypothesis)} and {len(source)} words; "
            "translate the sentence again"
        )
