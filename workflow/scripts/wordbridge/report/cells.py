"""How the figures of a table are shown to people: rounded, with deviation or interval."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

MISSING = "\u2013"  # an en dash, as printers mark an empty cell


@dataclass(frozen=True)
class Column:
    """How one column of a table is shown.

    ``digits`` are those after the point (None: text, or up to 6 significant digits). The column
    named by ``deviation`` holds the standard deviation ("25.1 ± 0.4"), the two named by
    ``interval`` hold bounds ("3.2 [2.1, 4.3]"). Figures are multiplied by ``scale`` first (100
    for a share shown in percent). The ``best`` figure of a column stands out. ``note`` explains
    the column below the table.
    """

    heading: str
    digits: int | None = None
    deviation: str = ""
    interval: tuple[str, str] | None = None
    scale: float = 1.0
    best: Literal["", "low", "high"] = ""
    note: str = ""


@dataclass(frozen=True)
class Cell:
    """The text of a cell, whether it is a figure, and whether it is the best of its column."""

    text: str
    figure: bool = False
    best: bool = False


Columns = Mapping[str, Column]


def plain_columns(frame: pd.DataFrame) -> dict[str, Column]:
    """Return a column for each of ``frame``, under its own name and with figures as they are."""
    return {str(name): Column(str(name)) for name in frame.columns}


def shown_columns(frame: pd.DataFrame, columns: Columns | None) -> dict[str, Column]:
    """Return those of ``columns`` that ``frame`` has, in their order; all of it when None."""
    if columns is None:
        return plain_columns(frame)
    return {name: column for name, column in columns.items() if name in frame.columns}


def cells(frame: pd.DataFrame, columns: Columns) -> list[list[Cell]]:
    """Return the cells of ``frame`` row by row, only those of ``columns`` and in their order."""
    rows = frame.to_dict("records")
    best = {name: _best(frame[name], column) for name, column in columns.items() if column.best}
    return [[_cell(row, name, columns[name], best.get(name)) for name in columns] for row in rows]


def figure_columns(body: Sequence[Sequence[Cell]], count: int) -> list[bool]:
    """Return which of ``count`` columns hold figures."""
    return [any(row[number].figure for row in body) for number in range(count)]


def noted(columns: Columns) -> list[Column]:
    """Return the columns that have a note."""
    return [column for column in columns.values() if column.note]


def _cell(row: Mapping[Any, Any], name: str, column: Column, best: str | None) -> Cell:
    value = row[name]
    if pd.isna(value):
        return Cell(MISSING, figure=column.digits is not None)
    if not is_figure(value):
        return Cell(str(value))
    text = _rounded(value, column)
    stands_out = text == best
    if column.deviation and not pd.isna(row[column.deviation]):
        text += f" \u00b1 {_rounded(row[column.deviation], column)}"
    if column.interval and not pd.isna(row[column.interval[0]]):
        low, high = (_rounded(row[bound], column) for bound in column.interval)
        text += f" [{low}, {high}]"
    return Cell(text, figure=True, best=stands_out)


def is_figure(value: object) -> bool:
    """Return whether ``value`` is a number (true and false are not)."""
    return isinstance(value, int | float | np.number) and not isinstance(value, bool | np.bool_)


def _best(values: pd.Series, column: Column) -> str | None:
    """Return the best figure as shown, since what looks equal is equally good; None if all do."""
    figures = [float(value) for value in values if is_figure(value) and math.isfinite(value)]
    if len({_rounded(figure, column) for figure in figures}) < 2:
        return None
    return _rounded(min(figures) if column.best == "low" else max(figures), column)


def _rounded(value: float, column: Column) -> str:
    """Return ``value`` with the column's digits; z: what rounds to nothing has no minus sign."""
    if column.digits is None:
        return f"{value * column.scale:z,.6g}"
    return f"{value * column.scale:z,.{column.digits}f}"
