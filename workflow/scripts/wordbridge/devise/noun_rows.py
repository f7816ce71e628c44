"""Which noun each row of the matrix of nouns stands for."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from wordbridge.atomic import replacing
from wordbridge.errors import InputError
from wordbridge.vectors.matrix_file import load_matrix
from wordbridge.vectors.protocol import Matrix

HEADER = ("synset", "lemma", "how", "class")
# First or another lemma; its own vector, or the mean of those of its parts.
HOW = ("first exact", "first parts", "other exact", "other parts")


class NounRow(NamedTuple):
    """A noun with a vector, the lemma whose vector it is and how it was found (see ``HOW``)."""

    synset: str
    lemma: str
    how: str
    class_index: int | None


def write_noun_rows(path: str | Path, rows: Iterable[NounRow]) -> None:
    """Write the table of ``rows``, in their order."""
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as table:
        table.write("\t".join(HEADER) + "\n")
        for *texts, number in rows:
            table.write("\t".join((*map(str, texts), "" if number is None else str(number))) + "\n")


def read_noun_rows(path: str | Path) -> list[NounRow]:
    """Return the rows of a table that ``write_noun_rows`` wrote.

    Raises InputError when it cannot be read or is another table.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: no table can be read ({error}); make it again") from error
    table = [tuple(line.split("\t")) for line in lines if line]
    if table[:1] != [HEADER] or not all(map(_is_row, table[1:])):
        raise InputError(
            f"{path}: expected the columns {', '.join(HEADER)}, the last a number or empty, "
            f"got {lines[0][:60]!r} and {len(table) - 1} rows; make the table again"
        )
    return [
        NounRow(synset, lemma, how, int(number) if number else None)
        for synset, lemma, how, number in table[1:]
    ]


def _is_row(fields: Sequence[str]) -> bool:
    return len(fields) == len(HEADER) and (fields[-1].isdecimal() or not fields[-1])


def load_noun_vectors(matrix: str | Path, table: str | Path) -> tuple[list[NounRow], Matrix]:
    """Return the nouns that have a vector, and these vectors (nouns, dim), not of unit length.

    Raises InputError when the two files do not belong together.
    """
    rows = read_noun_rows(table)
    return rows, load_matrix(matrix, words=len(rows))
