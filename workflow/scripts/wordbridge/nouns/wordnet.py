"""WordNet's database files ``data.noun`` and ``index.noun``, and lists of ImageNet's classes."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from wordbridge.errors import InputError
from wordbridge.files import read_json
from wordbridge.nouns.table import CLASSES, Noun
from wordbridge.text import read_lines

Record = TypeVar("Record")
Class = tuple[str, str]  # a synset of ImageNet's classes, and its name ("" in a list without names)

_LICENCE = "  "  # the start of the lines of the licence, which come first
_HYPERNYMS = ("@", "@i")  # pointers to a kind and to the kind of an instance
_POINTER_FIELDS = 4  # of a pointer: symbol, offset, part of speech, words
_NOUN_LINE = re.compile(r"(\d{8}) \d\d n ([0-9a-f]{2}) (.*?) \| (.*)")
_SENSE_LINE = re.compile(r"(\S+) n (\d+) \d+((?: \S+)*)")
_SYNSET = re.compile(r"n\d{8}")


def read_wordnet(path: str | Path) -> list[Noun]:
    """Return the nouns of a ``data.noun`` in the order of the file, without class indices.

    The id of a synset is "n" and the offset in the file, eight digits: ImageNet has the ids of
    WordNet 3.0. Raises InputError for another format and a duplicate synset.
    """
    nouns: dict[str, Noun] = {}
    for noun in _records(path, "data.noun", "a noun synset", _parse_noun):
        if noun.synset in nouns:
            raise InputError(f"{path}: {noun.synset} is in it twice; fetch the file again")
        nouns[noun.synset] = noun
    if not nouns:
        raise InputError(f"{path}: expected noun synsets, got none; use WordNet 3.0's data.noun")
    return list(nouns.values())


def read_senses(path: str | Path) -> dict[str, tuple[str, ...]]:
    """Return the synsets of each word in an ``index.noun``, the most frequent sense first.

    Raises InputError for another format.
    """
    return dict(_records(path, "index.noun", "a word and its senses", _parse_senses))


def read_classes(path: str | Path | None) -> list[Class]:
    """Return the classes of a list in the order of the file, none for no list.

    Three formats: a synset per line (timm's imagenet_synsets.txt), a synset and its names per line
    (the lesson's classids.txt; of several names with commas the first counts), and JSON
    {"0": ["n01440764", "tench"], ...} (the lesson's imagenet_class_index.json). Raises InputError
    for another format and a duplicate synset.
    """
    if path is None:
        return []
    text = "\n".join(read_lines(path)).strip()
    is_json = text.startswith("{")
    classes = _classes_of_json(path) if is_json else _classes_of_lines(path, text)
    index_of: dict[str, int] = {}
    for index, (synset, _) in enumerate(classes):
        first = index_of.setdefault(synset, index)
        if first != index:
            raise _not_classes(path, "each synset once", f"{synset} at {first} and {index}")
    return classes


def label_nouns(nouns: Sequence[Noun], classes: Sequence[Class]) -> list[Noun]:
    """Return ``nouns`` in their order with their class indices, the positions in ``classes``.

    Raises InputError for more classes than a backbone has, and as ``check_class_names`` does.
    """
    if len(classes) > CLASSES:
        raise InputError(
            f"the class list has {len(classes)} synsets: expected at most the {CLASSES} classes of "
            "the backbones; use their list"
        )
    check_class_names(nouns, classes)
    index_of = {synset: index for index, (synset, _) in enumerate(classes)}
    return [noun._replace(class_index=index_of.get(noun.synset)) for noun in nouns]


def check_class_names(nouns: Sequence[Noun], classes: Sequence[Class]) -> None:
    """Raise InputError unless each class is a noun and each name is one of its noun's lemmas."""
    lemmas_of = {noun.synset: noun.lemmas for noun in nouns}
    for synset, name in classes:
        if synset not in lemmas_of:
            raise InputError(
                f"the class list has {synset} {name or '(without a name)'}, which is not a noun in "
                "data.noun; ImageNet's ids are those of WordNet 3.0, use its data.noun"
            )
        lemmas = [lemma.lower() for lemma in lemmas_of[synset]]
        if name and name.replace(" ", "_").lower() not in lemmas:
            raise InputError(
                f"the class list names {synset} {name!r}, expected one of "
                f"{', '.join(lemmas_of[synset])}; use a list and a data.noun of the same WordNet"
            )


def _records(
    path: str | Path, name: str, expected: str, parse: Callable[[str], Record | None]
) -> Iterator[Record]:
    """Yield the records of WordNet's file ``name``; ``parse`` returns None for another format."""
    for number, line in enumerate(read_lines(path), start=1):
        if line.startswith(_LICENCE):
            continue
        record = parse(line)
        if record is None:
            raise InputError(
                f"{path}, line {number}: expected {expected} as in WordNet's {name}, "
                f"got {line[:60]!r}; use the database file {name} of WordNet 3.0"
            )
        yield record


def _parse_noun(line: str) -> Noun | None:
    """Return the noun of a line: offset, file, n, words, pointers, a bar and the gloss."""
    match = _NOUN_LINE.fullmatch(line)
    if match is None:
        return None
    offset, words, data, gloss = match.groups()
    fields = data.split()
    end = 2 * int(words, 16)  # a number follows each word
    count, pointers = fields[end : end + 1], fields[end + 1 :]
    expected_count, remainder = divmod(len(pointers), _POINTER_FIELDS)
    if not end or count != [f"{expected_count:03}"] or remainder:
        return None
    symbols, offsets = pointers[::_POINTER_FIELDS], pointers[1::_POINTER_FIELDS]
    hypernyms = tuple(
        f"n{above}" for symbol, above in zip(symbols, offsets, strict=True) if symbol in _HYPERNYMS
    )
    return Noun(f"n{offset}", tuple(fields[:end:2]), hypernyms, None, gloss.strip())


def _parse_senses(line: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the word of a line and its synsets, whose offsets are the last fields."""
    match = _SENSE_LINE.fullmatch(line.rstrip())
    if match is None:
        return None
    offsets = match[3].split()[-int(match[2]) :]
    return match[1], tuple(f"n{offset}" for offset in offsets)


def _classes_of_lines(path: str | Path, text: str) -> list[Class]:
    classes = []
    for number, line in enumerate(text.split("\n"), start=1):
        synset, _, name = " ".join(line.split()).partition(" ")
        if not _SYNSET.fullmatch(synset):
            expected = "a synset such as n01440764, or a synset and a name"
            raise _not_classes(f"{path}, line {number}", expected, line)
        classes.append((synset, name.partition(",")[0]))
    return classes


def _classes_of_json(path: str | Path) -> list[Class]:
    table = read_json(path, "a list of classes", "fetch the list again")
    classes = []
    for index in range(len(table)):
        match table.get(str(index)):
            case [str(synset), str(name)] if _SYNSET.fullmatch(synset):
                classes.append((synset, name))
            case entry:
                expected = f'"{index}": ["n01440764", "tench"], indices from 0 without a gap'
                raise _not_classes(path, expected, entry)
    return classes


def _not_classes(location: str | Path, expected: str, got: object) -> InputError:
    return InputError(
        f"{location}: expected {expected}, got {str(got)[:60]!r}; use a list of ImageNet's classes"
    )
