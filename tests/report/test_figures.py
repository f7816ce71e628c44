"""Figures of losses, schedules, range tests and scores, and their files."""

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from tests.settings import defaults
from wordbridge.corpus.ids import TokenIds, pack
from wordbridge.report.figures import (
    COLOURS,
    head_losses_figure,
    house_style,
    line_style,
    losses_figure,
    range_test_figure,
    save_figure,
    schedule_curves,
    schedule_figure,
    scores_figure,
)
from wordbridge.report.published import published_losses
from wordbridge.report.tables import read_frame
from wordbridge.training.lr_finder import RangeTest, write_range_test


def drawn() -> Figure:
    """Return a small figure with everything that could contain a date or a random name."""
    with house_style():
        figure = Figure(figsize=(2, 1))
        axes = figure.subplots()
        axes.plot([0, 2, 1], label="été", **line_style(1))
        axes.fill_between([0, 1, 2], [0, 1, 0], alpha=0.5)
        axes.legend()
    return figure


def test_a_figure_is_the_same_bytes_every_time(tmp_path: Path) -> None:
    first, second = tmp_path / "a.png", tmp_path / "new" / "b.png"
    save_figure(drawn(), first)
    with matplotlib.rc_context({"font.size": 30, "savefig.dpi": 10}):
        save_figure(drawn(), second)
    assert first.read_bytes() == second.read_bytes()
    assert b"Matplotlib v" not in first.read_bytes()


def test_the_style_does_not_change_global_settings() -> None:
    before = dict(matplotlib.rcParams)
    drawn()
    assert dict(matplotlib.rcParams) == before


def test_variants_differ_in_more_than_colour() -> None:
    styles = [line_style(number) for number in range(len(COLOURS))]
    assert len({style["color"] for style in styles}) == len(COLOURS)
    assert len({style["marker"] for style in styles}) == len(COLOURS)
    assert line_style(len(COLOURS)) == line_style(0)


METRICS = pd.DataFrame(
    [
        ("forcing", 1, 0, 4.0, 12.0), ("forcing", 1, 1, 3.0, 7.0), ("forcing", 1, 2, 2.9, 4.0),
        ("forcing", 2, 0, 5.0, 14.0), ("forcing", 2, 1, 3.2, 5.0), ("forcing", 2, 2, 2.7, 3.0),
        ("all", 1, 0, 3.9, 8.0), ("all", 1, 1, 3.1, 4.0),
    ],
    columns=["variant", "seed", "epoch", "train_loss", "free_running_loss"],
).assign(nll=lambda frame: frame["train_loss"] / 2)  # fmt: skip


def texts(figure: Figure) -> list[str]:
    """Return the texts of the legends of ``figure``."""
    legends = [*figure.legends, *(axes.get_legend() for axes in figure.axes)]
    return [text.get_text() for legend in legends if legend for text in legend.get_texts()]


def test_losses_are_means_over_the_seeds(tmp_path: Path) -> None:
    figure = losses_figure(METRICS)
    train, validation, _ = figure.axes
    np.testing.assert_allclose(np.array(train.lines[0].get_ydata()), [4.5, 3.1, 2.8])
    np.testing.assert_allclose(np.array(validation.lines[0].get_ydata()), [13.0, 6.0, 3.5])
    np.testing.assert_allclose(np.array(validation.lines[1].get_ydata()), [8.0, 4.0])
    assert texts(figure) == ["forcing  3.50", "all  4.00"]
    save_figure(figure, tmp_path / "losses.png")
    assert (tmp_path / "losses.png").stat().st_size > 10_000


def test_published_losses_are_drawn_as_further_lines() -> None:
    figure = losses_figure(METRICS, published_losses())
    assert len(figure.axes[1].lines) == 2 + 2 + 1  # notebook and notes, and only the notebook
    assert texts(figure) == ["forcing  3.50", "all  4.00"]


def test_the_likelihood_has_a_panel() -> None:
    figure = losses_figure(METRICS, published_losses())
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "Training (running average)",
        "Validation, free running",
        "Validation, teacher forcing",
    ]
    assert len(figure.axes[2].lines) == 2  # the lesson has no likelihood


def test_variants_with_one_schedule_share_a_line() -> None:
    rates = {"baseline": [1e-4, 3e-3, 1e-4], "all": [1e-4, 2e-3], "forcing": [1e-4, 3e-3, 1e-4]}
    figure = schedule_figure(rates, {})
    assert texts(figure) == ["baseline, forcing", "all"]
    np.testing.assert_allclose(np.array(figure.axes[0].lines[0].get_xdata()), [0, 1, 2])


def test_a_changing_momentum_gets_its_own_panel(tmp_path: Path) -> None:
    figure = schedule_figure({"all": [1e-4, 2e-3]}, {"all": [0.95, 0.85]})
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Learning rate", "Momentum"]
    save_figure(figure, tmp_path / "schedule.png")


def range_test(rates: Any, losses: Any, suggestion: float) -> pd.DataFrame:
    table = pd.DataFrame({"learning_rate": rates, "loss": losses, "suggested": False})
    table.loc[0, ["learning_rate", "suggested"]] = [suggestion, True]
    return table


