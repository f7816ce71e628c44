"""Tables as HTML that screen readers understand."""

import re
from collections.abc import Sequence
from html import escape
from itertools import groupby
from pathlib import Path

import pandas as pd

from wordbridge.errors import InputError
from wordbridge.report.cells import Cell, Columns, cells, figure_columns, noted, shown_columns

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
