"""Tests of how figures are shown."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from wordbridge.report.cells import Cell, Column, cells, plain_columns, shown_columns


@pytest.mark.parametrize(
    ("value", "column", "text"),
    [
        (25.0571, Column("BLEU", 1), "25.1"),
        (np.float32(2.25), Column("loss", 3), "2.250"),
        (0.12345, Column("share", 1, scale=100), "12.3"),
        (19_982_969, Column("parameters", 0), "19,982,969"),
        (-0.04, Column("gain", 1), "0.0"),
        (-1.25, Column("gain", 2), "-1.25"),
        (0.000123456789, Column("rate"), "0.000123457"),
        (12, Column("count"), "12"),
        ("12", Column("text", 1), "12"),
        (True, Column("flag", 1), "True"),
        (None, Column("empty", 1), "\u2013"),
        (math.nan, Column("empty", 1), "\u2013"),
    ],
)
def test_a_value_is_shown_with_the_digits_of_its_column(
    value: object, column: Column, text: str
) -> None:
    frame = pd.DataFrame({"x": pd.Series([value], dtype=object)})
    assert cells(frame, {"x": column})[0][0].text == text


@pytest.mark.parametrize(
    ("row", "column", "text"),
    [
        ({"a": 25.06, "b": 0.44}, Column("A", 1, deviation="b"), "25.1 \u00b1 0.4"),
        ({"a": 0.25, "b": 0.011}, Column("A", 1, deviation="b", scale=100), "25.0 \u00b1 1.1"),
        ({"a": 25.06, "b": math.nan}, Column("A", 1, deviation="b"), "25.1"),
        ({"a": math.nan, "b": 1.0}, Column("A", 1, deviation="b"), "\u2013"),
        ({"a": 3.2, "b": 2.1, "c": 4.3}, Column("A", 1, interval=("b", "c")), "3.2 [2.1, 4.3]"),
        ({"a": 3.2, "b": math.nan, "c": math.nan}, Column("A", 1, interval=("b", "c")), "3.2"),
    ],
)
def test_deviation_and_interval_stand_beside_the_figure(
    row: dict[str, float], column: Column, text: str
) -> None:
    assert cells(pd.DataFrame([row]), {"a": column}) == [[Cell(text, figure=True)]]


@pytest.mark.parametrize(
    ("values", "best", "marked"),
    [
        ([3.0, 1.0, 2.0], "low", [False, True, False]),
        ([3.0, 1.0, 2.0], "high", [True, False, False]),
        ([2.04, 1.0, 2.01], "high", [True, False, True]),  # both are shown as 2.0
        ([3.0, None, 2.0], "low", [False, False, True]),
        ([3.0], "low", [False]),  # nothing to compare with
        ([3.0, 3.01], "low", [False, False]),  # all are best
        ([3.0, 4.0], "", [False, False]),
    ],
)
def test_the_best_figure_as_shown_is_marked(
    values: list[float], best: Any, marked: list[bool]
) -> None:
    rows = cells(pd.DataFrame({"x": values}), {"x": Column("X", 1, best=best)})
    assert [row[0].best for row in rows] == marked


def test_columns_are_shown_in_the_order_asked_for_and_absent_ones_left_out() -> None:
    frame = pd.DataFrame({"a": [1], "b": [2], "c": [3]})
    asked = {"c": Column("C"), "z": Column("Z"), "a": Column("A")}
    assert list(shown_columns(frame, asked)) == ["c", "a"]
    assert shown_columns(frame, None) == plain_columns(frame)
