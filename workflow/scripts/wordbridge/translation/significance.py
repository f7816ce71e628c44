"""Paired bootstrap test of BLEU between variants (Koehn 2004), over the test sentences.

sacreBLEU's ``PairedTest`` compares single runs; here a variant may have several (seeds), and its
score in a resample is the mean of their BLEU scores. With one run per variant the p-value is that
of ``sacrebleu --paired-bs``. The randomness of training is averaged, not resampled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sacrebleu.metrics.bleu import BLEU

RESAMPLES = 1000
SEED = 12345  # sacreBLEU's default

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Comparison:
    """The difference in BLEU points to a baseline.

    ``difference`` is that on the whole test split; ``low`` and ``high`` bound the middle 95 % of
    the resampled differences; ``p_value`` is the probability of such a difference by chance.
    """

    difference: float
    low: float
    high: float
    p_value: float


def bleu_statistics(
    hypotheses: Sequence[str], references: Sequence[Sequence[str]], lowercase: bool
) -> Counts:
    """Return the sufficient statistics of BLEU per sentence: int64 of shape (sentences, 10).

    The columns are hypothesis length, closest reference length, 4 counts of matching n-grams
    and 4 of all n-grams. ``references`` are the references of each sentence.
    """
    metric = BLEU(lowercase=lowercase, effective_order=True)
    rows = []
    for hypothesis, texts in zip(hypotheses, references, strict=True):
        score = metric.sentence_score(hypothesis, texts)
        rows.append([score.sys_len, score.ref_len, *score.counts, *score.totals])
    return np.array(rows, dtype=np.int64).reshape(-1, 2 + 2 * metric.max_ngram_order)


def corpus_bleu(sums: Counts) -> float:
    """Return BLEU (points) of the summed statistics of a corpus, smoothed as sacreBLEU does."""
    hypothesis_length, reference_length, *counts = sums.tolist()
    order = len(counts) // 2
    result = BLEU.compute_bleu(
        counts[:order], counts[order:], hypothesis_length, reference_length, smooth_method="exp"
    )
    return float(result.score)


def compare(
    baseline: Sequence[Counts],
    variant: Sequence[Counts],
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> Comparison:
    """Return the comparison of ``variant`` with ``baseline``, each the statistics of its runs."""
    sentences = len(baseline[0])
    drawn = np.random.default_rng(seed).choice(sentences, size=(resamples, sentences))
    weights = np.stack([np.bincount(row, minlength=sentences) for row in drawn])
    before, after = _resampled(baseline, weights), _resampled(variant, weights)
    every_sentence = np.ones((1, sentences), dtype=np.int64)
    difference = float(
        _resampled(variant, every_sentence)[0] - _resampled(baseline, every_sentence)[0]
    )
    low, high = np.percentile(after - before, [2.5, 97.5]).tolist()
    return Comparison(difference, low, high, _p_value(after - before, difference))


def compare_records(
    records: Sequence[Mapping[str, Any]],
    baseline: str,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> dict[str, Comparison]:
    """Return the comparison of every other variant with ``baseline``; {} without its runs.

    ``records`` have ``variant`` and ``bleu_statistics`` (rows of 10 counts per sentence).
    """
    runs: dict[str, list[Counts]] = {}
    for record in records:
        counts = np.array(record["bleu_statistics"], dtype=np.int64)
        runs.setdefault(record["variant"], []).append(counts)
    if baseline not in runs:
        return {}
    reference = runs.pop(baseline)
    return {name: compare(reference, counts, resamples, seed) for name, counts in runs.items()}


def _resampled(runs: Sequence[Counts], weights: Counts) -> NDArray[np.float64]:
    """Return the mean BLEU of ``runs`` for each row of sentence weights: shape (rows,)."""
    scores = [[corpus_bleu(sums) for sums in weights @ run] for run in runs]
    means: NDArray[np.float64] = np.array(scores).mean(axis=0)
    return means


def _p_value(differences: NDArray[np.float64], observed: float) -> float:
    """Return the share of resamples that differ from their mean by more than was observed.

    No difference at all is never significant; sacreBLEU calls identical systems different.
    """
    if observed == 0:
        return 1.0
    sizes = np.abs(differences)
    beyond = int(np.sum(sizes - sizes.mean() > abs(observed)))
    return (beyond + 1) / (len(sizes) + 1)  # a finite number of resamples never proves 0
