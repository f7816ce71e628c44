"""The lesson's searches on the run's own pictures, as a table and a contact sheet."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from wordbridge.errors import InputError
from wordbridge.report.cells import Column
from wordbridge.report.contact_sheet import Tile, answer_tile
from wordbridge.search.answers import Answer, answers, picture_row, without
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


class Example(NamedTuple):
    """A query in words (a picture: its noun and SET/PICTURE), its tile and its answers."""

    query: str
    tile: Tile
    answers: list[Answer]


def caption(settings: Mapping[str, Any]) -> str:
    """Return what the table of one example shows."""
    given = "words" if settings.get("words") else "pictures"
    return f"Search from {given} to {settings['index']}: the nearest by cosine."


def example_searches(
    settings: Mapping[str, Any], target: Index, pictures: Index, words: WordTable
) -> list[Example]:
    """Return each query of an example with its answers, of which a picture itself is none.

    ``settings`` has ``words`` (queries) or ``pictures`` (``SET/PICTURE`` each, or how many to
    take, at even distances, among those that nothing was trained on), and ``top``.
    """
    top = settings["top"]
    made = []
    for text in settings.get("words", []):
        found = answers(target, query_vector(text, words), top)
        made.append(Example(text, Tile((), None, text), found))
    for row in _rows(settings.get("pictures", []), pictures):
        made.append(_by_picture(target, pictures, row, top))
    return made


def tabulate_searches(searches: Sequence[Example]) -> pd.DataFrame:
    """Return a row for each answer, with the columns of ``COLUMNS``."""
    rows = [
        (search.query, one.rank, one.score, one.label, one.path, one.name)
        for search in searches
        for one in search.answers
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def sheet_rows(searches: Sequence[Example]) -> list[list[Tile]]:
    """Return the tiles of a contact sheet: each query in front of its answers."""
    return [[search.tile, *map(answer_tile, search.answers)] for search in searches]


def _by_picture(target: Index, pictures: Index, row: int, top: int) -> Example:
    given = Answer(0, 1.0, pictures.label(row))  # as the answer to itself
    vector: Vectors = pictures.vectors[row]
    found = answers(target, vector, top + (target.folder == pictures.folder))
    others = without(found, lambda one: one.name == given.name, top)
    return Example(f"{given.label} ({given.name})", answer_tile(given), others)


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
