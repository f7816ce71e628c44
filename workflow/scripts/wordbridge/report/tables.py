"""Tables as files: TSV for programs, Markdown and HTML for people."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from wordbridge.atomic import replacing
from wordbridge.report.cells import Columns, is_figure
from wordbridge.report.html_tables import table_html
from wordbridge.report.markdown_tables import table_markdown
from wordbridge.report.sheet import document

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
        with replacing(f"{stem}.{ending}") as partial:
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
