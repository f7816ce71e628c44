"""The noun synsets in WordNet's database file ``data.noun``.

Lists of classes: which synset each has, in the order of a network's outputs.
"""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from wordbridge.errors import InputError
from wordbridge.nouns.table import Noun

_LICENCE = "  "  # its lines come first and begin with two spaces
_HYPERNYMS = ("@", "@i")  # a kind of, an instance of
_POINTER = 4  # fields of a pointer: sign, offset, part of speech, which words are meant
_HEAD = re.compile(r"(?P<offset>\d{8}) \d\d n (?P<words>[0-9a-f]{2}) (?P<rest>.*)")


def read_wordnet(path: str | Path) -> list[Noun]:
    """Return the nouns of a ``data.noun``, in its order; they have no class yet.

    A synset's id is "n" and its offset in the file, eight digits: ImageNet's ids are those of
    WordNet 3.0. Raises InputError for a file of another format, a synset that comes twice and
    a hypernym that is not in the file.
    """
    nouns = list(_nouns(Path(path)))
    known: set[str] = set()
    for noun in nouns:
        if noun.synset in known:
            raise InputError(f"{path}: {noun.synset} comes twice; fetch the file again")
        known.add(noun.synset)
    for noun in nouns:
        for hypernym in noun.hypernyms:
            if hypernym not in known:
                raise InputError(
                    f"{path}: {noun.synset} has the hypernym {hypernym}, which is not in the "
                    "file; it is cut short, fetch it again"
                )
    if not nouns:
        raise InputError(f"{path}: expected noun synsets, got none; take WordNet 3.0's data.noun")
    return nouns


def _nouns(path: Path) -> Iterator[Noun]:
    try:
        with path.open(encoding="utf-8") as lines:
            for place, line in enumerate(lines, start=1):
                if not line.startswith(_LICENCE):
                    yield _noun(path, place, line)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: no WordNet data can be read ({error})") from error


def _noun(path: Path, place: int, line: str) -> Noun:
    """Return the noun of a line: offset, file, n, words, pointers, a bar and the gloss."""
    data, bar, gloss = line.partition(" | ")
    head = _HEAD.fullmatch(data)
    if not bar or not head:
        raise _fault(path, place, line)
    fields = head["rest"].split()
    end = 2 * int(head["words"], 16)  # behind each word stands its number in a lexicographer file
    pointers = fields[end + 1 :]
    promised = "".join(fields[end : end + 1])
    if not end or not promised.isdecimal() or len(pointers) != _POINTER * int(promised):
        raise _fault(path, place, line)
    hypernyms = tuple(
        f"n{pointers[start + 1]}"
        for start in range(0, len(pointers), _POINTER)
        if pointers[start] in _HYPERNYMS
    )
    return Noun(f"n{head['offset']}", tuple(fields[:end:2]), hypernyms, None, gloss.strip())


def _fault(path: Path, place: int, line: str) -> InputError:
    return InputError(
        f"{path}, line {place}: expected a noun synset as in WordNet's data.noun "
        f"(offset, file, n, words, pointers, | and a gloss), got {line[:60]!r}; "
        "take database file data.noun of WordNet 3.0"
    )


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
            raise _fault_class_lists(
                path, "each synset once", f"{synset} at {seen[synset]} and {number}"
            )
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
            raise _fault_class_lists(
                path, "a synset such as n01440764, or it and a name", line, place
            )
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
                raise _fault_class_lists(path, expected, other)
    return entries


def _fault_class_lists(path: str | Path, expected: str, got: object, place: int = 0) -> InputError:
    where = f"{path}, line {place}" if place else f"{path}"
    return InputError(
        f"{where}: expected {expected}, got {str(got)[:60]!r}; name a list of ImageNet's classes"
    )
