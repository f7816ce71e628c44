"""Tables as Markdown, readable as plain text too."""

import re
from collections.abc import Sequence
from html import escape

import pandas as pd

from wordbridge.report.cells import Cell, Columns, cells, figure_columns, noted, shown_columns


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
