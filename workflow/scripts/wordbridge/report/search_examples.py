"""The lesson's searches on the run's own pictures, as a table and a contact sheet."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from wordbridge.errors import InputError
from wordbridge.report.cells import Column
from wordbridge.report.contact_sheet import Tile, answer_tile
from wordbridge.search.answers import Answer, answers, picture_row
from wordbridge.search.exact import Vectors
from wordbridge.search.folder import Index
from wordbridge.search.query import query_vector
from wordbridge.search.words import WordTable

COLUMNS = {
    "query": Column("Query"),
    "rank": Column("Rank", 0),
    "score": Column("Cosine", 3),
    "label": Column("Found"),
    "path": Column("In WordNet"),
    "picture": Column("Picture"),
}


def caption(settings: Mapping[str, Any]) -> str:
    """Return what the table of one example shows."""
    given = "words" if settings.get("words") else "pictures"
    return f"Search from {given} to {settings['index']}: the nearest by cosine."


def example_searches(
    settings: Mapping[str, Any], target: Index, pictures: Index, words: WordTable
) -> list[tuple[Tile, list[Answer]]]:
    """Return each query of an example as a tile, with its answers.

    ``settings`` has ``words`` (queries) or ``pictures`` (``SET/PICTURE`` each, or how many to
    take, at even distances, among those that nothing was trained on), and ``top``.
    """
    top = settings["top"]
    made = []
    for text in settings.get("words", []):
        made.append((Tile((), None, text), answers(target, query_vector(text, words), top)))
    for row in _rows(settings.get("pictures", []), pictures):
        (given,) = answers_of(pictures, row)
        vector: Vectors = pictures.vectors[row]
        own = target.folder == pictures.folder
        found = answers(target, vector, top + own)
        others = [one for one in found if not own or one.columns != given.columns][:top]
        made.append((answer_tile(given), others))
    return made


def answers_of(index: Index, row: int) -> list[Answer]:
    """Return a row of the index as the answer to itself."""
    return [Answer(0, 1.0, index.label(row))]


def tabulate_searches(searches: Sequence[tuple[Tile, list[Answer]]]) -> pd.DataFrame:
    """Return a row for each answer, with the columns of ``COLUMNS``."""
    rows = []
    for tile, found in searches:
        query = tile.text or " ".join(tile.lines[:1])
        for one in found:
            picture = "/".join(filter(None, (one.columns["set"], one.columns["picture"])))
            rows.append((query, one.rank, one.score, one.label, one.path, picture))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def sheet_rows(searches: Sequence[tuple[Tile, list[Answer]]]) -> list[list[Tile]]:
    """Return the tiles of a contact sheet: each query in front of its answers."""
    return [[tile, *map(answer_tile, found)] for tile, found in searches]


def _rows(wanted: int | Sequence[str], pictures: Index) -> list[int]:
    if isinstance(wanted, int):
        parts = [pictures.label(row)["part"] for row in range(len(pictures.lines))]
        held_out = [row for row, part in enumerate(parts) if part != "train"]
        taken = min(wanted, len(held_out))
        return [held_out[(2 * n + 1) * len(held_out) // (2 * taken)] for n in range(taken)]
    rows = []
    for name in wanted:
        row = picture_row(pictures, name)
        if row is None:
            raise InputError(
                f"search example: expected the picture SET/PICTURE of an index, got {name!r}; "
                f"choose one of {pictures.folder / 'labels.tsv'}"
            )
        rows.append(row)
    return rows
