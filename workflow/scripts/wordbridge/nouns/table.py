"""The nouns of WordNet as a table: columns synset, lemmas, hypernyms, class, gloss."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from wordbridge.errors import InputError, shorten
from wordbridge.files import read_tsv, write_tsv

HEADER = ("synset", "lemmas", "hypernyms", "class", "gloss")
_BETWEEN = "|"
_REMEDY = "make the table again"


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
    write_tsv(path, HEADER, map(_fields, nouns))


def read_nouns(path: str | Path) -> list[Noun]:
    """Return the nouns of a table that ``write_nouns`` wrote.

    Raises InputError when it is no such table.
    """
    return list(read_tsv(path, HEADER, _noun, _REMEDY))


def lemma_text(lemma: str) -> str:
    """Return a lemma as people write it, with spaces."""
    return lemma.replace("_", " ")


def _fields(noun: Noun) -> Iterator[str]:
    yield noun.synset
    yield _BETWEEN.join(noun.lemmas)
    yield _BETWEEN.join(noun.hypernyms)
    yield "" if noun.class_index is None else str(noun.class_index)
    yield " ".join(noun.gloss.split())


def _noun(synset: str, lemmas: str, hypernyms: str, number: str, gloss: str) -> Noun:
    if number and not number.isdecimal():
        raise InputError(
            f"expected {len(HEADER)} columns, the fourth a number or empty, got "
            f"{shorten(number)!r} there; {_REMEDY}"
        )
    parents = tuple(hypernyms.split(_BETWEEN)) if hypernyms else ()
    class_index = int(number) if number else None
    return Noun(synset, tuple(lemmas.split(_BETWEEN)), parents, class_index, gloss)