@pytest.mark.parametrize(("steps", "shown"), [(40, 24), (16, 16), (3, 3)])
def test_the_ends_of_a_range_test_are_left_out(steps: int, shown: int, tmp_path: Path) -> None:
    rates = np.geomspace(1e-5, 10, steps)
    losses = np.linspace(9, 4, steps)
    figure = range_test_figure(range_test(rates, losses, 2.1e-3))
    assert len(np.array(figure.axes[0].lines[0].get_ydata())) == shown
    assert figure.axes[0].texts[0].get_text() == "suggestion 2.1e-03"
    save_figure(figure, tmp_path / "range.png")


def test_a_diverging_end_does_not_flatten_the_rest(tmp_path: Path) -> None:
    losses = [10.0, 8.0, 5.0, 300.0]
    figure = range_test_figure(range_test([1e-4, 1e-3, 1e-2, 1e-1], losses, 1e-3))
    assert figure.axes[0].get_ylim()[1] == pytest.approx(13.0)
    save_figure(figure, tmp_path / "range.png")


def test_each_head_has_a_panel_with_both_its_losses(tmp_path: Path) -> None:
    rows = [
        ("head", "1", 1, 4.0, 5.0), ("head", "1", 2, 2.0, 4.0), ("head", "2", 1, 3.0, 6.0),
        ("head", "2", 2, 1.0, 3.0), ("linear", "1", 1, 0.9, 0.95),
    ]  # fmt: skip
    columns = ["variant", "seed", "epoch", "fit_loss", "valid_loss"]
    figure = head_losses_figure(pd.DataFrame(rows, columns=columns))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["head", "linear"]
    fit, valid = figure.axes[0].lines
    np.testing.assert_allclose(np.array(fit.get_ydata()), [3.5, 1.5])
    np.testing.assert_allclose(np.array(valid.get_ydata()), [5.5, 3.5])
    assert texts(figure) == ["Train images", "Valid images of the same nouns"]
    save_figure(figure, tmp_path / "head_losses.png")
    assert (tmp_path / "head_losses.png").stat().st_size > 10_000


RECORDS = [
    {"variant": "baseline", "seed": 1, "bleu_single": 12.0, "bleu_multi": 18.0},
    {"variant": "baseline", "seed": 2, "bleu_single": 14.0, "bleu_multi": 21.0},
    {"variant": "all", "seed": 1, "bleu_single": 25.0, "bleu_multi": 36.0},
]


def test_bars_are_means_and_marks_are_seeds(tmp_path: Path) -> None:
    figure = scores_figure(RECORDS)
    axes = figure.axes[0]
    widths = [patch.get_width() for patch in axes.patches]  # type: ignore[attr-defined]
    assert widths == pytest.approx([13.0, 25.0, 19.5, 36.0])
    assert [np.array(line.get_xdata()).tolist() for line in axes.lines] == [
        [12.0, 14.0], [25.0], [18.0, 21.0], [36.0],
    ]  # fmt: skip
    assert [label.get_text() for label in axes.get_yticklabels()] == ["baseline", "all"]
    save_figure(figure, tmp_path / "scores.png")


def test_scores_of_zero_can_be_drawn(tmp_path: Path) -> None:
    zero = [{"variant": "baseline", "seed": 1, "bleu_single": 0.0, "bleu_multi": 0.0}]
    save_figure(scores_figure(zero), tmp_path / "scores.png")


def corpus(train: int, auxiliary: int) -> TokenIds:
    return pack([[4]] * (train + auxiliary), ["train"] * train + ["auxiliary"] * auxiliary)


def test_schedules_have_a_value_for_every_step() -> None:
    schedule = defaults("variants.*.schedule")
    training = {"learning_rate": 0.1, "auxiliary_pairs": 0, "auxiliary_epochs": 0}
    blocks = {
        "short": {"schedule": schedule, "training": training | {"batch_size": 4, "epochs": 2}},
        "changing": {
            "schedule": schedule | {"momentum_high": 0.9, "momentum_low": 0.8},
            "training": training | {"batch_size": 125, "epochs": 12},
        },
    }
    rates, momenta = schedule_curves(blocks, corpus(10, 0))
    assert {name: len(values) for name, values in rates.items()} == {"short": 6, "changing": 12}
    assert list(momenta) == ["changing"]


@pytest.mark.parametrize(("auxiliary", "steps"), [(0, 3 + 3 + 3), (9, 4 + 4 + 3)])
def test_steps_include_those_of_auxiliary_pairs(auxiliary: int, steps: int) -> None:
    training = {"batch_size": 4, "epochs": 3, "learning_rate": 0.1}
    training |= {"auxiliary_pairs": 5, "auxiliary_epochs": 2}
    block = {"schedule": defaults("variants.*.schedule"), "training": training}
    assert len(schedule_curves({"one": block}, corpus(10, auxiliary))[0]["one"]) == steps


def test_the_table_of_a_range_test_reads_back(tmp_path: Path) -> None:
    write_range_test(tmp_path / "table.tsv", RangeTest([0.1, 0.25], [3.5, 1 / 3], 0.25))
    table = read_frame(tmp_path / "table.tsv", "run the range test again")
    assert table.to_numpy().tolist() == [[0.1, 3.5, False], [0.25, 1 / 3, True]]
    assert range_test_figure(table).axes[0].texts[0].get_text() == "suggestion 2.5e-01"
