"""Results of a search: an aligned table on a terminal, columns or JSON in a pipe."""

import json
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import typer

from wordbridge.search.index import Hit

_COLUMNS = 10  # images in a row of a contact sheet


def show_hits(
    hits: Sequence[Hit], as_json: bool, sheet: Path | None, terminal: bool, results: Path
) -> None:
    """Print ``hits``, to a ``terminal`` or not; write a contact sheet to ``sheet`` if it is set.

    ``results`` is the folder of the run: the paths of its images start from a folder above it.
    """
    try:
        if terminal and not as_json:
            typer.echo(hits_table(hits, shutil.get_terminal_size().columns))
        else:
            for hit in hits:
                columns = f"{hit.score:.4f}", hit.label, hit.path, hit.file
                record = json.dumps(hit.record(), ensure_ascii=False)
                typer.echo(record if as_json else "\t".join(columns).rstrip("\t"))
    finally:  # also when the reader of the lines has left, as `head` does
        if sheet is not None:
            from wordbridge.report.contact_sheet import result_tile, save_sheet
            from wordbridge.search.engine import resolve_path

            tiles = [result_tile(resolve_path(hit, results)) for hit in hits]
            starts = range(0, len(tiles), _COLUMNS)
            save_sheet(sheet, [tiles[start : start + _COLUMNS] for start in starts])


def hits_table(hits: Sequence[Hit], width: int) -> str:
    """Return an aligned table; file names are shortened in the middle to fit into ``width``."""
    from tabulate import tabulate

    headers = ["rank", "score", "noun", "hypernym"]
    rows = [[hit.rank, f"{hit.score:.3f}", hit.label, hit.hypernym] for hit in hits]
    table = partial(tabulate, disable_numparse=True, tablefmt="simple")
    text: str = table(rows, headers)
    if not any(hit.file for hit in hits):
        return text
    room = max(width - len(text.partition("\n")[0]) - 4, 20)
    rows = [[*row, _shorten_middle(hit.file, room)] for row, hit in zip(rows, hits, strict=True)]
    return str(table(rows, [*headers, "file"]))


def _shorten_middle(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    end = (length - 3) * 2 // 3  # the end of a path has the name of the file
    return f"{text[: length - 3 - end]}...{text[-end:]}"
