"""How the figures of a table are shown to people: rounded, with deviation or interval.

Tables as HTML that screen readers understand.

Tables as Markdown, readable as plain text too.

Tables with tabs as pandas frames.

The look of HTML pages: self-contained, light and dark, readable on paper.

Tables as files: TSV for programs, Markdown and HTML for people.
"""

import csv
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from wordbridge.errors import InputError, shorten
from wordbridge.files import atomic_write

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


_TABLE = re.compile(r'<main>\n(<div class="scroll".*)\n</main>', re.DOTALL)


def table_html(
    frame: pd.DataFrame, caption: str, columns: Columns | None = None, group: bool = False
) -> str:
    """Return ``frame`` as an HTML table that scrolls sideways, with its notes below."""
    shown = shown_columns(frame, columns)
    body = cells(frame, shown)
    right = figure_columns(body, len(shown))
    heads = "".join(
        f'<th scope="col"{_class(is_right)}>{escape(column.heading)}</th>'
        for column, is_right in zip(shown.values(), right, strict=True)
    )
    parts = [
        f'<div class="scroll" role="region" aria-label="{escape(caption)}" tabindex="0">',
        f"<table>\n<caption>{escape(caption)}</caption>",
        f"<thead>\n<tr>{heads}</tr>\n</thead>",
        *(_html_groups(body, right) if group else _html_rows(body, right)),
        "</table>\n</div>",
    ]
    notes = "\n".join(
        f"<div><dt>{escape(column.heading)}</dt> <dd>{escape(column.note)}</dd></div>"
        for column in noted(shown)
    )
    return "\n".join([*parts, f'<dl class="notes">\n{notes}\n</dl>'] if notes else parts)


def embedded_table(path: str | Path) -> str:
    """Return the table of an HTML file that ``write_table`` wrote, to stand in another page.

    Raises InputError when the file holds no such table.
    """
    found = _TABLE.search(Path(path).read_text(encoding="utf-8"))
    if found is None:
        raise InputError(f"{path}: expected a table of this project, got none; make it again")
    return found.group(1)


def _class(is_right: bool) -> str:
    return ' class="figure"' if is_right else ""


def _html_rows(body: Sequence[Sequence[Cell]], right: Sequence[bool]) -> list[str]:
    rows = [f'<tr><th scope="row">{escape(row[0].text)}</th>{_tail(row, right)}' for row in body]
    return ["<tbody>", *rows, "</tbody>"]


def _html_groups(body: Sequence[Sequence[Cell]], right: Sequence[bool]) -> list[str]:
    lines = []
    for name, rows in groupby(body, key=lambda row: row[0].text):
        first, *others = rows
        head = f'<th scope="rowgroup" rowspan="{len(others) + 1}">{escape(name)}</th>'
        lines += ['<tbody class="group">', f"<tr>{head}{_tail(first, right)}"]
        lines += [f"<tr>{_tail(row, right)}" for row in others]
        lines.append("</tbody>")
    return lines


def _tail(row: Sequence[Cell], right: Sequence[bool]) -> str:
    """Return the cells of a row after its head, and the row's end."""
    data = (
        f"<td{_class(is_right)}>{f'<strong>{text}</strong>' if cell.best else text}</td>"
        for cell, is_right, text in zip(
            row[1:], right[1:], (escape(cell.text) for cell in row[1:]), strict=True
        )
    )
    return "".join(data) + "</tr>"


def table_markdown(
    frame: pd.DataFrame, caption: str, columns: Columns | None = None, group: bool = False
) -> str:
    """Return ``frame`` as a Markdown table with its caption above and its notes below."""
    shown = shown_columns(frame, columns)
    body = cells(frame, shown)
    texts = [[_bold(cell, _markdown_text(cell.text)) for cell in row] for row in body]
    heads = [row[0].text for row in body]
    for number in range(1, len(body) if group else 0):
        if heads[number] == heads[number - 1]:
            texts[number][0] = ""
    table = [[_markdown_text(column.heading) for column in shown.values()], *texts]
    lines = _markdown_lines(table, figure_columns(body, len(shown)))
    notes = [
        f"- {_markdown_text(column.heading)}: {_markdown_text(column.note)}"
        for column in noted(shown)
    ]
    blocks = [[_markdown_text(caption)], lines, notes]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _bold(cell: Cell, text: str) -> str:
    return f"**{text}**" if cell.best else text


def _markdown_text(text: str) -> str:
    """Return ``text`` on one line, with all that Markdown or HTML would take for a sign escaped."""
    line = escape(" ".join(text.splitlines()), quote=False)
    return re.sub(r"([\\`*_\[\]|~$])", r"\\\1", line)


