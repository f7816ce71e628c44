"""Comparisons of variants by the paired bootstrap (Koehn 2004) over the groups of a split.

A resample draws groups of sentences, such as the versions of a verse, with replacement; sentences
of a group are not independent. The score of a variant in a resample is the mean of its runs.
sacreBLEU's ``PairedTest`` compares single runs over sentences; where each sentence is a group, the
p-value of two runs is that of ``sacrebleu --paired-bs``. p-values of several comparisons are
corrected with the method of Holm 1979.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from string import ascii_lowercase

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from wordbridge.translation.sentence_scores import METRICS, SentenceScore, Statistics

RESAMPLES = 1000
SEED = 12345  # sacreBLEU's default
LEVEL = 0.05

Run = Sequence[SentenceScore]


@dataclass(frozen=True)
class Comparison:
    """The difference of a score to that of a baseline.

    ``difference`` is that on the whole split; ``low`` and ``high`` bound the middle 95 % of the
    resampled differences; ``p_value`` is the probability of such a difference by chance.
    """

    difference: float
    low: float
    high: float
    p_value: float


class Resampler:
    """Resamples of the groups of ``sentences``, the same for all runs that it scores."""

    def __init__(self, sentences: Run, resamples: int = RESAMPLES, seed: int = SEED) -> None:
        self._seed = seed
        names = list(dict.fromkeys(row.group for row in sentences))
        places = {name: place for place, name in enumerate(names)}
        self.groups = np.array([places[row.group] for row in sentences])
        draws = np.random.default_rng(seed).choice(len(names), size=(resamples, len(names)))
        counts = [np.bincount(draw, minlength=len(names)) for draw in draws]
        # The first row has every group once: the score of the whole split.
        self.weights = np.stack([np.ones(len(names), dtype=np.int64), *counts])

    def scores(
        self, run: Run, metric: str, mask: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float64]:
        """Return the score of the whole split, and that of each resample.

        With ``mask`` (sentences,) only the sentences where it is true count.
        """
        values = np.stack([row.statistics[metric] for row in run])
        if mask is not None:
            values = values * mask[:, None]
        sums = np.zeros((self.weights.shape[1], values.shape[1]))
        np.add.at(sums, self.groups, values)
        totals: Statistics = self.weights @ sums
        return np.array([METRICS[metric](row) for row in totals])

    def mean_scores(
        self, runs: Sequence[Run], metric: str, mask: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float64]:
        """Return the mean of ``scores`` over ``runs``."""
        scores = [self.scores(run, metric, mask) for run in runs]
        means: NDArray[np.float64] = np.mean(scores, axis=0)
        return means

    def crossed_scores(self, runs: Sequence[Run], metric: str) -> NDArray[np.float64]:
        """Return the mean of ``scores`` over ``runs``; each resample draws runs, too."""
        scores = np.stack([self.scores(run, metric) for run in runs], axis=1)
        # Another stream than that of the groups.
        random = np.random.default_rng([self._seed, 1])
        draws = random.choice(len(runs), size=(len(scores) - 1, len(runs)))
        draws = np.concatenate([np.arange(len(runs))[None], draws])
        means: NDArray[np.float64] = np.take_along_axis(scores, draws, axis=1).mean(axis=1)
        return means


def resampled_scores(
    variants: Sequence[str],
    runs: Sequence[Run],
    metric: str,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> dict[str, NDArray[np.float64]]:
    """Return the ``mean_scores`` of each variant; ``variants`` has that of each of ``runs``."""
    resampler = Resampler(runs[0], resamples, seed)
    return {
        name: resampler.mean_scores(each, metric)
        for name, each in runs_by_variant(variants, runs).items()
    }


def runs_by_variant(variants: Sequence[str], runs: Sequence[Run]) -> dict[str, list[Run]]:
    """Return the runs of each variant; ``variants`` has that of each of ``runs``."""
    groups: dict[str, list[Run]] = {}
    for variant, run in zip(variants, runs, strict=True):
        groups.setdefault(variant, []).append(run)
    return groups


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

    No difference at all is never significant; sacreBLEU calls identical systems different.
    """
    if observed == 0:
        return 1.0
    sizes = np.abs(differences)
    beyond = int(np.sum(sizes - sizes.mean() > abs(observed)))
    return (beyond + 1) / (len(sizes) + 1)  # a finite number of resamples never proves 0
