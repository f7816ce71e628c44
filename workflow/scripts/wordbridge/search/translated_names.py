"""French names as questions, and what a translator makes of them, as a table."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from wordbridge.files import read_table, write_table

if TYPE_CHECKING:
    from wordbridge.translation.pipeline import Interpretation

PLACE = "{name}"  # where the name stands in the form of a question
_REMEDY = "run snakemake again"


class TranslatedName(NamedTuple):
    """A French name, the question made of it, and the question's translation.

    ``unknown`` are the words of the question that the translator has no number for, with blanks
    between them; ``translator`` says which one it is.
    """

    name: str
    question: str
    translation: str
    unknown: str
    translator: str


def translate_names(
    names: Iterable[str],
    form: str,
    interpret: Callable[[Sequence[str]], "Sequence[Interpretation]"],
    translator: str,
) -> list[TranslatedName]:
    """Return the distinct ``names``, sorted, each with what ``interpret`` makes of its question.

    ``form`` is the question with ``{name}`` in place of the name.
    """
    distinct = sorted(set(names))
    questions = [form.replace(PLACE, name) for name in distinct]
    return [
        TranslatedName(name, question, one.translation, " ".join(one.unknown), translator)
        for name, question, one in zip(distinct, questions, interpret(questions), strict=True)
    ]


def write_translated_names(path: str | Path, made: Iterable[TranslatedName]) -> None:
    """Write a line for each, with tabs between the fields."""
    rows = ([" ".join(field.split()) for field in row] for row in made)
    write_table(path, TranslatedName._fields, rows)


def read_translated_names(paths: Iterable[str | Path]) -> dict[str, TranslatedName]:
    """Return by name what stands in the tables at ``paths``, of which there may be none.

    Raises InputError when one is missing or has other columns.
    """
    columns = TranslatedName._fields
    read = (read_table(path, columns, TranslatedName, _REMEDY) for path in paths)
    return {row.name: row for rows in read for row in rows}
