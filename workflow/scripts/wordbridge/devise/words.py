"""The nouns that have a word vector, and their places in WordNet."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wordbridge.devise.noun_graph import NounGraph
from wordbridge.devise.noun_rows import load_noun_vectors
from wordbridge.devise.noun_table import Noun, lemma_text
from wordbridge.errors import InputError

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Words:
    """The nouns that have a vector: ``vectors`` is (nouns, dim), ``synsets`` in the same order.

    ``nodes`` are their places among all ``nouns`` of WordNet, ``classes`` the rows of those that
    the backbone has as classes, in the order of the rows.
    """

    vectors: NDArray[np.float32]
    synsets: list[str]
    nodes: Ints
    classes: Ints
    nouns: Sequence[Noun]

    def name(self, node: int) -> str:
        """Return the first lemma of a noun, as people write it."""
        return lemma_text(self.nouns[node].lemmas[0])

    def graph(self) -> NounGraph:
        """Return all nouns as a graph."""
        nouns = self.nouns
        return NounGraph.build([one.synset for one in nouns], [one.hypernyms for one in nouns])


def read_words(vectors: str | Path, rows: str | Path, nouns: Sequence[Noun]) -> Words:
    """Return the nouns whose vectors are in the files ``vectors`` (.npy) and ``rows`` (.tsv).

    Raises InputError when the files do not belong to each other or to ``nouns``.
    """
    table, matrix = load_noun_vectors(vectors, rows)
    place = {noun.synset: node for node, noun in enumerate(nouns)}
    foreign = [row.synset for row in table if row.synset not in place]
    if foreign:
        raise InputError(
            f"{rows}: expected nouns of WordNet as listed, got {foreign[0]}; embed the nouns again"
        )
    classes = [number for number, row in enumerate(table) if row.class_index is not None]
    return Words(
        matrix,
        [row.synset for row in table],
        np.array([place[row.synset] for row in table], np.int64),
        np.array(classes, np.int64),
        nouns,
    )
