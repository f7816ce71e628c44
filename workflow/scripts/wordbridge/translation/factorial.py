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
    holm,
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
    draws = _seed_draws(len(next(iter(runs.values()))), resamples, seed)
    names = list(next(iter(levels.values())))
    subsets = [part for size in range(1, len(names) + 1) for part in combinations(names, size)]
    result = []
    for metric in metrics:
        scores = {
            variant: _drawn_means([resampler.scores(run, metric) for run in runs[variant]], draws)
            for variant in levels
        }
        contrasts = [comparison(_contrast(levels, scores, part)) for part in subsets]
        p_values = holm([each.p_value for each in contrasts])
        for part, each, p_value in zip(subsets, contrasts, p_values, strict=True):
            result.append(
                Effect(part, metric, Comparison(each.difference, each.low, each.high, p_value))
            )
    return result


def _seed_draws(seeds: int, resamples: int, seed: int) -> NDArray[np.int64]:
    """Return the seeds of each resample (1 + resamples, seeds), each once in the first row."""
    # Another stream than that of the groups.
    draws = np.random.default_rng([seed, 1]).choice(seeds, size=(resamples, seeds))
    return np.concatenate([np.arange(seeds)[None], draws])


def _drawn_means(
    scores: Sequence[NDArray[np.float64]], draws: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the mean score of the drawn seeds, for the whole split and each resample."""
    by_seed = np.stack(scores, axis=1)  # (1 + resamples, seeds)
    means: NDArray[np.float64] = np.take_along_axis(by_seed, draws, axis=1).mean(axis=1)
    return means


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
