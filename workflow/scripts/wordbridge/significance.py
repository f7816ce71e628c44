"""Significance of differences between resampled scores of a bootstrap.

An array of scores has the score of all data first and those of the resamples after it; arrays of
the same resamples are paired. p-values of several comparisons are corrected with the method of
Holm 1979.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from string import ascii_lowercase

import networkx as nx
import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000
SEED = 12345  # sacreBLEU's default
LEVEL = 0.05


@dataclass(frozen=True)
class Comparison:
    """The difference between a score and the baseline's.

    ``difference`` is that on the whole split; ``low`` and ``high`` bound the middle 95 % of the
    resampled differences; ``p_value`` is the two-sided probability of such a difference by chance.
    """

    difference: float
    low: float
    high: float
    p_value: float


def resample_weights(groups: int, resamples: int, seed: int) -> NDArray[np.int64]:
    """Return how often each group is drawn (1 + resamples, groups), each once in the first row."""
    draws = np.random.default_rng(seed).choice(groups, size=(resamples, groups))
    counts = [np.bincount(draw, minlength=groups) for draw in draws]
    return np.stack([np.ones(groups, dtype=np.int64), *counts])


def compare(baseline: NDArray[np.float64], variant: NDArray[np.float64]) -> Comparison:
    """Return the comparison of two variants' ``mean_scores`` of one resampler."""
    return comparison(variant - baseline)


def comparison(differences: NDArray[np.float64]) -> Comparison:
    """Return the comparison whose difference is the first value; the others are resamples'."""
    difference, resampled = float(differences[0]), differences[1:]
    low, high = np.percentile(resampled, [2.5, 97.5]).tolist()
    return Comparison(difference, low, high, _p_value(resampled, difference))


def compare_with(baseline: str, scores: Mapping[str, NDArray[np.float64]]) -> dict[str, Comparison]:
    """Return the comparison of every other variant with ``baseline``, p-values corrected.

    ``scores`` are the variants' ``mean_scores``.
    """
    names = [name for name in scores if name != baseline]
    compared = [compare(scores[baseline], scores[name]) for name in names]
    return dict(zip(names, correct_p_values(compared), strict=True))


def indistinguishable(scores: Mapping[str, NDArray[np.float64]]) -> dict[str, str]:
    """Return the letters of each variant: two that share a letter do not differ significantly.

    All pairs are compared, at the level 0.05 after correction. "a" has the highest score.
    """
    pairs = list(combinations(scores, 2))
    p_values = holm([compare(scores[one], scores[other]).p_value for one, other in pairs])
    graph = nx.Graph(pair for pair, p in zip(pairs, p_values, strict=True) if p > LEVEL)
    graph.add_nodes_from(scores)
    ranks = {name: rank for rank, name in enumerate(sorted(scores, key=lambda n: -scores[n][0]))}
    cliques = sorted(sorted(ranks[name] for name in clique) for clique in nx.find_cliques(graph))
    return {
        name: "".join(
            _letter(number) for number, clique in enumerate(cliques) if ranks[name] in clique
        )
        for name in scores
    }


def correct_p_values(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Return the comparisons with p-values that are corrected for their number."""
    p_values = holm([each.p_value for each in comparisons])
    return [replace(each, p_value=p) for each, p in zip(comparisons, p_values, strict=True)]


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number, in the same order."""
    order = np.argsort(p_values, kind="stable")
    factors = len(p_values) - np.arange(len(p_values))
    raised = np.minimum(1.0, np.maximum.accumulate(np.array(p_values)[order] * factors))
    corrected = np.empty(len(p_values))
    corrected[order] = raised
    return corrected.tolist()


def _letter(number: int) -> str:
    return ascii_lowercase[number] if number < len(ascii_lowercase) else f"({number + 1})"


def _p_value(differences: NDArray[np.float64], observed: float) -> float:
    """Return the share of resamples that differ from their mean by more than was observed.

    sacreBLEU takes the mean of absolute differences, which halves p where all have one sign, and
    calls identical systems different.
    """
    if observed == 0:
        return 1.0
    beyond = int(np.sum(np.abs(differences - differences.mean()) > abs(observed)))
    return (beyond + 1) / (len(differences) + 1)  # a finite number of resamples never proves 0
