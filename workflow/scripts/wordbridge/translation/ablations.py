"""Ablations: what a single change to a translator, or to its data, does to its scores.

A change is another variant, or the same one in another experiment. Where the scored sentences are
the same the comparison is paired; after another split of the corpus it is not. A changed split may
share texts with the train split: these sentences, and the others, are compared separately, too.
"""

from collections.abc import Mapping, Sequence
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from wordbridge.corpus.pairs import TokenizedPair
from wordbridge.corpus.splits import TRAIN, match_key
from wordbridge.translation.factorial import Effect
from wordbridge.translation.significance import (
    RESAMPLES,
    SEED,
    Resampler,
    Run,
    comparison,
    correct_p_values,
)

Runs = list[Run]  # one per seed


def ablations(
    baseline: Runs,
    changes: Mapping[str, Runs],
    metrics: Sequence[str],
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> list[Effect]:
    """Return the effect of each change on each of ``metrics``: its score minus the baseline's.

    Intervals are those of a bootstrap over groups of sentences and over seeds; p-values are
    corrected for the number of changes.
    """
    same = Resampler(baseline[0], resamples, seed)
    result = []
    for metric in metrics:
        scores = same.crossed_scores(baseline, metric)
        compared = []
        for runs in changes.values():
            paired = _sentences(runs[0]) == _sentences(baseline[0])
            other = same if paired else Resampler(runs[0], resamples, seed + 1)
            compared.append(comparison(other.crossed_scores(runs, metric) - scores))
        pairs = zip(changes, correct_p_values(compared), strict=True)
        result += [Effect((name,), metric, each) for name, each in pairs]
    return result


def rows_by_leak(
    name: str, runs: Runs, pairs: Sequence[TokenizedPair], split: str, source: str
) -> dict[str, Runs]:
    """Return the runs of an experiment, and those on the sentences that leak and on the others.

    Without leaks the result is the runs alone. ``pairs`` are those of the experiment, ``split`` is
    its scored split and ``source`` the source language.
    """
    leaks = leaking_sentences(runs[0], pairs, split, source)
    masks = {"in train": leaks, "not in train": ~leaks} if leaks.any() else {}
    parts: dict[str, Runs] = {
        f"{name}: {mask.sum()} {part}": [list(compress(run, mask)) for run in runs]
        for part, mask in masks.items()
        if mask.any()
    }
    return {name: runs, **parts}


def leaking_sentences(
    run: Run, pairs: Sequence[TokenizedPair], split: str, source: str
) -> NDArray[np.bool_]:
    """Return whether the train split has the group, the source or a reference of each sentence.

    Texts are compared without case, punctuation and spaces.
    """
    trained = {key for pair in pairs if pair.split == TRAIN for key in _keys(pair)}
    leaks = {
        getattr(pair, source)
        for pair in pairs
        if pair.split == split and not trained.isdisjoint(_keys(pair))
    }
    return np.array([row.source in leaks for row in run])


def _keys(pair: TokenizedPair) -> tuple[tuple[str, str], ...]:
    return ("group", pair.group), ("fr", match_key(pair.fr)), ("en", match_key(pair.en))


def _sentences(run: Run) -> list[tuple[str, str]]:
    return [(row.source, row.group) for row in run]
