"""Tests of the picture of the scores."""

from pathlib import Path

import numpy as np
import pytest

from wordbridge.report.canvas import save_figure
from wordbridge.report.score_plot import scores_figure

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


def test_scores_of_nought_can_be_drawn(tmp_path: Path) -> None:
    nought = [{"variant": "baseline", "seed": 1, "bleu_single": 0.0, "bleu_multi": 0.0}]
    save_figure(scores_figure(nought), tmp_path / "scores.png")
