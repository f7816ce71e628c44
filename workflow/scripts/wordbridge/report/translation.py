"""Tables about the translators: scores, sample translations, times."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wordbridge.corpus.special_tokens import EOS, SPECIALS
from wordbridge.report.published import add_published_trainings
from wordbridge.report.tables import Column, Table, aggregate_seeds
from wordbridge.significance import comparisons, indistinguishable
from wordbridge.translation.bootstrap import Resampler, Run, few_sentences_note
from wordbridge.translation.translations import Translation, read_attention, read_translations

SCORE_COLUMNS = {
    "variant": Column("Variant"),
    "run": Column("Run", note="this run, the lesson's notebook of 2018, or notes on the lesson"),
    "seeds": Column("Seeds", 0),
    "epochs": Column("Epochs", 0),
    "best_epoch": Column("Best epoch", 1, note="the epoch whose weights are kept"),
    "validation_loss": Column(
        "Valid. loss", 3, best="low",
        note="cross-entropy in nats on the validation split, free running as in the lesson; "
        "padding counts, but costs nothing after the model's end of sentence",
    ),
    "bleu_single": Column(
        "BLEU, 1 ref.", 1, best="high",
        note="0 to 100, against the first reference of each sentence in the corpus; a model "
        "trained with version tags gets the tag of that reference",
    ),
    "bleu_ceiling": Column(
        "Ceiling", 1, note="BLEU of the first references' own tokens as text"
    ),
    "bleu_gain": Column(
        "Gain", 1,
        note="BLEU with one reference minus that of {baseline}, with its 95 % interval "
        "(paired bootstrap over groups of sentences, such as verses)",
    ),
    "p_value": Column(
        "p", 3,
        note="probability of a difference this large if both are equally good (paired bootstrap, "
        "corrected for the number of variants after Holm 1979)",
    ),
    "letters": Column(
        "Groups",
        note="variants that share a letter do not differ significantly in BLEU with one "
        "reference (all pairs, p above 0.05 after Holm's correction)",
    ),
    "bleu_multi": Column(
        "BLEU, all refs.", 1, best="high", note="against every version of the sentence"
    ),
    "chrf_single": Column("chrF, 1 ref.", 1, best="high"),
    "chrf_multi": Column("chrF, all refs.", 1, best="high"),
    "exact_match": Column(
        "Exact, %", 1, 100, "high", note="translations that equal the first reference"
    ),
    "exact_match_multi": Column(
        "Exact, all refs., %", 1, 100, "high",
        note="translations that equal any version of the sentence",
    ),
    "nll_per_token": Column(
        "NLL", 3, best="low",
        note="negative log-likelihood in nats per reference token, given the preceding ones; "
        "over all pairs of the split, truncated as in training",
    ),
    "perplexity": Column("Perplexity", 1, best="low"),
    "length_ratio": Column(
        "Length", 2, note="length of the translations over that of the references; ideally 1"
    ),
    "repetition_rate": Column(
        "Repeats, %", 1, 100, "low",
        note="translations in which a sequence of 1 to 4 tokens occurs twice in a row",
    ),
    "unknown_rate": Column("Unknown, %", 1, 100, "low", note="tokens that are the unknown token"),
    "parameters": Column("Parameters", 0),
}  # fmt: skip
NOT_AVERAGED = (
    "variant", "run", "seeds", "bleu_ceiling", "bleu_gain", "p_value", "letters", "parameters",
)  # fmt: skip
SCORES = [name for name in SCORE_COLUMNS if name not in NOT_AVERAGED]
# Columns of the comparison with the baseline, in the order of the fields of Comparison.
COMPARISON = ["bleu_gain", "bleu_gain_low", "bleu_gain_high", "p_value"]

TIME_COLUMNS = {
    "variant": Column("Variant"),
    "run": Column("Run", note="this run, or notes on the 2018 lesson (one K80 GPU)"),
    "device": Column("Device"),
    "precision": Column("Precision", note="number format of the training's matrix products"),
    "threads": Column("Threads", 0),
    "seeds": Column("Seeds", 0),
    "epochs": Column("Epochs", 0),
    "train_seconds": Column("Training, s", 0),
    "seconds_per_epoch": Column("Epoch, s", 1, best="low"),
    "target_tokens_per_second": Column(
        "Tokens/s", 0, best="high", note="target tokens in training, without padding"
    ),
    "decode_seconds": Column("Decoding, s", 1),
    "decoded_sentences_per_second": Column(
        "Sentences/s", 0, best="high", note="translated sentences of the scored split"
    ),
}
TIMES = list(TIME_COLUMNS)[6:]  # those that vary with the seed


def scores_table(
    records: Sequence[Mapping[str, Any]],
    runs: Mapping[str, Sequence[Run]],
    split: str,
    baseline: str | None = "baseline",
    published: bool = False,
) -> Table:
    """Return the table of scores: a row per variant, means and stds (``_std``) over its seeds.

    ``records`` are those of score_translations on ``split``, one per run, ``runs`` the sentence
    scores of each variant. If ``baseline`` is among them, bleu_gain, its bounds and p_value compare
    the other variants with it. Low ceilings of BLEU have a column. ``published`` adds the lesson's
    figures below each variant.
    """
    low = [record for record in records if "bleu_ceiling" in record]
    constant = ["parameters", "bleu_ceiling"] if low else ["parameters"]
    frame = aggregate_seeds(pd.DataFrame(records), SCORES, constant)
    # The same sentences have the same resamples.
    resampled = {name: Resampler(each[0]).mean_scores(each, "bleu") for name, each in runs.items()}
    if len(resampled) > 1:
        frame["letters"] = frame["variant"].map(indistinguishable(resampled))
    if len(resampled) > 1 and baseline in resampled:
        gains = {n: each - resampled[baseline] for n, each in resampled.items() if n != baseline}
        compared = pd.DataFrame(comparisons(gains), index=COMPARISON)
        frame = frame.join(compared.T, on="variant")
    caption = (
        f"Scores of every variant on the {split} split: means and standard deviations over the "
        "seeds. The best value of a column is in bold. The trainings computed matrix products in "
        f"{', '.join(dict.fromkeys(record['precision'] for record in records))}."
    )
    if low:
        lost = [sign for record in low for sign in record["lost_characters"].split()]
        signs = " ".join(dict.fromkeys(lost))
        caption += f" BLEU has a ceiling: the references' tokens lack their {signs or 'spaces'}."
    if len(resampled) > 1:
        caption += few_sentences_note(runs)
    frame = add_published_trainings(frame) if published else frame
    return Table(frame, caption, score_columns(records, baseline), group=True)


def score_columns(records: Sequence[Mapping[str, Any]], baseline: str | None) -> dict[str, Column]:
    """Return ``SCORE_COLUMNS`` with the ``baseline`` and sacreBLEU's signatures in their notes."""
    gain = SCORE_COLUMNS["bleu_gain"]
    columns = SCORE_COLUMNS | {"bleu_gain": replace(gain, note=gain.note.format(baseline=baseline))}
    for name in ("bleu_single", "bleu_multi", "chrf_single", "chrf_multi"):
        key = f"signature_{name.removesuffix('_single')}"
        signatures = dict.fromkeys(record[key] for record in records)
        note = "; ".join(filter(None, (columns[name].note, " or ".join(signatures))))
        columns[name] = replace(columns[name], note=note)
    return columns


