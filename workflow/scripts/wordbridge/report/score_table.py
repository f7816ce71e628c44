"""The table of scores: one row per variant."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from wordbridge.report.cells import Column
from wordbridge.report.published import beside_published
from wordbridge.report.seeds import over_seeds
from wordbridge.translation.significance import RESAMPLES, SEED, compare_records

CAPTION = (
    "Scores of every variant on the {part} part: means and standard deviations over the seeds. "
    "The best figure of a column is in bold."
)

AVERAGED = (
    "epochs", "best_epoch", "validation_loss", "nll_per_token", "perplexity",
    "bleu_single", "bleu_multi", "chrf_single", "chrf_multi", "exact_match",
    "exact_match_multi",
    "length_ratio", "repetition_rate", "unknown_rate",
)  # fmt: skip

COLUMNS = {
    "variant": Column("Variant"),
    "run": Column("Run", note="here, or a figure that the 2018 lesson or notes on it printed"),
    "seeds": Column("Seeds", 0),
    "epochs": Column("Epochs", 0),
    "best_epoch": Column("Best", 1, "best_epoch_std", note="the epoch whose weights were kept"),
    "validation_loss": Column(
        "Valid. loss", 3, "validation_loss_std", best="low",
        note="on the validation part and as the lesson has it: free running, padding counted, "
        "nats; a model that stops at its end of sentence pays nothing for the padding after it",
    ),
    "bleu_single": Column(
        "BLEU, 1 ref.", 1, "bleu_single_std", best="high",
        note="0 to 100, against one reference: the first that the corpus has of a sentence; a "
        "model trained with version tags is told which version that is",
    ),
    "bleu_gain": Column(
        "Gain", 1, interval=("bleu_gain_low", "bleu_gain_high"),
        note="BLEU with one reference less that of {baseline}, with its 95 % interval "
        "(paired bootstrap over the sentences)",
    ),
    "p_value": Column("p", 3, note="chance of such a gain between equals (paired bootstrap)"),
    "bleu_multi": Column(
        "BLEU, all refs.", 1, "bleu_multi_std", best="high",
        note="against every version of the sentence",
    ),
    "chrf_single": Column("chrF, 1 ref.", 1, "chrf_single_std", best="high"),
    "chrf_multi": Column("chrF, all refs.", 1, "chrf_multi_std", best="high"),
    "exact_match": Column(
        "Exact, %", 1, "exact_match_std", scale=100, best="high",
        note="translations that equal the one reference",
    ),
    "exact_match_multi": Column(
        "Exact, all refs., %", 1, "exact_match_multi_std", scale=100, best="high",
        note="translations that equal any version of the sentence",
    ),
    "nll_per_token": Column(
        "NLL", 3, "nll_per_token_std", best="low",
        note="negative log-likelihood of a reference token given those before it, nats; over "
        "every pair of the part, cut to the trained lengths",
    ),
    "perplexity": Column("Perplexity", 1, "perplexity_std", best="low"),
    "length_ratio": Column(
        "Length", 2, "length_ratio_std", note="translation over reference; 1 is right"
    ),
    "repetition_rate": Column(
        "Repeats, %", 1, "repetition_rate_std", scale=100, best="low",
        note="translations in which 1 to 4 words come twice in a row",
    ),
    "unknown_rate": Column(
        "Unknown, %", 1, "unknown_rate_std", scale=100, best="low",
        note="tokens that are the unknown word",
    ),
    "parameters": Column("Parameters", 0),
}  # fmt: skip


SIGNATURES = {
    "bleu_single": "signature_bleu",
    "bleu_multi": "signature_bleu_multi",
    "chrf_single": "signature_chrf",
    "chrf_multi": "signature_chrf_multi",
}


def tabulate_scores(
    records: Sequence[Mapping[str, Any]],
    baseline: str | None = "baseline",
    published: bool = False,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> pd.DataFrame:
    """Return one row per variant with mean and deviation (``_std``) of each score over its seeds.

    ``records`` are those of score_translations. With a ``baseline`` that is among them, bleu_gain
    and its bounds and p_value compare the others with it (they need ``bleu_statistics`` in every
    record); else these columns are left out. ``published`` puts the lesson's printed figures
    below each variant.
    """
    frame = over_seeds(records, AVERAGED, constant=("parameters",))
    if baseline is not None:
        frame = frame.assign(**_gains(frame, records, baseline, resamples, seed))
    return beside_published(frame) if published else frame


def score_columns(records: Sequence[Mapping[str, Any]], baseline: str) -> dict[str, Column]:
    """Return ``COLUMNS`` with the baseline and the signatures of BLEU and chrF in their notes."""
    columns = dict(COLUMNS)
    gain = columns["bleu_gain"]
    columns["bleu_gain"] = replace(gain, note=gain.note.format(baseline=baseline))
    for name, key in SIGNATURES.items():
        found = " or ".join(dict.fromkeys(str(record[key]) for record in records if key in record))
        note = "; ".join(part for part in (columns[name].note, found) if part)
        columns[name] = replace(columns[name], note=note)
    return columns


def _gains(
    frame: pd.DataFrame,
    records: Sequence[Mapping[str, Any]],
    baseline: str,
    resamples: int,
    seed: int,
) -> dict[str, list[float | None]]:
    """Return the columns of the comparison, missing for the baseline itself; none without any."""
    comparisons = compare_records(records, baseline, resamples, seed)
    if not comparisons:
        return {}
    rows = [comparisons.get(variant) for variant in frame["variant"]]
    fields = {
        "bleu_gain": "difference",
        "bleu_gain_low": "low",
        "bleu_gain_high": "high",
        "p_value": "p_value",
    }
    return {
        column: [None if row is None else getattr(row, field) for row in rows]
        for column, field in fields.items()
    }
