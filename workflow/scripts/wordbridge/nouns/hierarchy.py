"""How far nouns are from all others in WordNet, many at a time.

A way between two nouns goes up to an ancestor that they share, then down: one step for each edge.
It never goes down first, since a common kind (a pet that is also a dog) makes its parents no kin.

What lies above and below a noun in WordNet.

Nouns that a test must not separate: homonyms, ancestors and descendants.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wordbridge.errors import InputError
from wordbridge.nouns.table import Noun

Ints = NDArray[np.int64]
Steps = NDArray[np.int16]
FAR = np.iinfo(np.int16).max  # not connected at all
DEEPEST = 100  # WordNet's deepest noun is 18 below the root


@dataclass(frozen=True)
class Lists:
    """A list for each node: ``nodes`` and how far they are, those of node i from ``starts[i]``."""

    starts: Ints
    nodes: Ints
    steps: Steps

    @classmethod
    def build(cls, keys: Ints, nodes: Ints, steps: Steps, count: int) -> "Lists":
        """Return lists for ``count`` nodes; entry i belongs to the one of ``keys[i]``."""
        order = np.argsort(keys, kind="stable")
        starts = np.concatenate([[0], np.cumsum(np.bincount(keys, minlength=count))])
        return cls(starts, nodes[order], steps[order])

    def of(self, node: int) -> tuple[Ints, Steps]:
        """Return the list of ``node``."""
        place = slice(self.starts[node], self.starts[node + 1])
        return self.nodes[place], self.steps[place]


@dataclass(frozen=True)
class NounGraph:
    """Nouns with the ``ancestors`` and ``descendants`` of each, itself at 0 steps among them.

    A node is the place of a noun in the list that the graph was built of.
    """

    ancestors: Lists
    descendants: Lists

    @classmethod
    def build(cls, synsets: Sequence[str], hypernyms: Iterable[Iterable[str]]) -> "NounGraph":
        """Return the graph of ``synsets``, each with its ``hypernyms``.

        Raises InputError for a hypernym that is not among the synsets, or one above itself.
        """
        edges = _edges(synsets, hypernyms)
        low, high, steps = _ancestry(edges, len(synsets))
        return cls(
            Lists.build(low, high, steps, len(synsets)),
            Lists.build(high, low, steps, len(synsets)),
        )

    def distances(self, nodes: int | np.integer | Ints) -> Steps:
        """Return the steps to every node from the nearest of ``nodes``; FAR where no way leads."""
        count = len(self.ancestors.starts) - 1
        climbed = np.full(count, FAR, np.int16)
        for node in np.atleast_1d(nodes).tolist():
            above, steps = self.ancestors.of(node)
            climbed[above] = np.minimum(climbed[above], steps)
        distance = np.full(count, FAR, np.int16)
        for top in np.flatnonzero(climbed < FAR).tolist():
            below, steps = self.descendants.of(top)
            distance[below] = np.minimum(distance[below], steps + climbed[top])
        return distance


def _edges(synsets: Sequence[str], hypernyms: Iterable[Iterable[str]]) -> Ints:
    """Return the edges (edges, 2) from each noun up to its hypernyms."""
    place = {synset: node for node, synset in enumerate(synsets)}
    edges = []
    for node, parents in enumerate(hypernyms):
        for synset in parents:
            if synset not in place:
                raise InputError(
                    f"noun {synsets[node]}: expected its hypernym {synset} among the nouns, "
                    "which lack it; list the nouns again"
                )
            edges.append((node, place[synset]))
    return np.array(edges, np.int64).reshape(-1, 2)


def _ancestry(edges: Ints, count: int) -> tuple[Ints, Ints, Steps]:
    """Return every pair of a node and an ancestor (or itself), and the fewest steps between."""
    parents = Lists.build(edges[:, 0], edges[:, 1], np.ones(len(edges), np.int16), count)
    numbers = np.diff(parents.starts)
    low = high = np.arange(count)
    found = [low * count + high]
    while len(low):
        if len(found) > DEEPEST:
            raise InputError(
                f"the hypernyms: expected at most {DEEPEST} above each other, got more, or a "
                "circle; take WordNet 3.0's data.noun and list the nouns again"
            )
        repeats = numbers[high]
        within = np.arange(repeats.sum()) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        high, low = (
            parents.nodes[np.repeat(parents.starts[high], repeats) + within],
            np.repeat(low, repeats),
        )
        pairs = np.unique(low * count + high)
        low, high = pairs // count, pairs % count
        found.append(pairs)
    # The first mention of a pair is that with the fewest steps.
    pairs, first = np.unique(np.concatenate(found), return_index=True)
    steps = np.repeat(np.arange(len(found)), [len(level) for level in found])[first]
    return pairs // count, pairs % count, steps.astype(np.int16)


class Hierarchy:
    """The nouns as a graph in which each is joined to its hypernyms.

    Raises InputError when a noun is its own ancestor, or a hypernym is none of the nouns.
    """

    def __init__(self, nouns: Iterable[Noun]) -> None:
        self._up = {noun.synset: tuple(dict.fromkeys(noun.hypernyms)) for noun in nouns}
        down: dict[str, list[str]] = {synset: [] for synset in self._up}
        for synset, hypernyms in self._up.items():
            for hypernym in hypernyms:
                if hypernym not in down:
                    raise InputError(
                        f"{synset} has the hypernym {hypernym}, which is none of the nouns; "
                        "make the table of nouns again"
                    )
                down[hypernym].append(synset)
        self._down = {synset: tuple(sorted(below)) for synset, below in down.items()}
        _check_acyclic(self._up, self._down)

    def __contains__(self, synset: str) -> bool:
        return synset in self._up

    def ancestors(self, synset: str) -> dict[str, int]:
        """Return all nouns above one, nearest first, and how many steps up each is."""
        return _reached(_known(synset, self._up), self._up)

    def descendants(self, synset: str) -> dict[str, int]:
        """Return all nouns below one, nearest first, and how many steps down each is."""
        return _reached(_known(synset, self._up), self._down)


def _known(synset: str, nouns: Mapping[str, object]) -> str:
    if synset not in nouns:
        raise InputError(
            f"{synset!r}: expected one of the nouns, such as n01440764; name one of WordNet 3.0"
        )
    return synset


def _reached(start: str, edges: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """Return the nodes that edges lead to from ``start``, and over how many."""
    steps = {start: 0}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        for following in edges[node]:
            if following not in steps:
                steps[following] = steps[node] + 1
                waiting.append(following)
    del steps[start]
    return steps


def _check_acyclic(up: Mapping[str, tuple[str, ...]], down: Mapping[str, tuple[str, ...]]) -> None:
    """Take away nouns whose hypernyms are all gone; what stays is a cycle, or below one."""
    left = {synset: len(hypernyms) for synset, hypernyms in up.items()}
    free = [synset for synset, count in left.items() if not count]
    while free:
        synset = free.pop()
        del left[synset]
        for child in down[synset]:
            left[child] -= 1
            if not left[child]:
                free.append(child)
    if left:
        raise InputError(
            f"the hypernyms of {min(left)} lead in a circle: expected a hierarchy; "
            "take WordNet 3.0's data.noun and make the table of nouns again"
        )


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
