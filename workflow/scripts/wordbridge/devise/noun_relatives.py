"""Nouns that a test must not separate: homonyms, ancestors and descendants."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from wordbridge.devise.hierarchy import Hierarchy
from wordbridge.devise.noun_table import Noun


class Relatives:
    """What is related to a noun: it has a word in common, or is above or below it in WordNet."""

    def __init__(self, nouns: Sequence[Noun]) -> None:
        self._hierarchy = Hierarchy(nouns)
        self._words = {noun.synset: {*map(str.casefold, noun.lemmas)} for noun in nouns}
        self._named: defaultdict[str, set[str]] = defaultdict(set)
        for synset, words in self._words.items():
            for word in words:
                self._named[word].add(synset)

    def of(self, synset: str) -> set[str]:
        """Return the relatives of a noun, without itself."""
        homonyms = set().union(*(self._named[word] for word in self._words[synset]))
        lines = (self._hierarchy.ancestors(synset), self._hierarchy.descendants(synset))
        return homonyms.union(*lines) - {synset}

    def families(self, synsets: Iterable[str], others: Iterable[str]) -> list[list[str]]:
        """Return the nouns in families: relatives of each other, directly or through relatives.

        A family may also hold ``others``, to which its members are related. Both the families
        and each one's members are sorted.
        """
        among = {*synsets, *others}
        families: list[list[str]] = []
        left = set(among)
        for start in sorted(among):
            if start not in left:
                continue
            left.discard(start)
            family, waiting = [start], [start]
            while waiting:
                near = self.of(waiting.pop()) & left
                left -= near
                family += near
                waiting += near
            families.append(sorted(family))
        return families
