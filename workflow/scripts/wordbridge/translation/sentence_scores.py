"""Scores of each sentence of a split, and the scores of a corpus from their sums.

BLEU, chrF and the negative log-likelihood of a corpus depend on sums over its sentences, so that a
resample of the sentences is scored without the texts.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from wordbridge.files import read_tsv, write_tsv

Statistics = NDArray[np.float64]

COLUMNS = (
    *("source", "group", "source_tokens", "bleu", "chrf", "nll"),
    *("bleu_statistics", "chrf_statistics", "nll_statistics"),
)


@dataclass(frozen=True, eq=False)
class SentenceScore:
    """The sufficient statistics of one sentence, by metric.

    ``statistics`` has for "bleu" the lengths of hypothesis and reference, 4 counts of matching
    n-grams and 4 counts of all n-grams; for "chrf" the numbers of n-grams of the hypothesis, of the
    reference and of both, for each of 6 orders; for "nll" the negative log-likelihood of all
    references in nats and the number of their tokens. ``source_tokens`` is the number of source
    tokens; ``group`` is the group of the pair.
    """

    source: str
    group: str
    source_tokens: int
    statistics: dict[str, Statistics] = field(repr=False)

    @property
    def scores(self) -> dict[str, float]:
        """Return the scores of this sentence alone by metric, BLEU as ``sacrebleu.sentence_bleu``.

        A translation of fewer than 4 words has no 4-grams, so that only shorter n-grams count.
        """
        scores = {name: METRICS[name](self.statistics[name]) for name in METRICS}
        return scores | {"bleu": corpus_bleu(self.statistics["bleu"], effective_order=True)}


def corpus_bleu(sums: Statistics, effective_order: bool = False) -> float:
    """Return BLEU (points) of the summed statistics of a corpus, smoothed as sacreBLEU does.

    With ``effective_order``, n-grams that are longer than every translation do not count.
    """
    hypothesis_length, reference_length, *counts = map(int, sums.tolist())
    order = len(counts) // 2
    result = BLEU.compute_bleu(
        counts[:order],
        counts[order:],
        hypothesis_length,
        reference_length,
        smooth_method="exp",
        effective_order=effective_order,
    )
    return float(result.score)


def corpus_chrf(sums: Statistics) -> float:
    """Return chrF (points) of the summed statistics of a corpus."""
    return float(_CHRF._compute_score_from_stats(sums.tolist()).score)


def corpus_nll(sums: Statistics) -> float:
    """Return the negative log-likelihood per token in nats."""
    return float(sums[0] / sums[1])


_CHRF = CHRF()
METRICS: dict[str, Callable[[Statistics], float]] = {
    "bleu": corpus_bleu,
    "chrf": corpus_chrf,
    "nll": corpus_nll,
}


def text_statistics(
    hypotheses: Sequence[str], references: Sequence[str], lowercase: bool
) -> dict[str, Statistics]:
    """Return the statistics of BLEU (sentences, 10) and chrF (sentences, 18)."""
    metrics: list[Any] = [BLEU(lowercase=lowercase, force=True), CHRF(lowercase=lowercase)]
    return {
        type(metric).__name__.lower(): np.array(
            metric._extract_corpus_statistics(hypotheses, [references]), dtype=np.float64
        )
        for metric in metrics
    }


def length_bins(rows: Sequence[SentenceScore], count: int) -> dict[str, NDArray[np.bool_]]:
    """Return the sentences of each of ``count`` bins of source length, of about equal size.

    A name is "1-6", the lengths in tokens; equal lengths are in one bin, so that there may be
    fewer bins.
    """
    lengths = np.array([row.source_tokens for row in rows])
    edges = np.unique(np.quantile(lengths, np.arange(1, count) / count, method="lower"))
    bin_of = np.searchsorted(edges, lengths)
    bins = {}
    for number in np.unique(bin_of):
        mask = bin_of == number
        shortest, longest = lengths[mask].min(), lengths[mask].max()
        bins[f"{shortest}-{longest}" if shortest < longest else f"{longest}"] = mask
    return bins


def write_sentence_scores(path: str | Path, rows: Sequence[SentenceScore]) -> None:
    """Write the table, one sentence a line, with the scores of each sentence alone."""
    write_tsv(path, COLUMNS, map(_fields, rows))


def read_sentence_scores(path: str | Path) -> list[SentenceScore]:
    """Return the rows of a table. Raises InputError for a file of another format."""
    return list(read_tsv(path, COLUMNS, _row, "score the run again"))


def _fields(row: SentenceScore) -> list[str]:
    scores = [f"{score:.4f}" for score in row.scores.values()]
    sums = [" ".join(f"{value:.10g}" for value in row.statistics[name]) for name in METRICS]
    return [row.source, row.group, str(row.source_tokens), *scores, *sums]


def _row(source: str, group: str, source_tokens: str, *fields: str) -> SentenceScore:
    sums = zip(METRICS, fields[len(METRICS) :], strict=True)
    statistics = {name: np.array(text.split(), dtype=np.float64) for name, text in sums}
    return SentenceScore(source, group, int(source_tokens), statistics)
