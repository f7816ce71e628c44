"""Contact sheets: rows of small images with what they show and how well they fit.

The lesson's searches on the run's own images, as a table and a contact sheet.

What each index finds of exact search's answers, and what it costs, in one table.

French queries beside English ones for the same images, in one table.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import pandas as pd
from PIL import Image, ImageDraw, ImageFont, ImageOps

from wordbridge.errors import InputError, shorten
from wordbridge.files import atomic_write
from wordbridge.images.decoding import UnreadableImageError, open_image
from wordbridge.images.table import ImageRow, read_bytes
from wordbridge.report.tables import Column, read_frame
from wordbridge.search.french import (
    NamePair,
    cross_fitted,
    folds_of,
    mean_vectors,
    score_names,
)
from wordbridge.search.index import Index, Vectors
from wordbridge.search.queries import query_vector
from wordbridge.search.recall import recall_rows
from wordbridge.search.results import Answer, answers, image_row, without
from wordbridge.search.words import WordTable
from wordbridge.vectors.protocol import WordVectors

SIDE, GAP, LINE, FONT = 160, 10, 16, 12  # pixels
_LINES = 3  # of caption
_PAPER, _INK, _EMPTY = "#ffffff", "#1c2128", "#eceff2"


class Tile(NamedTuple):
    """An image's bytes with lines below it; without an image, ``text`` stands in its place."""

    lines: tuple[str, ...]
    image: bytes | None = None
    text: str = ""


def answer_tile(answer: Answer) -> Tile:
    """Return the tile of an answer: its image or noun, below it label and score."""
    columns = answer.columns
    below = (answer.label, f"{answer.score:.3f}")
    if not answer.place:
        return Tile((f"{answer.score:.3f}",), None, answer.label)
    try:
        fields = {name: columns.get(name, "") for name in ImageRow._fields}
        return Tile(below, read_bytes(ImageRow(**fields)))
    except InputError:
        return Tile(below, None, "the file is gone")


def save_sheet(path: str | Path, rows: Sequence[Sequence[Tile]]) -> None:
    """Write a contact sheet as PNG, one row of tiles below the other: equal tiles, equal bytes.

    Raises InputError where no file can be written.
    """
    try:
        with atomic_write(path) as partial:
            contact_sheet(rows).save(partial, "PNG", optimize=True)
    except (OSError, ValueError) as error:  # ValueError: a name such as "."
        raise InputError(
            f"{path}: expected a place for a PNG file, got one where none can be written "
            f"({shorten(error)}); name another"
        ) from error


def contact_sheet(rows: Sequence[Sequence[Tile]]) -> Image.Image:
    """Return the sheet of all rows."""
    columns = max((len(row) for row in rows), default=0)
    high = SIDE + _LINES * LINE + GAP
    sheet = Image.new(
        "RGB", (GAP + max(columns, 1) * (SIDE + GAP), GAP + max(len(rows), 1) * high), _PAPER
    )
    for down, row in enumerate(rows):
        for across, tile in enumerate(row):
            _paste(sheet, tile, GAP + across * (SIDE + GAP), GAP + down * high)
    return sheet


