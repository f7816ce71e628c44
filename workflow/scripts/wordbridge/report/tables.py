"""Tables of the report: a frame with a caption and columns, saved as TSV, Markdown and HTML.

The module also reads the tables of earlier jobs and summarises values over seeds.
"""

import csv
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeGuard

import jinja2
import numpy as np
import pandas as pd

from wordbridge.errors import InputError, shorten
from wordbridge.files import atomic_write

MISSING = "\u2013"  # en dash: the usual sign of an empty cell
# Columns of texts that may look like numbers.
_NAMES: Any = dict.fromkeys(("variant", "method", "set", "label", "text"), str)
_LINE_BREAKS = re.compile("[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")
_MAIN = re.compile(r"<main>\n(.*)\n</main>", re.DOTALL)
_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


@dataclass(frozen=True)
class Column:
    """Format of one column in Markdown and HTML.

    ``digits`` is the number of decimals (None: text, or up to 6 significant digits). Values are
    multiplied by ``scale`` first (100 for percent). The ``best`` value of the column is in bold.
    ``note`` explains the column below the table.
    """

    heading: str
    digits: int | None = None
    scale: float = 1.0
    best: Literal["", "low", "high"] = ""
    note: str = ""


class Cell(NamedTuple):
    """The text of a cell, whether it is a number, and whether it is the best of its column."""

    text: str
    is_number: bool = False
    is_best: bool = False


@dataclass(frozen=True, eq=False)
class Table:
    """A frame with a caption; Markdown and HTML show ``columns`` in their order.

    Columns that the frame lacks are left out. A column ``x`` also shows the standard deviation in
    ``x_std`` ("25.1 ± 0.4") or the interval from ``x_low`` to ``x_high`` ("3.2 [2.1, 4.3]"). With
    ``group``, the first column shows each run of equal texts once. TSV has all columns.
    """

    frame: pd.DataFrame
    caption: str
    columns: Mapping[str, Column]
    group: bool = False

    @property
    def visible(self) -> dict[str, Column]:
        """Those of ``columns`` that the frame has."""
        return {name: self.columns[name] for name in self.columns if name in self.frame.columns}

    @cached_property
    def cells(self) -> list[list[Cell]]:
        """The formatted cells of the visible columns, row by row."""
        columns = self.visible
        best = {name: _best(self.frame[name], c) for name, c in columns.items() if c.best}
        return [
            [_cell(row, name, columns[name], best.get(name)) for name in columns]
            for row in self.frame.to_dict("records")
        ]

    @property
    def groups(self) -> list[list[list[Cell]]]:
        """The rows of ``cells``; with ``group``, those with the same first text in a row."""
        if not self.group:
            return [self.cells]
        return [list(rows) for _, rows in groupby(self.cells, key=lambda row: row[0].text)]

    @property
    def right_aligned(self) -> list[bool]:
        """Whether each visible column has numbers."""
        return [any(row[i].is_number for row in self.cells) for i in range(len(self.visible))]

    @property
    def notes(self) -> list[tuple[str, str]]:
        """Heading and note of every visible column with a note."""
        return [(c.heading, c.note) for c in self.visible.values() if c.note]


def save_table(table: Table, paths: Iterable[str | Path]) -> None:
    """Write the table to each of ``paths``, in the format of its ending (.tsv, .md or .html)."""
    formats: dict[str, Callable[[Table], str]] = {".tsv": tsv, ".md": markdown, ".html": html}
    for path in map(Path, paths):
        save_text(formats[path.suffix](table), path)


