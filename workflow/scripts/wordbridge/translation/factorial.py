"""Effects of a two-level full factorial experiment: what each factor adds, alone and together.

Main effects and interactions are contrasts of the cells' scores (Montgomery, Design and Analysis
of Experiments, chapter 6). Their intervals come from a bootstrap over groups of sentences, crossed
with seeds: each resample draws groups and seeds, the same for all cells.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from wordbridge.translation.significance import (
    RESAMPLES,
    SEED,
    Comparison,
    Resampler,
    Run,
    comparison,
    correct_p_values,
)

Levels = Mapping[str, Mapping[str, bool]]  # of each factor, by variant


@dataclass(frozen=True)
class Effect:
    """The effect of one factor, or the interaction of several, on a metric.

    A main effect is the mean score with the factor minus that without it. An interaction of two
    factors is the effect of one with the other minus that without it, of three likewise the
    difference of two interactions. p-values are corrected for the number of effects.
    """

    factors: tuple[str, ...]
    metric: str
    comparison: Comparison


def effects(
    levels: Levels,
    runs: Mapping[str, Sequence[Run]],
    metrics: Sequence[str],
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> list[Effect]:
    """Return all effects on each of ``metrics``, main effects first.

    ``runs`` has the sentence scores of each variant of ``levels``, one per seed in one order.
    """
    resampler = Resampler(next(iter(runs.values()))[0], resamples, seed)
    names = list(next(iter(levels.values())))
    subsets = [part for size in range(1, len(names) + 1) for part in combinations(names, size)]
    result = []
    for metric in metrics:
        scores = {name: resampler.crossed_scores(runs[name], metric) for name in levels}
        contrasts = [comparison(_contrast(levels, scores, part)) for part in subsets]
        pairs = zip(subsets, correct_p_values(contrasts), strict=True)
        result += [Effect(part, metric, each) for part, each in pairs]
    return result


def _contrast(
    levels: Levels, scores: Mapping[str, NDArray[np.float64]], factors: Sequence[str]
) -> NDArray[np.float64]:
    """Return the contrast of ``factors``, averaged over the levels of the other factors."""
    total = sum(
        np.prod([1 if levels[name][factor] else -1 for factor in factors]) * values
        for name, values in scores.items()
    )
    contrast: NDArray[np.float64] = np.asarray(total) / (len(scores) / 2 ** len(factors))
    return contrast
