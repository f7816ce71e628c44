"""The synset of an English label of an image."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from wordbridge.nouns.hierarchy import Hierarchy
from wordbridge.nouns.table import Noun

PHYSICAL = "n00001930"  # physical entity: an image shows one of its hyponyms
_PLURALS = (("ies", "y"), ("ves", "f"), ("ves", "fe"), ("es", ""), ("s", ""))
_IRREGULAR = {"teeth": "tooth", "feet": "foot", "mice": "mouse", "geese": "goose"}
_IRREGULAR |= {"men": "man", "women": "woman", "children": "child"}


class LabelIndex:
    """The concrete nouns of WordNet by their lemmas.

    The first choice is a synset whose first lemma is the label ("dolphin" is also a lemma of
    dolphinfish), the second a class of ImageNet, the third the most frequent sense by ``senses``
    (the synsets of each word in this order), the last the order of the nouns.
    """

    def __init__(self, nouns: Iterable[Noun], senses: Mapping[str, Sequence[str]]) -> None:
        self._hierarchy = Hierarchy(nouns)
        self._subtrees: dict[str, set[str]] = {}
        nouns_of: defaultdict[str, list[Noun]] = defaultdict(list)
        for noun in self._hierarchy.nouns:
            if noun.synset in self._subtree(PHYSICAL):
                for lemma in set(map(str.casefold, noun.lemmas)):
                    nouns_of[lemma].append(noun)
        for lemma, candidates in nouns_of.items():
            candidates.sort(key=partial(_rank, lemma=lemma, senses=senses.get(lemma, ())))
        self._nouns_of = dict(nouns_of)

    def match_synset(self, label: str, kinds: Sequence[str] = ()) -> str | None:
        """Return the synset of a whole label, singular or plural, or None.

        ``kinds`` are synsets of which the result is a hyponym, the first ones preferred: among
        animals a chicken is not food.
        """
        subtrees = [self._subtree(kind) for kind in kinds or (PHYSICAL,)]
        for form in _singulars("_".join(re.findall(r"[^\s_-]+", label.casefold()))):
            for lemma in (form, form.replace("_", "-"), form.replace("_", "")):
                for subtree in subtrees:
                    for noun in self._nouns_of.get(lemma, []):
                        if noun.synset in subtree:
                            return noun.synset
        return None

    def _subtree(self, synset: str) -> set[str]:
        """Return a noun and its descendants, nothing for an unknown noun."""
        if synset not in self._subtrees:
            is_noun = synset in self._hierarchy
            subtree = {synset} | self._hierarchy.descendants(synset) if is_noun else set()
            self._subtrees[synset] = subtree
        return self._subtrees[synset]


def _rank(noun: Noun, lemma: str, senses: Sequence[str]) -> tuple[bool, bool, int]:
    """Return the key that sorts the nouns of a lemma, the best one first."""
    sense = senses.index(noun.synset) if noun.synset in senses else len(senses)
    return noun.lemmas[0].casefold() != lemma, noun.class_index is None, sense


def _singulars(word: str) -> Iterator[str]:
    """Yield a word, then the words that it may be the plural of."""
    yield word
    head, underscore, last = word.rpartition("_")
    if last in _IRREGULAR:
        yield head + underscore + _IRREGULAR[last]
    for ending, singular in _PLURALS:
        if word.endswith(ending) and len(last) > len(ending) + 1:
            yield word.removesuffix(ending) + singular
