"""Lists of classes: which synset each has, in the order of a network's outputs."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from wordbridge.devise.noun_table import Noun
from wordbridge.errors import InputError

_SYNSET = re.compile(r"n\d{8}")


class Listed(NamedTuple):
    """An entry of a list: a synset, and its name ("" where the list gives none)."""

    synset: str
    name: str


def read_class_list(path: str | Path | None) -> list[Listed]:
    """Return the entries of a list in its order, none if there is no list.

    Three formats: a synset a line (timm's imagenet_synsets.txt), a synset and a name a line
    (the lesson's classids.txt), and JSON {"0": ["n01440764", "tench"], ...} (the lesson's
    imagenet_class_index.json). Raises InputError for another one and a synset listed twice.
    """
    if path is None:
        return []
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: no list of classes can be read ({error})") from error
    listed = _json(path, text) if text.lstrip().startswith("{") else _lines(path, text)
    seen: dict[str, int] = {}
    for number, (synset, _) in enumerate(listed):
        if synset in seen:
            raise _fault(path, "each synset once", f"{synset} at {seen[synset]} and {number}")
        seen[synset] = number
    return listed


def label_nouns(nouns: Sequence[Noun], classes: Sequence[Listed]) -> list[Noun]:
    """Return ``nouns`` in their order, those listed with their class: the place in the list.

    Raises InputError as ``check_names`` does.
    """
    check_names(nouns, classes)
    numbers = {entry.synset: number for number, entry in enumerate(classes)}
    return [noun._replace(class_index=numbers.get(noun.synset)) for noun in nouns]


def check_names(nouns: Sequence[Noun], listed: Sequence[Listed]) -> None:
    """Raise InputError unless every synset listed is a noun and every name one of its lemmas."""
    lemmas = {noun.synset: noun.lemmas for noun in nouns}
    for synset, name in listed:
        if synset not in lemmas:
            raise InputError(
                f"the class list has {synset} {name or '(without a name)'}, which is no noun in "
                "data.noun; ImageNet's ids are those of WordNet 3.0, take its data.noun"
            )
        if name and _folded(name) not in map(_folded, lemmas[synset]):
            raise InputError(
                f"the class list calls {synset} {name!r}, expected one of "
                f"{', '.join(lemmas[synset])}; take list and data.noun of the same WordNet"
            )


def _folded(name: str) -> str:
    return name.replace(" ", "_").lower()


def _lines(path: str | Path, text: str) -> list[Listed]:
    entries = []
    for place, line in enumerate(text.splitlines(), start=1):
        synset, _, name = line.strip().partition(" ")
        if not _SYNSET.fullmatch(synset):
            raise _fault(path, "a synset such as n01440764, or it and a name", line, place)
        entries.append(Listed(synset, name.strip()))
    return entries


def _json(path: str | Path, text: str) -> list[Listed]:
    try:
        table = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: no JSON ({error}); fetch the list again") from error
    entries = []
    for number in range(len(table)):
        match table.get(str(number)):
            case [str(synset), str(name)] if _SYNSET.fullmatch(synset):
                entries.append(Listed(synset, name))
            case other:
                expected = f'"{number}": ["n01440764", "tench"], numbers from 0 without a gap'
                raise _fault(path, expected, other)
    return entries


def _fault(path: str | Path, expected: str, got: object, place: int = 0) -> InputError:
    where = f"{path}, line {place}" if place else f"{path}"
    return InputError(
        f"{where}: expected {expected}, got {str(got)[:60]!r}; name a list of ImageNet's classes"
    )
