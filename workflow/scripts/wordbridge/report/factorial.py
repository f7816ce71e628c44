"""The table and the figure of a factorial experiment: effects of factors, alone and together."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from wordbridge.report.figures import ACCENT, INK, MARK, SOFT, house_style
from wordbridge.report.tables import Column, Table
from wordbridge.translation.factorial import Effect
from wordbridge.translation.significance import LEVEL

TIMES = "\u00d7"
METRICS = {"bleu": "BLEU", "chrf": "chrF", "nll": "NLL"}  # with one reference


def effects_table(effects: Sequence[Effect], seeds: int, updates: int, split: str) -> Table:
    """Return a row per effect, with its 95 % interval and p-value for each metric.

    ``updates`` is the number of training steps of each variant.
    """
    rows: dict[tuple[str, ...], dict[str, object]] = {}
    for effect in effects:
        row = rows.setdefault(effect.factors, {"effect": f" {TIMES} ".join(effect.factors)})
        each, name = effect.comparison, effect.metric
        row |= {
            name: each.difference,
            f"{name}_low": each.low,
            f"{name}_high": each.high,
            f"{name}_p": each.p_value,
        }
    columns = {
        "effect": Column(
            "Effect",
            note="a factor: mean score with it minus that without it; several with "
            f"{TIMES}: how much larger the effect of one is with the others",
        )
    }
    for name, heading in METRICS.items():
        note = "negative log-likelihood in nats per token; lower is better"
        digits = 3 if name == "nll" else 1
        columns[name] = Column(heading, digits, note=note if name == "nll" else "")
        columns[f"{name}_p"] = Column("p", 3)
    number = "one seed" if seeds == 1 else f"{seeds} seeds"
    caption = (
        f"Effects on the {split} split, from all combinations of the factors with {number} "
        f"and {updates:,} updates each, all else equal. In brackets are 95 % intervals (bootstrap "
        "over groups of sentences and over seeds); p is corrected for the number of effects after "
        "Holm 1979. BLEU and chrF are those with one reference."
    )
    return Table(pd.DataFrame(list(rows.values())), caption, columns)


@house_style()
def effects_figure(effects: Sequence[Effect]) -> Figure:
    """Return a panel per metric with each effect and its interval; right of zero is better."""
    names = list(dict.fromkeys(effect.factors for effect in effects))
    figure = Figure(figsize=(10.5, 1.6 + 0.42 * len(names)), layout="constrained")
    panels = figure.subplots(1, len(METRICS), sharey=True)
    for axes, (metric, heading) in zip(panels, METRICS.items(), strict=True):
        axes.axvline(0, color=SOFT, linewidth=1)
        for effect in effects:
            if effect.metric != metric:
                continue
            each, row = effect.comparison, names.index(effect.factors)
            better = (each.difference < 0) == (metric == "nll")
            colour = SOFT if each.p_value > LEVEL else ACCENT if better else MARK
            axes.plot([each.low, each.high], [row, row], color=colour, linewidth=2.4)
            axes.plot(each.difference, row, "o", color=colour, markersize=7)
        axes.set_title(heading)
        if metric == "nll":
            axes.invert_xaxis()
        axes.set_xlabel("better \u2192", color=SOFT, loc="right")
        axes.grid(visible=False, axis="y")
    panels[0].set_yticks(range(len(names)), [f" {TIMES} ".join(name) for name in names], color=INK)
    panels[0].invert_yaxis()
    figure.suptitle(
        f"What each idea adds, alone (top) and in combination ({TIMES})", x=0.01, ha="left"
    )
    handles = [
        panels[0].plot([], [], "o-", color=colour, label=label)[0]
        for colour, label in ((ACCENT, "better"), (MARK, "worse"), (SOFT, "not significant"))
    ]
    figure.legend(handles=handles, loc="outside lower right", ncols=3)
    return figure
