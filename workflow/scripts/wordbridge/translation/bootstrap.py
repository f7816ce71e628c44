"""Resampled scores of variants: the paired bootstrap (Koehn 2004) over the groups of a split.

A resample draws groups of sentences, such as the versions of a verse, with replacement; sentences
of a group are not independent. The score of a variant in a resample is the mean of its runs.
Where each sentence is a group, the resamples of a run are those of ``sacrebleu --paired-bs``.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wordbridge.significance import SEED, few_groups_note, resample_weights
from wordbridge.translation.sentence_scores import (
    METRICS,
    SentenceScore,
    Statistics,
    read_sentence_scores,
)

Run = Sequence[SentenceScore]


class Resampler:
    """Resamples of the groups of ``sentences``, the same for all runs that it scores."""

    def __init__(self, sentences: Run, seed: int = SEED) -> None:
        self._seed = seed
        groups = np.array([row.group for row in sentences], object)
        self.groups, names = pd.factorize(groups)  # in the order of their first sentences
        self.weights = resample_weights(len(names), seed)

    def scores(
        self, run: Run, metric: str, mask: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float64]:
        """Return the score of the whole split, then of each resample (1 + resamples,).

        With ``mask`` (sentences,) only the sentences in the mask count.
        """
        values = np.stack([row.statistics[metric] for row in run])
        if mask is not None:
            values = values * mask[:, None]
        return np.array([METRICS[metric](row) for row in self.totals(values)])

    def totals(self, values: NDArray[np.float64]) -> Statistics:
        """Return the sums (1 + resamples, columns) of ``values`` (sentences, columns)."""
        sums = np.zeros((self.weights.shape[1], values.shape[1]))
        np.add.at(sums, self.groups, values)
        totals: Statistics = self.weights @ sums
        return totals

    def mean_scores(
        self, runs: Sequence[Run], metric: str, mask: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float64]:
        """Return the mean of ``scores`` over ``runs``."""
        scores = [self.scores(run, metric, mask) for run in runs]
        means: NDArray[np.float64] = np.mean(scores, axis=0)
        return means

    def crossed_scores(
        self, runs: Sequence[Run], metric: str, mask: NDArray[np.bool_] | None = None
    ) -> NDArray[np.float64]:
        """Return the mean of ``scores`` over ``runs``; each resample draws runs, too."""
        scores = np.stack([self.scores(run, metric, mask) for run in runs], axis=1)
        # The groups are drawn from another stream of random numbers.
        random = np.random.default_rng([self._seed, 1])
        draws = random.choice(len(runs), size=(len(scores) - 1, len(runs)))
        draws = np.concatenate([np.arange(len(runs))[None], draws])
        means: NDArray[np.float64] = np.take_along_axis(scores, draws, axis=1).mean(axis=1)
        return means


def read_runs(paths: Iterable[str | Path]) -> dict[str, list[list[SentenceScore]]]:
    """Return the runs of each variant from files {variant}/{seed}.tsv of sentence scores."""
    runs = defaultdict[str, list[list[SentenceScore]]](list)
    for path in map(Path, paths):
        runs[path.parent.name].append(read_sentence_scores(path))
    return dict(runs)


def few_sentences_note(runs: Mapping[str, Sequence[Run]]) -> str:
    """Return a sentence about too narrow intervals if there are few groups, else ""."""
    counts = [len({sentence.group for sentence in seed_runs[0]}) for seed_runs in runs.values()]
    return few_groups_note(counts, "groups of sentences")
