"""Tables and figures of effects: of factors, alone and together, and of single changes."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.figure import Figure

from wordbridge.report.figures import ACCENT, INK, MARK, SOFT, house_style
from wordbridge.report.tables import Column, Table
from wordbridge.significance import LEVEL, Comparison
from wordbridge.translation.effects import Factors

Effects = Mapping[str, Mapping[Factors, Comparison]]  # by metric

TIMES = "\u00d7"
METRICS = {
    "bleu": Column("BLEU", 1),
    "chrf": Column("chrF", 1),
    "nll": Column("NLL", 3, note="negative log-likelihood in nats per token; lower is better"),
}
# Where only trainings differ, by normal differences with mean 0, p-values before correction are up
# to .05 in 48 % of 1,000 simulations with 2 seeds, in 29 % with 3, 16 % with 5 and 10 % with 10
# (tests/test_significance.py).
INTERVALS = (
    "In brackets are 95 % intervals (bootstrap over groups of sentences and over seeds); p is "
    "corrected for the number of rows after Holm 1979. Few seeds make intervals too narrow and p "
    "too small. BLEU and chrF are those with one reference."
)


def factorial_table(effects: Effects, seeds: int, updates: str, split: str, note: str) -> Table:
    """Return a row per effect, from trainings of ``updates`` steps each (see ``updates_text``).

    ``note`` ends the caption.
    """
    meaning = (
        "a factor: mean score with it minus that without it; several with "
        f"{TIMES}: how much larger the effect of one is with the others"
    )
    caption = (
        f"Effects on the {split} split, from all combinations of the factors with "
        f"{_seeds(seeds)} and {updates} updates each, all else equal. {INTERVALS}{note}"
    )
    return _table(effects, Column("Effect", note=meaning), caption)


def ablations_table(
    effects: Effects,
    baseline: str,
    scores: Mapping[str, float],
    seeds: int,
    updates: str,
    split: str,
    note: str,
) -> Table:
    """Return a row per change to ``baseline``, which has ``scores``.

    ``updates`` are the steps of each training (see ``updates_text``); ``note`` ends the caption.
    """
    numbers = ", ".join(
        f"{column.heading} {scores[name]:.{column.digits}f}" for name, column in METRICS.items()
    )
    caption = (
        f"Scores on the {split} split after a single change to {baseline} ({numbers}), minus "
        f"those of {baseline}; {_seeds(seeds)}, {updates} updates. {INTERVALS} An experiment "
        "with another split is scored on other sentences, also on those with a text or a group "
        "in its train split and on the others alone; these comparisons are not paired. NLL "
        f"compares only models with the same tokens and vocabulary.{note}"
    )
    return _table(effects, Column("Change"), caption)


def _table(effects: Effects, heading: Column, caption: str) -> Table:
    """Return a row per effect, with its 95 % interval and p-value for each metric."""
    frame, columns = pd.DataFrame({"effect": _names(effects)}), {"effect": heading}
    for name, column in METRICS.items():
        numbers = [name, f"{name}_low", f"{name}_high", f"{name}_p"]
        frame[numbers] = list(effects[name].values())
        columns |= {name: column, f"{name}_p": Column("p", 3)}
    return Table(frame, caption, columns)


def _names(effects: Effects) -> list[str]:
    return [f" {TIMES} ".join(factors) for factors in effects["bleu"]]


def updates_text(count: int, stops_early: bool) -> str:
    """Return the number of steps as text, "at most" this number if a training may stop early."""
    return f"at most {count:,}" if stops_early else f"{count:,}"


def _seeds(number: int) -> str:
    return "one seed" if number == 1 else f"{number} seeds"


@house_style()
def effects_figure(effects: Effects, title: str) -> Figure:
    """Return a panel per metric with each effect and its interval; right of zero is better."""
    names = _names(effects)
    figure = Figure(figsize=(10.5, 1.6 + 0.42 * len(names)), layout="constrained")
    panels = figure.subplots(1, len(METRICS), sharey=True)
    for axes, (metric, column) in zip(panels, METRICS.items(), strict=True):
        axes.axvline(0, color=SOFT, linewidth=1)
        for row, change in enumerate(effects[metric].values()):
            colour = SOFT
            if change.p_value <= LEVEL:
                is_better = (change.difference < 0) == (metric == "nll")
                colour = ACCENT if is_better else MARK
            axes.plot([change.low, change.high], [row, row], color=colour, linewidth=2.4)
            axes.plot(change.difference, row, "o", color=colour, markersize=7)
        axes.set_title(column.heading)
        if metric == "nll":
            axes.invert_xaxis()
        axes.set_xlabel("better \u2192", color=SOFT, loc="right")
        axes.grid(visible=False, axis="y")
    panels[0].set_yticks(range(len(names)), names, color=INK)
    panels[0].invert_yaxis()
    figure.suptitle(title, x=0.01, ha="left")
    handles = [
        panels[0].plot([], [], "o-", color=colour, label=label)[0]
        for colour, label in ((ACCENT, "better"), (MARK, "worse"), (SOFT, "not significant"))
    ]
    figure.legend(handles=handles, loc="outside lower right", ncols=3)
    return figure
