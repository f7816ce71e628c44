"""The noun synsets in WordNet's database file ``data.noun``."""

import re
from collections.abc import Iterator
from pathlib import Path

from wordbridge.devise.noun_table import Noun
from wordbridge.errors import InputError

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