def samples_table(
    translations: Mapping[str, Sequence[Translation]], count: int, split: str
) -> Table:
    """Return ``count`` samples, each with the lines source, reference and one per variant.

    ``translations`` maps each variant to its translations of the texts of ``split``. If there are
    fewer texts than samples, a text has several numbers (from 1) in the column sample.
    """
    texts = next(iter(translations.values()))
    positions = spread_over_lengths([text.source for text in texts], count)
    rows = []
    for position in dict.fromkeys(positions):
        numbers = [str(n) for n, other in enumerate(positions, start=1) if other == position]
        lines = [("source", texts[position].source), ("reference", texts[position].reference)]
        lines += [(name, outputs[position].hypothesis) for name, outputs in translations.items()]
        rows += [(", ".join(numbers), *line) for line in lines]
    columns = {"sample": Column("Sample"), "line": Column("Line"), "text": Column("Text")}
    caption = f"Sample translations from the {split} split, from the shortest to the longest."
    return Table(pd.DataFrame(rows, columns=list(columns)), caption, columns, group=True)


def spread_over_lengths(texts: Sequence[str], count: int) -> list[int]:
    """Return the positions of ``count`` texts, from short to long at even distances.

    The texts, sorted by their number of words (stable), are cut into ``count`` equal slices, whose
    middle texts are returned. If there are fewer texts, some of them occur several times.
    """
    order = sorted(range(len(texts)), key=lambda position: len(texts[position].split()))
    return [order[(2 * n + 1) * len(order) // (2 * count)] for n in range(count if order else 0)]


def attention_sample(
    translations: str | Path, attention: str | Path, number: int, count: int
) -> tuple[NDArray[np.float32], list[str], list[str]]:
    """Return the attention, source tokens and output tokens of sample ``number`` of ``count``.

    The number is as in the samples table. The attention is (output tokens, source tokens); each
    list of tokens ends with the end-of-sequence token if the attention has a row or column for it.
    """
    rows = read_translations(translations)
    position = spread_over_lengths([row.source for row in rows], count)[number - 1]
    weights = read_attention(attention)[position]
    tokens = [*rows[position].tokens, SPECIALS[EOS]][: len(weights)]
    source = [*rows[position].source_tokens, SPECIALS[EOS]][: weights.shape[1]]
    return weights, source, tokens


def times_table(records: Sequence[Mapping[str, Any]], published: bool = False) -> Table:
    """Return the table of times: a row per variant, means and stds (``_std``) over its seeds.

    ``records`` have variant, device, threads, train_seconds, epochs, decode_seconds and the two
    throughputs. ``published`` adds the lesson's times below each variant.
    """
    runs = pd.DataFrame(records)
    runs["seconds_per_epoch"] = runs["train_seconds"] / runs["epochs"].clip(lower=1)
    frame = aggregate_seeds(runs, TIMES, constant=("device", "precision", "threads"))
    frame = add_published_trainings(frame) if published else frame
    caption = (
        "Times and throughputs: means and standard deviations over the seeds. They depend on the "
        "machine and on its load."
    )
    return Table(frame, caption, TIME_COLUMNS, group=True)
