"""The nouns in WordNet's database file ``data.noun``, and the lists of ImageNet's classes."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from wordbridge.errors import InputError
from wordbridge.nouns.table import Noun

_LICENCE = "  "  # its lines come first and begin with two spaces
_HYPERNYMS = ("@", "@i")  # pointers to a kind and to the kind of an instance
_POINTER = 4  # fields of a pointer: symbol, offset, part of speech, words
_HEAD = re.compile(r"(?P<offset>\d{8}) \d\d n (?P<words>[0-9a-f]{2}) (?P<rest>.*)")
_SYNSET = re.compile(r"n\d{8}")


class ImageNetClass(NamedTuple):
    """A class of ImageNet: its synset, and its name ("" in a list without names)."""

    synset: str
    name: str


def read_wordnet(path: str | Path) -> list[Noun]:
    """Return the nouns of a ``data.noun`` in its order, without class indices.

    The id of a synset is "n" and its offset in the file, eight digits: ImageNet's ids are those
    of WordNet 3.0. Raises InputError for another format, a duplicate synset and a hypernym that
    is not in the file.
    """
    nouns: dict[str, Noun] = {}
    for noun in _nouns(Path(path)):
        if noun.synset in nouns:
            raise InputError(f"{path}: {noun.synset} is in it twice; fetch the file again")
        nouns[noun.synset] = noun
    for noun in nouns.values():
        for hypernym in noun.hypernyms:
            if hypernym not in nouns:
                raise InputError(
                    f"{path}: {noun.synset} has the hypernym {hypernym}, which is not in the "
                    "file; the file is truncated, fetch it again"
                )
    if not nouns:
        raise InputError(f"{path}: expected noun synsets, got none; use WordNet 3.0's data.noun")
    return list(nouns.values())


def read_classes(path: str | Path | None) -> list[ImageNetClass]:
    """Return the classes of a list in its order, none for no list.

    Three formats: a synset per line (timm's imagenet_synsets.txt), a synset and a name per line
    (the lesson's classids.txt), and JSON {"0": ["n01440764", "tench"], ...} (the lesson's
    imagenet_class_index.json). Raises InputError for another format and a duplicate synset.
    """
    if path is None:
        return []
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot read a list of classes ({error})") from error
    is_json = text.lstrip().startswith("{")
    classes = _classes_of_json(path, text) if is_json else _classes_of_lines(path, text)
    index_of: dict[str, int] = {}
    for index, (synset, _) in enumerate(classes):
        if synset in index_of:
            got = f"{synset} at {index_of[synset]} and {index}"
            raise _not_classes(path, "each synset once", got)
        index_of[synset] = index
    return classes


def label_nouns(nouns: Sequence[Noun], classes: Sequence[ImageNetClass]) -> list[Noun]:
    """Return ``nouns`` in their order with their class indices, the places in ``classes``.

    Raises InputError as ``check_class_names`` does.
    """
    check_class_names(nouns, classes)
    index_of = {entry.synset: index for index, entry in enumerate(classes)}
    return [noun._replace(class_index=index_of.get(noun.synset)) for noun in nouns]


def check_class_names(nouns: Sequence[Noun], classes: Sequence[ImageNetClass]) -> None:
    """Raise InputError unless each class is a noun and its name one of the noun's lemmas."""
    lemmas = {noun.synset: noun.lemmas for noun in nouns}
    for synset, name in classes:
        if synset not in lemmas:
            raise InputError(
                f"the class list has {synset} {name or '(without a name)'}, which is not a noun in "
                "data.noun; ImageNet's ids are those of WordNet 3.0, use its data.noun"
            )
        if name and _folded(name) not in map(_folded, lemmas[synset]):
            raise InputError(
                f"the class list names {synset} {name!r}, expected one of "
                f"{', '.join(lemmas[synset])}; use a list and a data.noun of the same WordNet"
            )


def _nouns(path: Path) -> Iterator[Noun]:
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.startswith(_LICENCE):
                    yield _noun(path, number, line)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot read WordNet data ({error})") from error


def _noun(path: Path, number: int, line: str) -> Noun:
    """Return the noun of a line: offset, file, n, words, pointers, a bar and the gloss."""
    data, bar, gloss = line.partition(" | ")
    head = _HEAD.fullmatch(data)
    fields = head["rest"].split() if head else []
    end = 2 * int(head["words"], 16) if head else 0  # a number follows each word
    pointers, count = fields[end + 1 :], "".join(fields[end : end + 1])
    if not (bar and head and end and count.isdecimal() and len(pointers) == _POINTER * int(count)):
        raise InputError(
            f"{path}, line {number}: expected a noun synset as in WordNet's data.noun "
            f"(offset, file, n, words, pointers, | and a gloss), got {line[:60]!r}; "
            "use the database file data.noun of WordNet 3.0"
        )
    hypernyms = tuple(
        f"n{offset}"
        for symbol, offset in zip(pointers[::_POINTER], pointers[1::_POINTER], strict=True)
        if symbol in _HYPERNYMS
    )
    return Noun(f"n{head['offset']}", tuple(fields[:end:2]), hypernyms, None, gloss.strip())


def _classes_of_lines(path: str | Path, text: str) -> list[ImageNetClass]:
    classes = []
    for number, line in enumerate(text.splitlines(), start=1):
        synset, _, name = line.strip().partition(" ")
        if not _SYNSET.fullmatch(synset):
            expected = "a synset such as n01440764, or a synset and a name"
            raise _not_classes(f"{path}, line {number}", expected, line)
        classes.append(ImageNetClass(synset, name.strip()))
    return classes


def _classes_of_json(path: str | Path, text: str) -> list[ImageNetClass]:
    try:
        table = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: expected JSON, got {error}; fetch the list again") from error
    classes = []
    for index in range(len(table)):
        match table.get(str(index)):
            case [str(synset), str(name)] if _SYNSET.fullmatch(synset):
                classes.append(ImageNetClass(synset, name))
            case other:
                expected = f'"{index}": ["n01440764", "tench"], indices from 0 without a gap'
                raise _not_classes(path, expected, other)
    return classes


def _not_classes(where: str | Path, expected: str, got: object) -> InputError:
    return InputError(
        f"{where}: expected {expected}, got {str(got)[:60]!r}; use a list of ImageNet's classes"
    )


def _folded(name: str) -> str:
    return name.replace(" ", "_").lower()