def save_text(text: str, path: str | Path) -> None:
    """Write the text in UTF-8 to ``path``, which appears complete or not at all."""
    with atomic_write(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")


def tsv(table: Table) -> str:
    """Return all columns as tab-separated lines, numbers with 6 significant digits.

    Integers keep all their digits, a missing value is an empty field, and tabs and line ends in
    texts become spaces, so that no quoting is needed.
    """
    rows = [list(table.frame.columns), *table.frame.itertuples(index=False, name=None)]
    return "".join("\t".join(map(_field, row)) + "\n" for row in rows)


def markdown(table: Table) -> str:
    """Return the caption, the visible columns as a Markdown table, and the notes."""
    rows = table.cells
    texts = [[_markdown_cell(cell) for cell in row] for row in rows]
    if table.group:
        for number in range(1, len(rows)):
            if rows[number][0].text == rows[number - 1][0].text:
                texts[number][0] = ""
    headings = [_escaped(column.heading) for column in table.visible.values()]
    lines = pd.DataFrame(texts, columns=headings).to_markdown(
        index=False,
        tablefmt="pipe",
        disable_numparse=True,
        colalign=["right" if right else "left" for right in table.right_aligned],
    )
    notes = "\n".join(f"- {_escaped(heading)}: {_escaped(note)}" for heading, note in table.notes)
    return "\n\n".join(filter(None, [_escaped(table.caption), lines, notes])) + "\n"


def html(table: Table) -> str:
    """Return a self-contained HTML document with the visible columns and the notes."""
    return render("tables.html.j2", title=table.caption, table=table)


def render(template: str, **context: object) -> str:
    """Return the document of a template of this folder."""
    return _TEMPLATES.get_template(template).render(**context)


def embedded_table(path: str | Path) -> str:
    """Return the table in an HTML file of ``save_table``; raises InputError when it has none."""
    match = _MAIN.search(Path(path).read_text(encoding="utf-8"))
    if match is None:
        raise InputError(f"{path}: expected a table of this project, got none; make it again")
    return match.group(1)


def interval_text(value: float, low: float, high: float, digits: int, sign: str = "") -> str:
    """Return a value and its interval as text, such as "3.2 [2.1, 4.3]", with ``digits`` decimals.

    A value that differs from 0 is not shown as 0: if it would be rounded to 0 while the interval
    excludes 0, all numbers have 2 significant digits. ``sign`` is that of format specifications.
    """
    is_hidden = (low > 0 or high < 0) and not round(value, digits)
    form = "z,.2g" if is_hidden else f"z,.{digits}f"
    return f"{value:{sign}{form}} [{low:{form}}, {high:{form}}]"


def read_frame(path: str | Path, remedy: str, gaps: bool = False) -> pd.DataFrame:
    """Return the table at ``path``; an empty field is a missing number with ``gaps``, else "".

    Names stay texts, also "128" and "NA". Raises InputError that ends in ``remedy`` when the table
    cannot be read.
    """
    missing = [""] if gaps else []
    try:
        return pd.read_csv(
            path,
            sep="\t",
            quoting=csv.QUOTE_NONE,
            keep_default_na=False,
            na_values=missing,
            dtype=_NAMES,
        )
    except (OSError, ValueError) as error:  # pandas' own errors and wrong UTF-8 are ValueErrors
        raise InputError(f"{path}: no table can be read ({shorten(error)}); {remedy}") from error


def read_metrics(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Return the rows of all files {variant}/{seed}/metrics.tsv, variant and seed first."""
    frames = {
        Path(path).parts[-3:-1]: read_frame(path, "train the variant again", gaps=True)
        for path in paths
    }
    return pd.concat(frames, names=["variant", "seed"]).reset_index([0, 1]).reset_index(drop=True)


def aggregate_seeds(
    runs: pd.DataFrame, averaged: Sequence[str], constant: Sequence[str], key: str = "variant"
) -> pd.DataFrame:
    """Return one row per variant, in the order of first appearance in ``runs``.

    Columns: ``key``, seeds (number of runs), the ``constant`` columns (of the first run), and for
    each of ``averaged`` the mean and the standard deviation (``_std``; of a sample, missing for one
    run).
    """
    groups = runs.groupby(key, sort=False)
    means = groups[list(averaged)].agg(["mean", "std"])
    means.columns = [f"{name}_{kind}".removesuffix("_mean") for name, kind in means.columns]
    columns = [groups.size().rename("seeds"), groups[list(constant)].first(), means]
    return pd.concat(columns, axis=1).reset_index()


def _markdown_cell(cell: Cell) -> str:
    text = _escaped(cell.text)
    return f"**{text}**" if cell.is_best else text


def _cell(row: Mapping[Any, Any], name: str, column: Column, best: str | None) -> Cell:
    value = row[name]
    if pd.isna(value):
        return Cell(MISSING, is_number=column.digits is not None)
    if not _is_number(value):
        return Cell(str(value))
    number = text = _rounded(value, column)
    std, low = row.get(f"{name}_std", math.nan), row.get(f"{name}_low", math.nan)
    if not pd.isna(std):
        text += f" \u00b1 {_rounded(std, column)}"
    elif not pd.isna(low):
        bounds = low * column.scale, row[f"{name}_high"] * column.scale
        text = interval_text(value * column.scale, *bounds, column.digits or 0)
    return Cell(text, is_number=True, is_best=number == best)


def _best(values: pd.Series, column: Column) -> str | None:
    """Return the best number, rounded as in the table, or None if all are equal when rounded."""
    numbers = [float(value) for value in values if _is_number(value) and math.isfinite(value)]
    if len({_rounded(number, column) for number in numbers}) < 2:
        return None
    return _rounded(min(numbers) if column.best == "low" else max(numbers), column)


def _rounded(value: float, column: Column) -> str:
    digits = ".6g" if column.digits is None else f".{column.digits}f"
    return f"{value * column.scale:z,{digits}}"  # "z" drops the sign of a negative zero


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float | np.number)


def _escaped(text: str) -> str:
    """Return ``text`` on one line, without a meaning in Markdown or HTML."""
    line = escape(" ".join(text.splitlines()), quote=False)
    return re.sub(r"([\\`*_\[\]|~$])", r"\\\1", line)


def _field(value: object) -> str:
    if pd.isna(value):
        return ""
    if not _is_number(value):
        return _LINE_BREAKS.sub(" ", str(value)).strip(" ")
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else f"{number:.6g}"
