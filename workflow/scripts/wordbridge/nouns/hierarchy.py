"""WordNet's hierarchy of nouns: ancestors, descendants, distances and relatives.

A path between two nouns goes up to a common ancestor, then down, one step for each edge. It never
goes down first: a common hyponym (a pet that is also a dog) does not make its hypernyms related.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import cached_property

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from wordbridge.errors import InputError
from wordbridge.nouns.table import Noun

Ints = NDArray[np.int64]
Steps = NDArray[np.int16]
FAR = np.iinfo(np.int16).max  # the distance of nouns without a common ancestor


class Hierarchy:
    """The nouns as a directed acyclic graph with an edge from each noun to each of its hypernyms.

    A node is the index of a noun in ``nouns``. Raises InputError if a noun is its own ancestor or
    a hypernym is not among the nouns.
    """

    def __init__(self, nouns: Iterable[Noun]) -> None:
        self.nouns = list(nouns)
        self.node_of = {noun.synset: node for node, noun in enumerate(self.nouns)}
        self._graph = nx.DiGraph()
        self._graph.add_nodes_from(self.node_of)
        self._graph.add_edges_from(
            (noun.synset, hypernym) for noun in self.nouns for hypernym in noun.hypernyms
        )
        if unknown := self._graph.nodes - self.node_of.keys():
            hypernym = min(unknown)
            raise InputError(
                f"{next(self._graph.predecessors(hypernym))} has the hypernym {hypernym}, which is "
                "not among the nouns; take all of WordNet 3.0's data.noun and list the nouns again"
            )
        if not nx.is_directed_acyclic_graph(self._graph):
            cycle = min(edge[0] for edge in nx.find_cycle(self._graph))
            raise InputError(
                f"the hypernyms of {cycle} form a cycle: expected a hierarchy; "
                "take WordNet 3.0's data.noun and list the nouns again"
            )

    def ancestors(self, synset: str) -> set[str]:
        """Return the hypernyms of a noun, direct and indirect."""
        # networkx calls a node that can be reached a descendant.
        return set(nx.descendants(self._graph, synset))

    def descendants(self, synset: str) -> set[str]:
        """Return the hyponyms of a noun, direct and indirect."""
        return set(nx.ancestors(self._graph, synset))

    def distances(self, nodes: int | np.integer | Ints) -> Steps:
        """Return the steps (nouns,) from the nearest of ``nodes`` to each node, FAR without a path.

        WordNet's 82,115 nouns take about 2 ms.
        """
        steps = np.full(len(self.nouns), FAR, np.int16)
        steps[np.atleast_1d(nodes)] = 0
        for below, above in self._levels:
            np.minimum.at(steps, above, np.minimum(steps[below], FAR - 1) + 1)
        for below, above in reversed(self._levels):
            np.minimum.at(steps, below, np.minimum(steps[above], FAR - 1) + 1)
        return steps

    @cached_property
    def _levels(self) -> list[tuple[Ints, Ints]]:
        """Return the lower and the upper nodes of all edges, in levels from the bottom to the top.

        The edges into a noun lie in earlier levels than the edges out of it.
        """
        levels = []
        for generation in nx.topological_generations(self._graph):
            edges = [
                (self.node_of[noun], self.node_of[hypernym])
                for noun, hypernym in self._graph.edges(generation)
            ]
            below, above = np.array(edges, np.int64).reshape(-1, 2).T
            levels.append((below, above))
        return levels


class Relatives:
    """The relatives of a noun: its homonyms (a lemma in common), ancestors and descendants."""

    def __init__(self, nouns: Iterable[Noun]) -> None:
        self._hierarchy = Hierarchy(nouns)
        self._lemmas_of: dict[str, set[str]] = {}
        self._synsets_of: defaultdict[str, set[str]] = defaultdict(set)
        for noun in self._hierarchy.nouns:
            self._lemmas_of[noun.synset] = set(map(str.casefold, noun.lemmas))
            for lemma in self._lemmas_of[noun.synset]:
                self._synsets_of[lemma].add(noun.synset)

    def of(self, synset: str) -> set[str]:
        """Return the relatives of a noun, without the noun itself."""
        homonyms = set().union(*(self._synsets_of[lemma] for lemma in self._lemmas_of[synset]))
        hierarchy = self._hierarchy
        return (homonyms | hierarchy.ancestors(synset) | hierarchy.descendants(synset)) - {synset}

    def families(self, synsets: Collection[str]) -> list[list[str]]:
        """Return sorted groups of sorted nouns, each with all direct and indirect relatives."""
        graph = nx.Graph()
        for synset in synsets:
            graph.add_node(synset)
            graph.add_edges_from((synset, near) for near in self.of(synset).intersection(synsets))
        return sorted(map(sorted, nx.connected_components(graph)))
