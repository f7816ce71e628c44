"""The table of WordNet's nouns: columns synset, lemmas, hypernyms, class, gloss."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from wordbridge.errors import InputError, shorten
from wordbridge.files import read_tsv, write_tsv

HEADER = ("synset", "lemmas", "hypernyms", "class", "gloss")
CLASSES = 1000  # of the ImageNet challenge, the outputs of the backbones' classifiers
_SEPARATOR = "|"
_REMEDY = "make the table again"


class Noun(NamedTuple):
    """A noun synset of WordNet: one meaning of one or several words.

    ``synset`` is the ImageNet id ("n01440764"). ``lemmas`` are the words in WordNet's order and
    spelling ("great_white_shark"). ``hypernyms`` are the synsets of the direct hypernyms, for an
    instance (a river, a person) those of its kinds. ``class_index`` is the index among ImageNet's
    classes, None for a noun that is no class.
    """

    synset: str
    lemmas: tuple[str, ...]
    hypernyms: tuple[str, ...]
    class_index: int | None
    gloss: str


def write_nouns(path: str | Path, nouns: Iterable[Noun]) -> None:
    """Write the table of ``nouns``, in their order."""
    rows = (
        (
            noun.synset,
            _SEPARATOR.join(noun.lemmas),
            _SEPARATOR.join(noun.hypernyms),
            format_class_index(noun.class_index),
            " ".join(noun.gloss.split()),
        )
        for noun in nouns
    )
    write_tsv(path, HEADER, rows)


def read_nouns(path: str | Path) -> list[Noun]:
    """Return the nouns of a table; raises InputError for a file of another format."""
    return list(read_tsv(path, HEADER, _parse_noun, _REMEDY))


def lemma_text(lemma: str) -> str:
    """Return a lemma with spaces for underscores."""
    return lemma.replace("_", " ")


def format_class_index(index: int | None) -> str:
    """Return a class index as the field of a table, "" for None."""
    return "" if index is None else str(index)


def parse_class_index(text: str) -> int | None:
    """Return the class index in the field of a table; raises InputError for another text."""
    if text and not text.isdecimal():
        raise InputError(
            f"expected a number or nothing in the column class, got {shorten(text)!r}; {_REMEDY}"
        )
    return int(text) if text else None


def _parse_noun(synset: str, lemmas: str, hypernyms: str, index: str, gloss: str) -> Noun:
    parents = tuple(hypernyms.split(_SEPARATOR)) if hypernyms else ()
    return Noun(synset, tuple(lemmas.split(_SEPARATOR)), parents, parse_class_index(index), gloss)
