"""Tests of the pictures of trainings."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from wordbridge.report.canvas import save_figure
from wordbridge.report.published import published_losses
from wordbridge.report.training_plots import (
    head_losses_figure,
    losses_figure,
    range_test_figure,
    schedule_figure,
)

METRICS = pd.DataFrame(
    [
        ("forcing", 1, 0, 4.0, 12.0), ("forcing", 1, 1, 3.0, 7.0), ("forcing", 1, 2, 2.9, 4.0),
        ("forcing", 2, 0, 5.0, 14.0), ("forcing", 2, 1, 3.2, 5.0), ("forcing", 2, 2, 2.7, 3.0),
        ("all", 1, 0, 3.9, 8.0), ("all", 1, 1, 3.1, 4.0),
    ],
    columns=["variant", "seed", "epoch", "train_loss", "free_running_loss"],
)  # fmt: skip


def texts(figure: Figure) -> list[str]:
    """Return the texts of the legends of ``figure``."""
    legends = [*figure.legends, *(axes.get_legend() for axes in figure.axes)]
    return [text.get_text() for legend in legends if legend for text in legend.get_texts()]


def test_losses_are_means_over_the_seeds(tmp_path: Path) -> None:
    figure = losses_figure(METRICS)
    train, validation = figure.axes
    np.testing.assert_allclose(np.array(train.lines[0].get_ydata()), [4.5, 3.1, 2.8])
    np.testing.assert_allclose(np.array(validation.lines[0].get_ydata()), [13.0, 6.0, 3.5])
    np.testing.assert_allclose(np.array(validation.lines[1].get_ydata()), [8.0, 4.0])
    assert texts(figure) == ["forcing  3.50", "all  4.00"]
    save_figure(figure, tmp_path / "losses.png")
    assert (tmp_path / "losses.png").stat().st_size > 10_000


def test_printed_losses_are_drawn_beside_ours() -> None:
    figure = losses_figure(METRICS, published_losses())
    assert len(figure.axes[1].lines) == 2 + 2 + 1  # notebook and notes, and only the notebook
    assert texts(figure) == ["forcing  3.50", "all  4.00"]


def test_the_likelihood_gets_a_panel_where_it_is_known() -> None:
    figure = losses_figure(METRICS.assign(nll=METRICS["train_loss"] / 2), published_losses())
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "Training (running average)",
        "Validation, free running",
        "Validation, words given",
    ]
    assert len(figure.axes[2].lines) == 2  # the lesson printed no likelihood


def test_variants_with_one_schedule_share_a_line() -> None:
    rates = {"baseline": [1e-4, 3e-3, 1e-4], "all": [1e-4, 2e-3], "forcing": [1e-4, 3e-3, 1e-4]}
    figure = schedule_figure(rates)
    assert texts(figure) == ["baseline, forcing", "all"]
    np.testing.assert_allclose(np.array(figure.axes[0].lines[0].get_xdata()), [0, 1, 2])


def test_a_moving_momentum_gets_a_panel_of_its_own(tmp_path: Path) -> None:
    figure = schedule_figure({"all": [1e-4, 2e-3]}, {"all": [0.95, 0.85]})
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Learning rate", "Momentum"]
    save_figure(figure, tmp_path / "schedule.png")


@pytest.mark.parametrize(("steps", "shown"), [(40, 24), (16, 16), (3, 3)])
def test_the_ends_of_a_range_test_are_left_out(steps: int, shown: int, tmp_path: Path) -> None:
    rates = np.geomspace(1e-5, 10, steps)
    losses = np.linspace(9, 4, steps)
    figure = range_test_figure(rates.tolist(), losses.tolist(), suggestion=2.1e-3)
    assert len(np.array(figure.axes[0].lines[0].get_ydata())) == shown
    assert figure.axes[0].texts[0].get_text() == "suggestion 2.1e-03"
    save_figure(figure, tmp_path / "range.png")


def test_a_diverging_end_does_not_flatten_the_rest(tmp_path: Path) -> None:
    losses = [10.0, 8.0, 5.0, 300.0, math.nan]
    figure = range_test_figure([1e-4, 1e-3, 1e-2, 1e-1, 1], losses, 1e-3, skip=(0, 0))
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
    assert texts(figure) == ["Train pictures", "Valid pictures of the same nouns"]
    save_figure(figure, tmp_path / "head_losses.png")
    assert (tmp_path / "head_losses.png").stat().st_size > 10_000