def _paste(sheet: Image.Image, tile: Tile, left: int, top: int) -> None:
    draw = ImageDraw.Draw(sheet)
    image = None if tile.image is None else _thumbnail(tile.image)
    if image is None:
        draw.rectangle((left, top, left + SIDE - 1, top + SIDE - 1), fill=_EMPTY)
        lines = _wrapped(tile.text or "cannot be shown", _LINES * 2)
        first = top + (SIDE - LINE * len(lines)) // 2
        for number, line in enumerate(lines):
            across = left + (SIDE - _font().getlength(line)) / 2
            draw.text((across, first + number * LINE), line, _INK, _font())
    else:
        sheet.paste(image, (left + (SIDE - image.width) // 2, top + (SIDE - image.height) // 2))
    below = [piece for line in tile.lines for piece in _wrapped(line, 2)]
    for number, line in enumerate(below[:_LINES]):
        draw.text((left, top + SIDE + 2 + number * LINE), line, _INK, _font())


def _thumbnail(data: bytes) -> Image.Image | None:
    """Return the image at most SIDE pixels wide and high, None if it cannot be decoded."""
    try:
        return ImageOps.contain(open_image(data, SIDE), (SIDE, SIDE), Image.Resampling.LANCZOS)
    except UnreadableImageError:
        return None


def _wrapped(text: str, most: int) -> list[str]:
    """Return ``text`` in at most ``most`` lines of a tile's width, cut with an ellipsis."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if _font().getlength(longer) <= SIDE or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    kept = lines[:most]
    if len(lines) > most:
        kept[-1] += "\u2026"
    return [_fitted(line) for line in kept]


def _fitted(line: str) -> str:
    while line and _font().getlength(line) > SIDE:
        line = line.rstrip("\u2026")[:-1] + "\u2026"
    return line


@lru_cache(maxsize=1)
def _font() -> ImageFont.FreeTypeFont:
    # The one that comes with matplotlib has French letters, and is the same on every machine.
    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return ImageFont.truetype(path, FONT, layout_engine=ImageFont.Layout.BASIC)


COLUMNS = {
    "query": Column("Query"),
    "rank": Column("Rank", 0),
    "score": Column("Cosine", 3),
    "label": Column("Found"),
    "path": Column("In WordNet"),
    "image": Column("Image"),
}


class Example(NamedTuple):
    """A query in words (an image: its noun and SET/IMAGE), its tile and its answers."""

    query: str
    tile: Tile
    answers: list[Answer]


def caption(settings: Mapping[str, Any]) -> str:
    """Return what the table of one example shows."""
    given = "words" if settings.get("words") else "images"
    return f"Search from {given} to {settings['index']}: the nearest by cosine."


def example_searches(
    settings: Mapping[str, Any], target: Index, images: Index, words: WordTable
) -> list[Example]:
    """Return each query of an example with its answers, of which an image itself is none.

    ``settings`` has ``words`` (queries) or ``images`` (``SET/IMAGE`` each, or how many to
    take, at even distances, among those that nothing was trained on), and ``top``.
    """
    top = settings["top"]
    made = []
    for text in settings.get("words", []):
        found = answers(target, query_vector(text, words), top)
        made.append(Example(text, Tile((), None, text), found))
    for row in _rows(settings.get("images", []), images):
        made.append(_by_image(target, images, row, top))
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


def _by_image(target: Index, images: Index, row: int, top: int) -> Example:
    given = Answer(0, 1.0, images.label(row))  # as the answer to itself
    vector: Vectors = images.vectors[row]
    found = answers(target, vector, top + (target.folder == images.folder))
    others = without(found, lambda one: one.name == given.name, top)
    return Example(f"{given.label} ({given.name})", answer_tile(given), others)


def _rows(wanted: int | Sequence[str], images: Index) -> list[int]:
    if isinstance(wanted, int):
        splits = [images.label(row)["split"] for row in range(len(images.lines))]
        held_out = [row for row, split in enumerate(splits) if split != "train"]
        taken = min(wanted, len(held_out))
        return [held_out[(2 * n + 1) * len(held_out) // (2 * taken)] for n in range(taken)]
    rows = []
    for name in wanted:
        row = image_row(images, name)
        if row is None:
            raise InputError(
                f"search example: expected the image SET/IMAGE of an index, got {name!r}; "
                f"choose one of {images.folder / 'labels.tsv'}"
            )
        rows.append(row)
    return rows


CAPTION = "The indexes (HNSW graphs) against exact search."

COLUMNS_RECALL_TABLE = {
    "index": Column("Index"),
    "rows": Column("Rows", 0),
    "dim": Column("Dimensions", 0),
    "neighbours": Column("Nearest", 0, note="As many rows are asked for."),
    "recall": Column(
        "Recall of these",
        4,
        best="high",
        note="Share of the rows found by exact search that the graph finds too, mean over queries.",
    ),
    "graph_ms": Column("Graph, ms per query", 3, note="One query at a time on one thread."),
    "exact_ms": Column("Exact, ms per query", 3),
    "build_seconds": Column(
        "Build, s", 1, note="The whole job on one thread, the start of Python included."
    ),
    "load_ms": Column("Load, ms", 1),
    "graph_mb": Column("Graph, MB", 2),
    "vector_mb": Column("Vectors, MB", 2),
}


def tabulate_recall(
    indexes: Sequence[Index], builds: Sequence[str | Path], queries: int, neighbours: int
) -> pd.DataFrame:
    """Return a row per index: recall@``neighbours`` over ``queries`` queries, times and sizes.

    ``builds`` are Snakemake's benchmark files of the jobs that built them, in the same order.
    """
    names = [index.description["index"] for index in indexes]
    seconds = [float(read_frame(path, "build the index again")["s"].mean()) for path in builds]
    rows = recall_rows(
        dict(zip(names, indexes, strict=True)),
        dict(zip(names, seconds, strict=True)),
        queries,
        neighbours,
    )
    table = pd.DataFrame(rows)
    table.insert(5, "neighbours", neighbours)
    for part in ("graph", "vector"):
        table[f"{part}_mb"] = table.pop(f"{part}_bytes") / 1e6
    return table


FRENCH_CAPTION = (
    "Images found by their names in both languages, among those that were not trained on. "
    "Aligned: French words, in the space of the English ones after a rotation."
)

_SHARE = "Share of names with an image of the noun among the first k."
_BEFORE = {
    "language": Column("Language"),
    "names": Column("Names", 0),
    "images": Column("Images", 0),
}
_BEHIND = {
    "mrr": Column("MRR", 3, best="high", note="Mean reciprocal rank of the first right image."),
}


def tabulate_french(
    pairs: Sequence[NamePair],
    french: WordVectors,
    english: WordTable,
    index: Index,
    folds: int,
    ks: Sequence[int],
) -> pd.DataFrame:
    """Return a row per language with hit@k for each of ``ks`` and the mean reciprocal rank.

    No French name is asked with an alignment that it had a part in: they are dealt into
    ``folds``, and each fold is mapped by what is fitted on the others.
    """
    target = mean_vectors([pair.en for pair in pairs], english)
    source = mean_vectors([pair.fr for pair in pairs], french)
    mapped = cross_fitted(source, target, folds_of(pairs, folds))
    vectors = {"English": target, "French, aligned": mapped}
    return pd.DataFrame(score_names(pairs, vectors, index, ks))


def french_columns(frame: pd.DataFrame) -> dict[str, Column]:
    """Return how the columns of the table are shown, with every hit@k that it has."""
    hits = [str(name) for name in frame.columns if str(name).startswith("hit@")]
    shown = {
        name: Column(f"{name}, %", 1, scale=100, best="high", note="" if place else _SHARE)
        for place, name in enumerate(hits)
    }
    return _BEFORE | shown | _BEHIND
