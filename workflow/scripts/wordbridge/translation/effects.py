"""Effects on the scores of translators: of factors, alone and together, and of single changes.

Main effects and interactions of a two-level full factorial experiment are contrasts of the cells'
scores (Montgomery, Design and Analysis of Experiments, chapter 6). An ablation is a single change:
another variant, or the same one in another experiment, where the corpus or the vectors differ.
Intervals come from a bootstrap over groups of sentences, crossed with seeds: each resample draws
groups and seeds, the same for all scores of the same sentences.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations, compress

import numpy as np
from numpy.typing import NDArray

from wordbridge.significance import SEED, Comparison, comparisons
from wordbridge.translation.bootstrap import Resampler, Run
from wordbridge.translation.sentence_scores import SentenceScore

Levels = Mapping[str, Mapping[str, bool]]  # whether each variant has each factor
Runs = list[list[SentenceScore]]  # one per seed
Factors = tuple[str, ...]  # one for a main effect, several for an interaction


def factorial_effects(
    levels: Levels, runs: Mapping[str, Sequence[Run]], metric: str
) -> dict[Factors, Comparison]:
    """Return all effects on ``metric``, main effects first, with p-values corrected for all.

    ``runs`` has the sentence scores of each variant of ``levels``, one per seed in one order. A
    main effect is the mean score with the factor minus the mean score without the factor. An
    interaction of two factors is the effect of one with the other minus its effect without the
    other; an interaction of three is the difference of two interactions.
    """
    resampler = Resampler(next(iter(runs.values()))[0])
    scores = {name: resampler.crossed_scores(runs[name], metric) for name in levels}
    names = list(next(iter(levels.values())))
    subsets = [part for size in range(1, len(names) + 1) for part in combinations(names, size)]
    return comparisons({part: _contrast(levels, scores, part) for part in subsets})


def ablations(
    baseline: Sequence[Run], changes: Mapping[str, Sequence[Run]], metric: str
) -> dict[Factors, Comparison]:
    """Return the effect of each change on ``metric``: its score minus the baseline's.

    Intervals come from a bootstrap over groups of sentences and over seeds; p-values are corrected
    for the number of changes. Where a change has other sentences, as on another split, these are
    resampled independently.
    """
    same = Resampler(baseline[0])
    scores = same.crossed_scores(baseline, metric)
    differences: dict[Factors, NDArray[np.float64]] = {}
    for name, runs in changes.items():
        is_paired = _sentences(runs[0]) == _sentences(baseline[0])
        resampler = same if is_paired else Resampler(runs[0], SEED + 1)
        differences[(name,)] = resampler.crossed_scores(runs, metric) - scores
    return comparisons(differences)


def runs_by_leak(name: str, runs: Runs, sources: Collection[str]) -> dict[str, Runs]:
    """Return the runs of an experiment by name: on all, on leaked and on other sentences.

    ``sources`` are the texts that leak; if none leaks, the result is the runs alone.
    """
    leaks = np.array([row.source in sources for row in runs[0]])
    masks = {"in train": leaks, "not in train": ~leaks} if leaks.any() else {}
    parts = {
        f"{name}: {mask.sum()} {part}": [list(compress(run, mask)) for run in runs]
        for part, mask in masks.items()
        if mask.any()
    }
    return {name: runs, **parts}


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


def _sentences(run: Run) -> list[tuple[str, str]]:
    return [(row.source, row.group) for row in run]
