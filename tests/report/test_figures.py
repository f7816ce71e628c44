"""The style of figures, their files, and figures of scores."""

from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from wordbridge.report.figures import COLOURS, house_style, line_style, save_figure, scores_figure


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
