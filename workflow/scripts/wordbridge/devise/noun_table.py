"""The nouns of WordNet as a table: columns synset, lemmas, hypernyms, class, gloss."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from wordbridge.atomic import replacing
from wordbridge.errors import InputError

HEADER = ("synset", "lemmas", "hypernyms", "class", "gloss")
_BETWEEN = "|"


class Noun(NamedTuple):
    """A meaning of one or several words.

    ``synset`` is ImageNet's id of it ("n01440764"). ``lemmas`` are its words as WordNet orders
    and writes them ("great_white_shark"). ``hypernyms`` are the synsets of its parents, for an
    individual (a river, a person) of what it is one of. ``class_index`` is its number among the
    classes of ImageNet, None if it is none of them.
    """

    synset: str
    lemmas: tuple[str, ...]
    hypernyms: tuple[str, ...]
    class_index: int | None
    gloss: str


def write_nouns(path: str | Path, nouns: Iterable[Noun]) -> None:
    """Write the table of ``nouns``, in their order."""
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as table:
        table.write("\t".join(HEADER) + "\n")
        for noun in nouns:
            number = "" if noun.class_index is None else str(noun.class_index)
            lists = (_BETWEEN.join(noun.lemmas), _BETWEEN.join(noun.hypernyms))
            gloss = " ".join(noun.gloss.split())
            table.write("\t".join((noun.synset, *lists, number, gloss)) + "\n")


def read_nouns(path: str | Path) -> list[Noun]:
    """Return the nouns of a table that ``write_nouns`` wrote.

    Raises InputError when it cannot be read, the header is another one or a row is not of it.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: no nouns can be read ({error}); make the table again") from error
    if tuple(lines[0].split("\t")) != HEADER:
        raise _fault(path, 1, f"the columns {', '.join(HEADER)}", lines[0])
    return [_noun(path, place, line) for place, line in enumerate(lines[1:], 2) if line]


def class_synsets(nouns: Iterable[Noun]) -> list[str]:
    """Return the synsets of ImageNet's classes, in the order of the classes."""
    classes = [(noun.class_index, noun.synset) for noun in nouns if noun.class_index is not None]
    return [synset for _, synset in sorted(classes)]


def lemma_text(lemma: str) -> str:
    """Return a lemma as people write it, with spaces."""
    return lemma.replace("_", " ")


def _noun(path: str | Path, place: int, line: str) -> Noun:
    fields: Sequence[str] = line.split("\t")
    if len(fields) != len(HEADER) or not (fields[3].isdecimal() or fields[3] == ""):
        raise _fault(path, place, f"{len(HEADER)} columns, the fourth a number or empty", line)
    synset, lemmas, hypernyms, number, gloss = fields
    parents = tuple(hypernyms.split(_BETWEEN)) if hypernyms else ()
    class_index = int(number) if number else None
    return Noun(synset, tuple(lemmas.split(_BETWEEN)), parents, class_index, gloss)


def _fault(path: str | Path, place: int, expected: str, got: str) -> InputError:
    return InputError(
        f"{path}, line {place}: expected {expected}, got {got[:60]!r}; make the table again"
    )
