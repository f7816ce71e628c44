"""Tests of the table and the figure of effects."""

from wordbridge.report.effects import (
    METRICS,
    ablations_table,
    effects_figure,
    factorial_table,
    updates_text,
)
from wordbridge.report.tables import markdown
from wordbridge.significance import Comparison

EFFECTS = {
    metric: {
        ("attention",): Comparison(9.25 * sign, -1.0, 2.0, 0.001),
        ("forcing",): Comparison(-0.5 * sign, -1.0, 2.0, 0.01),
        ("attention", "forcing"): Comparison(0.04 * sign, -1.0, 2.0, 0.9),
    }
    for metric, sign in (("bleu", 1), ("chrf", 1), ("nll", -1))
}


def test_the_table_has_a_row_per_effect_with_its_intervals() -> None:
    table = factorial_table(EFFECTS, 3, updates_text(1641, False), "test", " There are 5 groups.")
    assert table.caption.endswith("with one reference. There are 5 groups.")
    assert "Few seeds make intervals too narrow" in table.caption
    assert list(table.frame["effect"]) == ["attention", "forcing", "attention \u00d7 forcing"]
    text = markdown(table)
    assert "with 3 seeds and 1,641 updates each" in text
    assert "9.2 \\[-1.0, 2.0\\]" in text
    assert "-9.250 \\[-1.000, 2.000\\]" in text


def test_ablations_are_compared_with_the_scores_of_the_baseline() -> None:
    scores = {"bleu": 18.42, "chrf": 36.0, "nll": 2.51}
    table = ablations_table(
        EFFECTS, "corrected", scores, 2, updates_text(1485, True), "test", " There are 5 groups."
    )
    assert table.caption.endswith("the same tokens and vocabulary. There are 5 groups.")
    text = markdown(table)
    assert "a single change to corrected (BLEU 18.4, chrF 36.0, NLL 2.510)" in text
    assert "2 seeds, at most 1,485 updates" in text
    assert "| Change" in text


def test_the_figure_shows_better_worse_and_no_effect_in_each_panel() -> None:
    figure = effects_figure(EFFECTS, "What each idea adds")
    panels = figure.axes
    assert [axes.get_title(loc="left") for axes in panels] == [
        column.heading for column in METRICS.values()
    ]
    colours = [[line.get_color() for line in axes.lines[1:7:2]] for axes in panels]
    assert all(len({*each}) == 3 for each in colours)
    assert colours[0] == colours[2]  # a lower likelihood loss is better
    assert panels[2].xaxis_inverted()
    assert not panels[0].xaxis_inverted()
