"""Tables and figures of trainings: losses, exposure bias, schedules and range tests."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from tests.settings import defaults
from wordbridge.corpus.ids import TokenIds, pack
from wordbridge.report.figures import save_figure
from wordbridge.report.published import published_losses
from wordbridge.report.tables import read_frame
from wordbridge.report.training import (
    exposure_figure,
    exposure_table,
    head_losses_figure,
    losses_figure,
    range_test_figure,
    schedule_curves,
    schedule_figure,
)
from wordbridge.training.lr_finder import RangeTest, write_range_test

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


def test_losses_between_two_round_numbers_have_a_scale() -> None:
    names = ["train_loss", "free_running_loss", "nll"]
    figure = losses_figure(METRICS.assign(**dict.fromkeys(names, 4.1 + METRICS["epoch"] / 10)))
    for axes in figure.axes:
        low, high = axes.get_ylim()
        assert sum(low <= tick <= high for tick in axes.get_yticks()) > 1


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


def test_a_row_has_three_panels_of_heads() -> None:
    names = ["a", "b", "c", "d"]
    rows = [{"variant": name, "epoch": 1, "fit_loss": 1.0, "valid_loss": 2.0} for name in names]
    figure = head_losses_figure(pd.DataFrame(rows).assign(seed="1"))
    assert [axes.get_title(loc="left") for axes in figure.axes] == names
    assert [axes.get_ylabel() != "" for axes in figure.axes] == [True, False, False, True]


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


EXPOSURE = pd.DataFrame(
    [
        *(("plain", 1, 1, 0.0, 3.0, 3.5), ("plain", 1, 2, 0.0, 2.0, 2.25)),
        *(("plain", 2, 1, 0.0, 3.0, 3.0), ("plain", 2, 2, 0.0, 2.5, 2.5)),
        *(("forced", 1, 1, 1.0, 2.0, 4.0), ("forced", 1, 2, 0.0, 1.5, 2.5)),
    ],
    columns=["variant", "seed", "epoch", "forcing", "nll", "free_running_loss"],
)


def test_exposure_bias_is_the_gap_of_the_losses_at_the_last_epoch() -> None:
    table = exposure_table(EXPOSURE)
    assert table.frame["variant"].tolist() == ["plain", "forced"]
    assert table.frame["forcing"].tolist() == ["no", "yes"]
    assert table.frame["seeds"].tolist() == [2, 1]
    assert table.frame["nll"].tolist() == [2.25, 1.5]
    assert table.frame["gap"].tolist() == [0.125, 1.0]
    assert table.caption.endswith(
        "The free-running loss exceeds the teacher-forced one by 0.12 for variants without teacher "
        "forcing and by 1.00 for variants with teacher forcing."
    )


def test_the_figure_of_exposure_bias_has_the_mean_gap_of_each_epoch() -> None:
    plain, forced, _ = exposure_figure(EXPOSURE).axes[0].lines
    assert list(plain.get_ydata()) == [0.25, 0.125]
    assert list(forced.get_ydata()) == [2.0, 1.0]
