"""Significance of differences between resampled scores of a bootstrap.

An array of scores has the score of all data first and those of the resamples after it; arrays of
the same resamples are paired. p-values of several comparisons are corrected with the method of
Holm 1979.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations
from string import ascii_lowercase
from typing import NamedTuple, TypeVar

import networkx as nx
import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
SEED = 12345  # sacreBLEU's default
LEVEL = 0.05
# Where differences of the groups are normal with mean 0, p-values are up to .05 in 6.5 % of 1,000
# simulations with 50 groups, in 9.7 % with 8 and in 15.6 % with 5.
FEW_GROUPS = 20

Key = TypeVar("Key")


class Comparison(NamedTuple):
    """The difference between two scores.

    ``difference`` is that on all data; ``low`` and ``high`` bound the middle 95 % of the resampled
    differences; ``p_value`` is the two-sided probability of such a difference by chance.
    """

    difference: float
    low: float
    high: float
    p_value: float


def resample_weights(groups: int, seed: int = SEED) -> NDArray[np.int64]:
    """Return how often each group is drawn (1 + resamples, groups), each once in the first row."""
    draws = np.random.default_rng(seed).choice(groups, size=(RESAMPLES, groups))
    counts = [np.bincount(draw, minlength=groups) for draw in draws]
    return np.stack([np.ones(groups, dtype=np.int64), *counts])


def few_groups_note(counts: Collection[int], groups: str) -> str:
    """Return a sentence about too narrow intervals if the least of ``counts`` is low, else "".

    ``groups`` is the plural of what is resampled.
    """
    low, high = min(counts, default=0), max(counts, default=0)
    if not 0 < low < FEW_GROUPS:
        return ""
    count = f"{low}" if low == high else f"{low} to {high}"
    return (
        f" There are {count} {groups}: intervals from fewer than {FEW_GROUPS} are too narrow, and "
        "their p-values too small."
    )


def comparison(differences: NDArray[np.float64]) -> Comparison:
    """Return the comparison of two arrays of scores from their differences."""
    difference, resampled = float(differences[0]), differences[1:]
    low, high = np.percentile(resampled, [2.5, 97.5]).tolist()
    # sacreBLEU takes the mean of absolute differences, which halves p where all have one sign, and
    # calls identical systems different.
    beyond = int(np.sum(np.abs(resampled - resampled.mean()) > abs(difference)))
    # A finite number of resamples never proves 0.
    p_value = (beyond + 1) / (len(resampled) + 1) if difference else 1.0
    return Comparison(difference, low, high, p_value)


def comparisons(differences: Mapping[Key, NDArray[np.float64]]) -> dict[Key, Comparison]:
    """Return the comparison of each two arrays of scores, with p-values corrected for all."""
    compared = {key: comparison(values) for key, values in differences.items()}
    p_values = holm([each.p_value for each in compared.values()])
    pairs = zip(compared.items(), p_values, strict=True)
    return {key: each._replace(p_value=p_value) for (key, each), p_value in pairs}


def indistinguishable(scores: Mapping[str, NDArray[np.float64]]) -> dict[str, str]:
    """Return the letters of each variant: two that share a letter do not differ significantly.

    All pairs are compared, at the level 0.05 after correction. "a" has the highest score.
    """
    ranked = sorted(scores, key=lambda name: -scores[name][0])
    pairs = combinations(scores, 2)
    compared = comparisons({(one, other): scores[other] - scores[one] for one, other in pairs})
    graph = nx.Graph(pair for pair, each in compared.items() if each.p_value > LEVEL)
    graph.add_nodes_from(scores)
    letters = dict.fromkeys(scores, "")
    cliques = sorted(sorted(map(ranked.index, clique)) for clique in nx.find_cliques(graph))
    for number, clique in enumerate(cliques):
        letter = ascii_lowercase[number] if number < len(ascii_lowercase) else f"({number + 1})"
        for rank in clique:
            letters[ranked[rank]] += letter
    return letters


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number (Holm 1979), in the same order."""
    order = np.argsort(p_values, kind="stable")
    factors = len(p_values) - np.arange(len(p_values))
    raised = np.minimum(1.0, np.maximum.accumulate(np.array(p_values)[order] * factors))
    corrected = np.empty(len(p_values))
    corrected[order] = raised
    return corrected.tolist()
