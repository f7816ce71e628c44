"""Tests of how pictures become files."""

from pathlib import Path

import matplotlib
import pytest
from matplotlib.figure import Figure

from wordbridge.errors import InputError
from wordbridge.report.canvas import COLOURS, house_style, line_style, save_figure


def drawn() -> Figure:
    """Return a small picture with everything that could carry a date or a random name."""
    with house_style():
        figure = Figure(figsize=(2, 1))
        axes = figure.subplots()
        axes.plot([0, 2, 1], label="été", **line_style(1))
        axes.fill_between([0, 1, 2], [0, 1, 0], alpha=0.5)
        axes.legend()
    return figure


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_a_picture_is_the_same_bytes_every_time(ending: str, tmp_path: Path) -> None:
    first, second = tmp_path / f"a.{ending}", tmp_path / "new" / f"b.{ending}"
    save_figure(drawn(), first)
    with matplotlib.rc_context({"font.size": 30, "svg.hashsalt": "else", "savefig.dpi": 10}):
        save_figure(drawn(), second)
    assert first.read_bytes() == second.read_bytes()
    text = first.read_bytes()
    assert b"Matplotlib v" not in text
    assert b"dc:date" not in text


def test_the_style_leaves_the_settings_of_others_alone() -> None:
    before = dict(matplotlib.rcParams)
    drawn()
    assert dict(matplotlib.rcParams) == before


def test_another_ending_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ends in \.png or \.svg, got '\.gif'"):
        save_figure(drawn(), tmp_path / "a.gif")
    assert list(tmp_path.iterdir()) == []


def test_variants_differ_in_more_than_colour() -> None:
    styles = [line_style(number) for number in range(len(COLOURS))]
    assert len({style["color"] for style in styles}) == len(COLOURS)
    assert len({style["marker"] for style in styles}) == len(COLOURS)
    assert line_style(len(COLOURS)) == line_style(0)
