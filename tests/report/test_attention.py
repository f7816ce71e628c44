"""Figures of attention."""

from pathlib import Path

import numpy as np
import pytest

from wordbridge.report.attention import attention_curves, attention_heat_map
from wordbridge.report.figures import save_figure

SOURCE = ["où", "est", "-il", "donc", "_eos_"]
HYPOTHESIS = ["where", "is", "he", "_eos_"]
WEIGHTS = np.array(
    [
        [0.7, 0.1, 0.1, 0.05, 0.05],
        [0.1, 0.6, 0.1, 0.1, 0.1],
        [0.0, 0.2, 0.8, 0.0, 0.0],
        [0.0, 0.0, 0.0, 0.1, 0.9],
    ]
)


def test_each_step_gets_a_curve_under_its_word(tmp_path: Path) -> None:
    figure = attention_curves(WEIGHTS, SOURCE, HYPOTHESIS, "a title")
    shown = [axes for axes in figure.axes if axes.get_visible()]
    titles = [axes.get_title(loc="left") for axes in shown]
    assert titles == ["1  where", "2  is", "3  he", "4  _eos_"]
    peaks = [axes.texts[0].get_text() for axes in shown]
    assert peaks == ["où", "est", "-il", "_eos_"]
    for axes, row in zip(shown, WEIGHTS, strict=True):
        np.testing.assert_allclose(np.array(axes.lines[0].get_ydata()), row)
    save_figure(figure, tmp_path / "curves.png")


def test_both_figures_have_a_title() -> None:
    for draw in (attention_curves, attention_heat_map):
        figure = draw(WEIGHTS, SOURCE, HYPOTHESIS, title="all, sample 6")
        assert figure.get_suptitle() == "all, sample 6"


@pytest.mark.parametrize(("steps", "visible"), [(1, 1), (2, 2), (3, 3), (9, 9), (10, 9)])
def test_at_most_nine_steps_are_drawn(steps: int, visible: int) -> None:
    even = np.full((steps, len(SOURCE)), 0.2)
    figure = attention_curves(even, SOURCE, ["w"] * steps, "a title")
    assert sum(axes.get_visible() for axes in figure.axes) == visible


def test_a_heat_map_has_source_words_across_and_output_words_down(tmp_path: Path) -> None:
    figure = attention_heat_map(WEIGHTS, SOURCE, HYPOTHESIS, title="cost: $5 or $6")
    bars, grid = figure.axes[:2]
    assert [label.get_text() for label in grid.get_xticklabels()] == SOURCE
    assert [label.get_text() for label in grid.get_yticklabels()] == HYPOTHESIS
    np.testing.assert_array_equal(np.asarray(grid.images[0].get_array()), WEIGHTS)
    coverage = [patch.get_height() for patch in bars.patches]  # type: ignore[attr-defined]
    assert coverage == pytest.approx([0.8, 0.9, 1.0, 0.25, 1.05])
    (title,) = (text for text in figure.texts if text.get_text() == "cost: $5 or $6")
    assert not title.get_parse_math()
    save_figure(figure, tmp_path / "heat.png")


@pytest.mark.parametrize(
    ("source", "hypothesis"), [(SOURCE[:1], HYPOTHESIS[:1]), (SOURCE * 8, HYPOTHESIS * 7)]
)
def test_the_shortest_and_the_longest_sentences_can_be_drawn(
    source: list[str], hypothesis: list[str], tmp_path: Path
) -> None:
    even = np.full((len(hypothesis), len(source)), 1 / len(source), dtype=np.float32)
    save_figure(attention_heat_map(even, source, hypothesis, "a title"), tmp_path / "heat.png")
    save_figure(attention_curves(even, source, hypothesis, "a title"), tmp_path / "curves.png")
