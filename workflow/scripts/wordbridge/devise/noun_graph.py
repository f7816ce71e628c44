"""How far nouns are from all others in WordNet, many at a time.

A way between two nouns goes up to an ancestor that they share, then down: one step for each edge.
It never goes down first, since a common kind (a pet that is also a dog) makes its parents no kin.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wordbridge.errors import InputError

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
