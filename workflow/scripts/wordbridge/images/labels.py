"""The synset of an English label of an image."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from wordbridge.errors import InputError
from wordbridge.nouns.hierarchy import Hierarchy
from wordbridge.nouns.table import Noun

PHYSICAL = "n00001930"  # physical entity: an image shows one of its hyponyms
_PLURALS = (("ies", "y"), ("ves", "f"), ("ves", "fe"), ("es", ""), ("s", ""))
_IRREGULAR = {"teeth": "tooth", "feet": "foot", "mice": "mouse", "geese": "goose"}
_IRREGULAR |= {"men": "man", "women": "woman", "children": "child"}
_SENSE_LINE = re.compile(r"(\S+) n (\d+) (\d+)((?: \S+)*)")


class Match(NamedTuple):
    """The synset of a label, and the number of concrete synsets of the same word."""

    synset: str
    candidates: int


class LabelIndex:
    """The concrete nouns of WordNet by their lemmas.

    The first choice is a synset whose first lemma is the label ("dolphin" is also a lemma of
    dolphinfish), the second a class of ImageNet, the third the most frequent sense by ``senses``
    (the synsets of each word in this order), the last the order of the nouns.
    """

    def __init__(self, nouns: Iterable[Noun], senses: Mapping[str, Sequence[str]]) -> None:
        self._hierarchy = Hierarchy(nouns)
        self._subtrees: dict[str, frozenset[str]] = {}
        concrete = self._subtree(PHYSICAL)
        nouns_of: defaultdict[str, list[Noun]] = defaultdict(list)
        for noun in self._hierarchy.nouns:
            if noun.synset in concrete:
                for lemma in dict.fromkeys(map(str.casefold, noun.lemmas)):
                    nouns_of[lemma].append(noun)
        self._synsets = {
            lemma: _sorted(lemma, candidates, senses.get(lemma, ()))
            for lemma, candidates in nouns_of.items()
        }

    def match_synset(self, label: str, kinds: Sequence[str] = ()) -> Match | None:
        """Return the synset of a whole label, singular or plural, or None.

        ``kinds`` are synsets of which the result is a hyponym, the first ones preferred: among
        animals a chicken is not food.
        """
        subtrees = [self._subtree(kind) for kind in kinds]
        for form in _singulars("_".join(re.findall(r"[^\s_-]+", label.casefold()))):
            for lemma in (form, form.replace("_", "-"), form.replace("_", "")):
                synsets = self._synsets.get(lemma, ())
                if kinds:
                    matches = [s for subtree in subtrees for s in synsets if s in subtree]
                else:
                    matches = [*synsets]
                if matches:
                    return Match(matches[0], len(synsets))
        return None

    def _subtree(self, synset: str) -> frozenset[str]:
        """Return a noun and its descendants, nothing for an unknown noun."""
        if synset not in self._subtrees:
            known = synset in self._hierarchy
            subtree = {synset} | self._hierarchy.descendants(synset) if known else ()
            self._subtrees[synset] = frozenset(subtree)
        return self._subtrees[synset]


def read_senses(path: str | Path) -> dict[str, tuple[str, ...]]:
    """Return the synsets of each word in WordNet's index.noun, the most frequent sense first.

    Raises InputError for another format.
    """
    senses = {}
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot read a WordNet index ({error})") from error
    for number, line in enumerate(lines, start=1):
        if line.startswith("  "):  # the licence
            continue
        match = _SENSE_LINE.fullmatch(line.rstrip())
        if not match:
            raise InputError(
                f"{path}, line {number}: expected a word and its senses as in WordNet's "
                f"index.noun, got {line[:60]!r}; use index.noun of WordNet 3.0"
            )
        offsets = match[4].split()[-int(match[2]) :]
        senses[match[1]] = tuple(f"n{offset}" for offset in offsets)
    return senses


def _sorted(lemma: str, nouns: Sequence[Noun], senses: Sequence[str]) -> tuple[str, ...]:
    rank_of = {synset: rank for rank, synset in enumerate(senses)}

    def key(noun: Noun) -> tuple[bool, bool, int]:
        is_first = noun.lemmas[0].casefold() == lemma
        return not is_first, noun.class_index is None, rank_of.get(noun.synset, len(rank_of))

    return tuple(noun.synset for noun in sorted(nouns, key=key))


def _singulars(word: str) -> Iterator[str]:
    """Yield a word, then the words that it may be the plural of."""
    yield word
    head, underscore, last = word.rpartition("_")
    if last in _IRREGULAR:
        yield head + underscore + _IRREGULAR[last]
    for ending, singular in _PLURALS:
        if word.endswith(ending) and len(last) > len(ending) + 1:
            yield word.removesuffix(ending) + singular
