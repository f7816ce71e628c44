"""Sample translations as the lesson printed them: source, reference, each variant's version.

Losses per epoch of every training, as the lesson printed them.

The figures of every epoch of many trainings as one table.

How far the runs of one variant differ.

Figures of several runs of a variant as one row: mean and standard deviation over the seeds.

The table of scores: one row per variant.

The table of times and throughputs, which differ from run to run.
"""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wordbridge.corpus.special_tokens import EOS, SPECIALS
from wordbridge.errors import InputError, shorten
from wordbridge.files import read_records
from wordbridge.report.published import beside_published
from wordbridge.report.tables import Column, read_frame
from wordbridge.translation.significance import RESAMPLES, SEED, compare_records
from wordbridge.translation.translations import Translation, read_attention, read_translations

CAPTION = "Sample translations from the {split} split, from the shortest to the longest."

COLUMNS = {"sample": Column("Sample"), "line": Column("Line"), "text": Column("Text")}


def spread_over_lengths(texts: Sequence[str], count: int) -> list[int]:
    """Return the positions of ``count`` texts, from short to long in even steps.

    Texts are sorted by their number of words, equals in their own order; the middle of each of
    ``count`` equal slices of that order is taken, so neither the shortest nor the longest. Where
    there are fewer texts, all are taken, and some in several slices.
    """
    order = sorted(range(len(texts)), key=lambda position: len(texts[position].split()))
    slices = range(count if order else 0)
    return [order[(2 * slice_ + 1) * len(order) // (2 * count)] for slice_ in slices]


def tabulate_samples(
    sources: Sequence[str],
    references: Sequence[str],
    hypotheses: Mapping[str, Sequence[str]],
    count: int = 10,
) -> pd.DataFrame:
    """Return ``count`` samples, each with the lines source, reference and one per variant.

    Columns: sample (from 1; all its numbers where there are fewer texts), line, text.
    ``hypotheses`` maps variants to translations of ``sources``, in one order.
    """
    numbers: dict[int, list[str]] = {}
    for number, position in enumerate(spread_over_lengths(sources, count), start=1):
        numbers.setdefault(position, []).append(str(number))
    lines = [("source", sources), ("reference", references), *hypotheses.items()]
    rows = [
        (", ".join(own), line, texts[position])
        for position, own in numbers.items()
        for line, texts in lines
    ]
    return pd.DataFrame(rows, columns=["sample", "line", "text"])


def samples_of(translations: Mapping[str, Sequence[Translation]], count: int) -> pd.DataFrame:
    """Return the table of samples of each variant's translations of the same texts.

    Raises InputError when a variant has translations of other texts than the first one.
    """
    first = next(iter(translations.values()))
    hypotheses = {name: [one.hypothesis for one in made] for name, made in translations.items()}
    sources, references = [one.source for one in first], [one.reference for one in first]
    for name, made in translations.items():
        _check_sources(name, [one.source for one in made], sources)
    return tabulate_samples(sources, references, hypotheses, count)


def _check_sources(variant: str, sources: Sequence[str], expected: Sequence[str]) -> None:
    for number, (own, wanted) in enumerate(zip_longest(sources, expected), start=1):
        if own != wanted:
            meant, got = (
                "nothing" if text is None else repr(shorten(text)) for text in (wanted, own)
            )
            raise InputError(
                f"variant {variant!r}, translation {number}: expected {meant} as its source text, "
                f"like the first variant, got {got}; translate the split again with every variant"
            )


def attention_sample(
    translations: str | Path, attention: str | Path, number: int, count: int
) -> tuple[NDArray[np.float32], list[str], list[str]]:
    """Return the attention, source tokens and output tokens of sample ``number`` of ``count``.

    The number is that of the table. Both lists of tokens end with the end of sequence where the
    weights have it.
    """
    made = read_translations(translations)
    position = spread_over_lengths([one.source for one in made], count)[number - 1]
    weights = read_attention(attention, position)
    sides = (made[position].tokens, made[position].source_tokens)
    words, source = (
        [*tokens, SPECIALS[EOS]][:size] for tokens, size in zip(sides, weights.shape, strict=True)
    )
    return weights, source, words


CAPTION_TRAINING_TABLE = (
    "Losses per epoch in nats: the training loss as a running average, and on the valid split the "
    "free-running loss as the lesson has it, the likelihood of each token after the true ones, and "
    "BLEU."
)

COLUMNS_TRAINING_TABLE = {
    "variant": Column("Variant"),
    "seed": Column("Seed", 0),
    "epoch": Column("Epoch", 0),
    "forcing": Column("Forcing", 2, note="chance of feeding the true word"),
    "train_loss": Column(
        "Training", 4,
        note="running average over the batches so far, the last ones counting most; with dropout, "
        "forcing, label smoothing and the epoch's mix of texts where they are set, so no figure "
        "to be held against the losses beside it",
    ),
    "free_running_loss": Column("Validation", 4),
    "nll": Column("NLL/token", 4),
    "bleu": Column("BLEU", 2, note="valid split, greedy, one reference, the model's tokens"),
}  # fmt: skip


def tabulate_training(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of ``metrics`` (see report/metrics.py) with the columns that are shown."""
    return metrics[list(COLUMNS_TRAINING_TABLE)]


def read_metrics(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Return the rows of all tables at ``paths``, with the columns variant and seed in front.

    A path ends in {variant}/{seed}/metrics.tsv; order is that of ``paths``. Raises InputError
    when a table has no row or cannot be read.
    """
    return pd.concat([_read(Path(path)) for path in paths], ignore_index=True)


def _read(path: Path) -> pd.DataFrame:
    rows = read_frame(path, "train the variant again", gaps=True)
    if rows.empty:
        raise InputError(f"{path}: expected a row per epoch, got none; train the variant again")
    rows.insert(0, "variant", path.parent.parent.name)
    rows.insert(1, "seed", path.parent.name)
    return rows


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean and the sample standard deviation, which is NaN for a single value."""
    deviation = statistics.stdev(values) if len(values) > 1 else math.nan
    return statistics.fmean(values), deviation


def over_seeds(
    records: Iterable[Mapping[str, Any]], averaged: Sequence[str], constant: Sequence[str] = ()
) -> pd.DataFrame:
    """Return one row per variant, in the order of first appearance in ``records``.

    Columns: variant, seeds (how many), those of ``constant`` (the first run's), and for each of
    ``averaged`` its mean and, under the name with ``_std``, its sample standard deviation (missing
    for one run). Raises InputError when a record lacks a figure or a run comes twice.
    """
    runs: dict[str, dict[Any, Mapping[str, Any]]] = {}
    for record in records:
        _check(record, ("variant", "seed", *averaged, *constant))
        seeds = runs.setdefault(str(record["variant"]), {})
        if record["seed"] in seeds:
            raise InputError(
                f"run {record['variant']}/{record['seed']} comes twice: expected one record per "
                "variant and seed; name each seed once in the configuration"
            )
        seeds[record["seed"]] = record
    rows = [
        _row(variant, list(seeds.values()), averaged, constant) for variant, seeds in runs.items()
    ]
    spread = [name + ending for name in averaged for ending in ("", "_std")]
    return pd.DataFrame(rows, columns=["variant", "seeds", *constant, *spread])


def _row(
    variant: str,
    runs: Sequence[Mapping[str, Any]],
    averaged: Sequence[str],
    constant: Sequence[str],
) -> dict[str, Any]:
    row: dict[str, Any] = {"variant": variant, "seeds": len(runs)}
    row |= {name: runs[0][name] for name in constant}
    for name in averaged:
        row[name], row[f"{name}_std"] = mean_and_deviation([float(run[name]) for run in runs])
    return row


def _check(record: Mapping[str, Any], names: Iterable[str]) -> None:
    missing = [name for name in names if name not in record]
    if missing:
        run = f"{record.get('variant', '?')}/{record.get('seed', '?')}"
        raise InputError(
            f"record of {run} lacks {', '.join(missing)}: expected a figure for each; "
            "score the run again"
        )


CAPTION_SCORE_TABLE = (
    "Scores of every variant on the {split} split: means and standard deviations over the seeds. "
    "The best figure of a column is in bold."
)

AVERAGED = (
    "epochs", "best_epoch", "validation_loss", "nll_per_token", "perplexity",
    "bleu_single", "bleu_multi", "chrf_single", "chrf_multi", "exact_match",
    "exact_match_multi",
    "length_ratio", "repetition_rate", "unknown_rate",
)  # fmt: skip

COLUMNS_SCORE_TABLE = {
    "variant": Column("Variant"),
    "run": Column("Run", note="here, or a figure that the 2018 lesson or notes on it printed"),
    "seeds": Column("Seeds", 0),
    "epochs": Column("Epochs", 0),
    "best_epoch": Column("Best", 1, "best_epoch_std", note="the epoch whose weights were kept"),
    "validation_loss": Column(
        "Valid. loss", 3, "validation_loss_std", best="low",
        note="on the validation split and as the lesson has it: free running, padding counted, "
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
        "every pair of the split, cut to the trained lengths",
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
    columns = dict(COLUMNS_SCORE_TABLE)
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


CAPTION_TIME_TABLE = (
    "Times and throughputs: means and standard deviations over the seeds. They depend on the "
    "machine and on what else it was doing."
)

AVERAGED_TIME_TABLE = (
    "train_seconds", "epochs", "seconds_per_epoch", "target_tokens_per_second",
    "decode_seconds", "decoded_sentences_per_second",
)  # fmt: skip

COLUMNS_TIME_TABLE = {
    "variant": Column("Variant"),
    "run": Column("Run", note="here, or what notes on the 2018 lesson printed (one K80 GPU)"),
    "device": Column("Device"),
    "threads": Column("Threads", 0),
    "seeds": Column("Seeds", 0),
    "epochs": Column("Epochs", 0),
    "train_seconds": Column("Training, s", 0, "train_seconds_std"),
    "seconds_per_epoch": Column("Epoch, s", 1, "seconds_per_epoch_std", best="low"),
    "target_tokens_per_second": Column(
        "Tokens/s", 0, "target_tokens_per_second_std", best="high",
        note="target tokens trained on, padding apart",
    ),
    "decode_seconds": Column("Decoding, s", 1, "decode_seconds_std"),
    "decoded_sentences_per_second": Column(
        "Sentences/s", 0, "decoded_sentences_per_second_std", best="high",
        note="sentences of the scored split translated",
    ),
}  # fmt: skip


def joined_records(
    training: Sequence[str | Path], decoding: Sequence[str | Path]
) -> list[dict[str, Any]]:
    """Return one record of times per run; both lists of files end in {variant}/{seed}.json."""
    records = zip(training, read_records(training), read_records(decoding), strict=True)
    return [
        {"variant": Path(path).parent.name, "seed": Path(path).stem, **decoded, **trained}
        for path, trained, decoded in records
    ]


def tabulate_times(records: Sequence[Mapping[str, Any]], published: bool = False) -> pd.DataFrame:
    """Return one row per variant with mean and deviation (``_std``) of its times over its seeds.

    ``records`` have variant, seed, device, threads, train_seconds, epochs, decode_seconds and the
    two throughputs. ``published`` puts the lesson's printed times below each variant.
    """
    per_epoch = [
        {**record, "seconds_per_epoch": record["train_seconds"] / max(1, record["epochs"])}
        for record in records
    ]
    frame = over_seeds(per_epoch, AVERAGED_TIME_TABLE, constant=("device", "threads"))
    return beside_published(frame) if published else frame
