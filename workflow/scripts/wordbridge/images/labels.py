"""Which noun an image's English label means."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from wordbridge.errors import InputError
from wordbridge.nouns.hierarchy import Hierarchy
from wordbridge.nouns.table import Noun

PHYSICAL = "n00001930"  # physical entity: only what is below it can be on an image
_PLURALS = (("ies", "y"), ("ves", "f"), ("ves", "fe"), ("es", ""), ("s", ""))
_IRREGULAR = {"teeth": "tooth", "feet": "foot", "mice": "mouse", "geese": "goose"}
_IRREGULAR |= {"men": "man", "women": "woman", "children": "child"}
_SENSE_LINE = re.compile(r"(\S+) n (\d+) (\d+)((?: \S+)*)")


class Meaning(NamedTuple):
    """A noun that a label means, and of how many concrete ones it was chosen."""

    synset: str
    choices: int


class NounNames:
    """English words looked up among the nouns that can be seen.

    Of several meanings that one is taken whose first word it is (a dolphin is no dolphinfish,
    which is called so too), then one of ImageNet's classes, then the most frequent one by
    ``senses``, synsets by word in this order; then the first of the nouns.
    """

    def __init__(self, nouns: Iterable[Noun], senses: Mapping[str, Sequence[str]]) -> None:
        listed = list(nouns)
        self._hierarchy = Hierarchy(listed)
        self._below: dict[str, frozenset[str]] = {}
        concrete = self._kind(PHYSICAL)
        found: dict[str, list[Noun]] = {}
        for noun in listed:
            if noun.synset in concrete:
                for lemma in dict.fromkeys(map(str.casefold, noun.lemmas)):
                    found.setdefault(lemma, []).append(noun)
        self._meanings = {
            lemma: _ordered(lemma, among, senses.get(lemma, ())) for lemma, among in found.items()
        }

    def meaning(self, label: str, kinds: Sequence[str] = ()) -> Meaning | None:
        """Return what a whole label means, singular or plural, or None.

        With ``kinds`` it is below one of these synsets, rather the first than the last: among
        animals a chicken is no food.
        """
        among = [self._kind(kind) for kind in kinds]
        for form in _forms("_".join(re.findall(r"[^\s_-]+", label.casefold()))):
            for lemma in (form, form.replace("_", "-"), form.replace("_", "")):
                synsets = self._meanings.get(lemma, ())
                fitting = [s for kind in among for s in synsets if s in kind] if kinds else synsets
                if fitting:
                    return Meaning(fitting[0], len(synsets))
        return None

    def _kind(self, synset: str) -> frozenset[str]:
        """Return a noun and all below it; nothing if it is not there."""
        if synset not in self._below:
            is_known = synset in self._hierarchy
            below = {synset, *self._hierarchy.descendants(synset)} if is_known else ()
            self._below[synset] = frozenset(below)
        return self._below[synset]


def read_senses(path: str | Path) -> dict[str, tuple[str, ...]]:
    """Return the synsets of each word, the most frequent sense first, of WordNet's index.noun.

    Raises InputError for a file of another format.
    """
    senses = {}
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: no WordNet index can be read ({error})") from error
    for place, line in enumerate(lines, start=1):
        if line.startswith("  "):  # the licence
            continue
        match = _SENSE_LINE.fullmatch(line.rstrip())
        if not match:
            raise InputError(
                f"{path}, line {place}: expected a word and its senses as in WordNet's "
                f"index.noun, got {line[:60]!r}; take index.noun of WordNet 3.0"
            )
        offsets = match[4].split()[-int(match[2]) :]
        senses[match[1]] = tuple(f"n{offset}" for offset in offsets)
    return senses


def _ordered(lemma: str, nouns: Sequence[Noun], senses: Sequence[str]) -> tuple[str, ...]:
    place = {synset: number for number, synset in enumerate(senses)}

    def rank(noun: Noun) -> tuple[bool, bool, int]:
        is_first = noun.lemmas[0].casefold() == lemma
        return not is_first, noun.class_index is None, place.get(noun.synset, len(place))

    return tuple(noun.synset for noun in sorted(nouns, key=rank))


def _forms(word: str) -> Iterator[str]:
    """Yield a word, then what it may be the plural of."""
    yield word
    head, underscore, last = word.rpartition("_")
    if last in _IRREGULAR:
        yield head + underscore + _IRREGULAR[last]
    for ending, singular in _PLURALS:
        if word.endswith(ending) and len(last) > len(ending) + 1:
            yield word.removesuffix(ending) + singular