def _markdown_lines(table: Sequence[Sequence[str]], right: Sequence[bool]) -> list[str]:
    """Return the padded lines of ``table``, whose first row is the head, with the rule below it."""
    widths = [max(3, *map(len, column)) for column in zip(*table, strict=True)]
    rows = [
        [
            text.rjust(width) if is_right else text.ljust(width)
            for text, width, is_right in zip(row, widths, right, strict=True)
        ]
        for row in table
    ]
    rule = [
        "-" * (width - 1) + (":" if is_right else "-")
        for width, is_right in zip(widths, right, strict=True)
    ]
    rows.insert(1, rule)
    return ["| " + " | ".join(row) + " |" for row in rows]


def read_frame(path: str | Path, remedy: str, gaps: bool = False) -> pd.DataFrame:
    """Return the table at ``path``; with ``gaps`` an empty field is a missing number, else a text.

    Raises InputError that ends in ``remedy`` when no table can be read.
    """
    try:
        return pd.read_csv(path, sep="\t", quoting=csv.QUOTE_NONE, keep_default_na=gaps)
    except (OSError, ValueError) as error:  # pandas' own errors and wrong UTF-8 are ValueErrors
        raise InputError(f"{path}: no table can be read ({shorten(error)}); {remedy}") from error


STYLE = """\
:root {
  color-scheme: light dark;
  --ink: #1c2128; --soft: #59636e; --paper: #ffffff; --band: #f4f6f8; --rule: #d5dbe1;
  --accent: #00629b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e9ec; --soft: #a3adb8; --paper: #14181d; --band: #1d2329; --rule: #39424c;
    --accent: #6cb8ea;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 78rem;
  color: var(--ink); background: var(--paper);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
}
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 0.5rem; }
h2 { font-size: 1.35rem; line-height: 1.25; margin: 3rem 0 0.75rem; }
p { max-width: 46rem; }
a { color: var(--accent); }
a:focus-visible, .scroll:focus-visible {
  outline: 3px solid var(--accent); outline-offset: 2px;
}
nav ul, ul.row {
  display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; padding: 0; list-style: none;
}
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; font-size: 0.92rem; font-variant-numeric: tabular-nums; }
caption {
  caption-side: top; text-align: left; color: var(--soft); padding-bottom: 0.5rem;
  max-width: 46rem;
}
th, td { padding: 0.35rem 0.75rem; text-align: left; vertical-align: top; }
thead th { border-bottom: 2px solid var(--ink); vertical-align: bottom; }
tbody th { font-weight: 600; }
tbody tr { border-bottom: 1px solid var(--rule); }
tbody.group { border-bottom: 2px solid var(--rule); }
tbody.group tr { border-bottom: 0; }
tbody tr:hover { background: var(--band); }
.figure { text-align: right; white-space: nowrap; }
dl.notes { color: var(--soft); font-size: 0.88rem; max-width: 60rem; }
dl.notes div { margin: 0.15rem 0; }
dl.notes dt, dl.notes dd { display: inline; margin: 0; }
dl.notes dt { font-weight: 600; }
dl.notes dt::after { content: ":"; }
figure { margin: 1.5rem 0; }
figure img {
  display: block; max-width: 100%; height: auto; padding: 0.5rem;
  background: #ffffff; border: 1px solid var(--rule); border-radius: 0.5rem;
}
figcaption { color: var(--soft); font-size: 0.92rem; margin-top: 0.5rem; max-width: 46rem; }
@media print { body { max-width: none; padding: 0; } .scroll { overflow: visible; } }
"""


def document(title: str, body: str) -> str:
    """Return a whole HTML page: ``title`` is text, ``body`` is HTML that is already escaped."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>\n{STYLE}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


_BREAKS = re.compile("[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]+")


def write_table(
    frame: pd.DataFrame,
    stem: str | Path,
    caption: str,
    columns: Columns | None = None,
    group: bool = False,
) -> None:
    """Write ``frame`` to ``stem``.tsv (all of it), ``stem``.md and ``stem``.html (``columns``).

    Columns that ``frame`` lacks are left out; None shows all as they are. With ``group``, rows
    with the same text in the first shown column belong together, and it is shown once for them.
    """
    texts = {
        "tsv": table_tsv(frame),
        "md": table_markdown(frame, caption, columns, group),
        "html": document(caption, f"<main>\n{table_html(frame, caption, columns, group)}\n</main>"),
    }
    for ending, text in texts.items():
        with atomic_write(f"{stem}.{ending}") as partial:
            partial.write_text(text, encoding="utf-8", newline="\n")


def table_tsv(frame: pd.DataFrame) -> str:
    """Return ``frame`` as tab-separated lines, figures with 6 significant digits.

    Whole numbers keep all their digits; what is missing is empty; tabs and line ends in texts
    become spaces, so that no quoting is needed.
    """
    rows = [list(frame.columns), *frame.itertuples(index=False, name=None)]
    return "".join("\t".join(map(_field, row)) + "\n" for row in rows)


def _field(value: object) -> str:
    if pd.isna(value):
        return ""
    if isinstance(value, bool | np.bool_):
        return str(value).lower()
    if not is_figure(value):
        return _BREAKS.sub(" ", str(value)).strip(" ")
    number = float(value)  # type: ignore[arg-type]  # is_figure has seen to it
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else f"{number:.6g}"
