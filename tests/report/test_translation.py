"""Tables about the translators: scores, samples, times."""

from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from tests.report.toys import sentence_scores, spoiled
from wordbridge.report.tables import Table, markdown
from wordbridge.report.translation import (
    SCORE_COLUMNS,
    TIME_COLUMNS,
    attention_sample,
    samples_table,
    score_columns,
    scores_table,
    spread_over_lengths,
    times_table,
)
from wordbridge.translation.scores import score, token_rates
from wordbridge.translation.translations import Translation, write_attention, write_translations
from workflow.relations import samples_with_attention

REFERENCES = [f"who is the {word} of this place?" for word in "abcdefghijklmnopqrst"]


def hypotheses_of(variant: str, seed: int, wrong: float) -> list[str]:
    """Return the hypotheses of a run that gets a share of the words wrong."""
    chance = Random(f"{variant}{seed}")
    return [spoiled(text, wrong, chance) for text in REFERENCES]


def record(variant: str, seed: int, wrong: float) -> dict[str, Any]:
    hypotheses = hypotheses_of(variant, seed, wrong)
    multi = [[text, text.replace("this", "the")] for text in REFERENCES]
    return {
        "variant": variant,
        "seed": seed,
        "epochs": 12,
        "best_epoch": 7 + seed,
        "parameters": 19_982_969,
        "precision": "bfloat16",
        "validation_loss": 3.5 + seed / 10,
        "nll_per_token": 2.0,
        "perplexity": 7.389,
        **score(hypotheses, REFERENCES, multi, lowercase=True),
        **token_rates([text.split() for text in hypotheses]),
    }


RUNS = [("baseline", 1, 0.5), ("baseline", 2, 0.5), ("all", 1, 0.1), ("all", 2, 0.1)]
RECORDS = [record(*run) for run in RUNS]
SENTENCES = [sentence_scores(hypotheses_of(*run), REFERENCES) for run in RUNS]
BY_VARIANT = {"baseline": SENTENCES[:2], "all": SENTENCES[2:]}


def test_the_caption_of_the_scores_has_the_number_formats_of_the_trainings() -> None:
    records = [RECORDS[0], RECORDS[2] | {"precision": "float32"}]
    caption = scores_table(records, BY_VARIANT, "test").caption
    assert "computed matrix products in bfloat16, float32." in caption


def test_the_caption_of_the_scores_warns_of_few_groups() -> None:
    assert "too narrow" not in scores_table(RECORDS, BY_VARIANT, "test").caption
    few = {name: [run[:19] for run in runs] for name, runs in BY_VARIANT.items()}
    assert "There are 19 groups of sentences" in scores_table(RECORDS, few, "test").caption
    alone = {"all": few["all"]}
    assert "too narrow" not in scores_table(RECORDS[2:], alone, "test").caption


def test_a_row_has_means_stds_and_the_gain_over_the_baseline() -> None:
    table = scores_table(RECORDS, BY_VARIANT, "test").frame.set_index("variant")
    assert list(table.index) == ["baseline", "all"]
    row = table.loc["all"]
    assert (row["seeds"], row["epochs"], row["parameters"]) == (2, 12, 19_982_969)
    assert row["best_epoch"] == 8.5
    assert row["validation_loss"] == pytest.approx(3.65)
    assert row["validation_loss_std"] == pytest.approx(0.1 / 2**0.5)
    scores = [record["bleu_single"] for record in RECORDS[2:]]
    assert row["bleu_single"] == pytest.approx(sum(scores) / 2)
    assert row["bleu_gain"] == pytest.approx(
        row["bleu_single"] - table.loc["baseline", "bleu_single"]
    )
    assert 0 < row["bleu_gain_low"] < row["bleu_gain"] < row["bleu_gain_high"]
    assert row["p_value"] < 0.1
    assert table.loc["baseline"][["bleu_gain", "p_value"]].isna().all()


@pytest.mark.parametrize(
    ("variants", "baseline"),
    [
        (["baseline", "all"], None),
        (["baseline", "all"], "plain"),
        (["all"], "baseline"),
        (["baseline"], "baseline"),
    ],
)
def test_without_a_baseline_there_are_no_columns_of_a_comparison(
    variants: list[str], baseline: str | None
) -> None:
    records = [record for record in RECORDS if record["variant"] in variants]
    runs = {name: BY_VARIANT[name] for name in variants}
    table = scores_table(records, runs, "test", baseline, published=True)
    assert not {"bleu_gain", "bleu_gain_low", "bleu_gain_high", "p_value"} & {*table.frame.columns}
    assert "bootstrap" not in markdown(table)
    assert ("letters" in table.frame.columns) == (len(variants) > 1)


def test_every_visible_column_is_in_the_table() -> None:
    low = {"bleu_ceiling": 41.12, "lost_characters": "\u2019 “"}
    table = scores_table([*RECORDS[:3], RECORDS[3] | low], BY_VARIANT, "test", published=True)
    assert set(SCORE_COLUMNS) <= set(table.frame.columns)
    assert table.frame["bleu_ceiling"].dropna().tolist() == [41.12]
    assert table.caption.endswith("BLEU has a ceiling: the references' tokens lack their \u2019 “.")
    assert "bleu_ceiling" not in scores_table(RECORDS, BY_VARIANT, "test").frame
    assert {"bleu_single_std", "bleu_gain_low", "bleu_gain_high"} <= set(table.frame.columns)


def test_published_figures_are_optional() -> None:
    assert "run" not in scores_table(RECORDS, BY_VARIANT, "test").frame
    table = scores_table(RECORDS, BY_VARIANT, "test", published=True)
    rows = table.frame[["variant", "run"]].itertuples(index=False, name=None)
    assert list(rows) == [
        ("baseline", "here"), ("baseline", "notebook"), ("baseline", "notes"),
        ("all", "here"), ("all", "notebook"),
    ]  # fmt: skip


def test_the_table_is_deterministic() -> None:
    first, again = (markdown(scores_table(RECORDS, BY_VARIANT, "test")) for _ in range(2))
    assert first == again
    assert "19,982,969" in first
    assert "3.650 \u00b1 0.071" in first


def test_the_notes_name_each_signature_once() -> None:
    columns = score_columns(RECORDS, "plain")
    assert list(columns) == list(SCORE_COLUMNS)
    assert columns["bleu_single"].note.startswith("0 to 100, against the first reference ")
    assert "; nrefs:1|case:lc" in columns["bleu_single"].note
    assert columns["bleu_single"].note.count("nrefs:") == 1
    assert columns["chrf_multi"].note.startswith("nrefs:2|case:lc|eff:yes|nc:6")
    assert columns["perplexity"] == SCORE_COLUMNS["perplexity"]
    assert score_columns([], "{baseline}") == SCORE_COLUMNS


def test_the_note_on_gains_names_the_baseline() -> None:
    note = score_columns(RECORDS, "bidir-attn")["bleu_gain"].note
    assert note.startswith("BLEU with one reference minus that of bidir-attn, with its 95 % ")


@pytest.mark.parametrize(
    ("lengths", "count", "positions"),
    [
        ([1, 2, 3, 4, 5, 6], 3, [1, 3, 5]),
        ([6, 5, 4, 3, 2, 1], 3, [4, 2, 0]),
        ([3, 1, 2], 9, [1, 1, 1, 2, 2, 2, 0, 0, 0]),
        ([3, 1], 3, [1, 0, 0]),
        ([1, 1, 1, 1, 1], 2, [1, 3]),
        ([4, 2, 9], 1, [0]),
        ([4, 2], 0, []),
        ([], 4, []),
    ],
)
def test_samples_are_at_even_distances_from_short_to_long(
    lengths: list[int], count: int, positions: list[int]
) -> None:
    texts = [" ".join(["w"] * length) for length in lengths]
    assert spread_over_lengths(texts, count) == positions


def test_no_text_is_selected_twice() -> None:
    for size in range(1, 12):
        for count in range(1, size + 1):
            positions = spread_over_lengths(["w " * size] * size, count)
            assert len(set(positions)) == len(positions) == count


def translated(source: str, hypothesis: str = "x", reference: str = "") -> Translation:
    """Return a translation whose attention has one row and attends to its first word only."""
    tokens = source.split()
    weights = np.zeros((1, len(tokens) + 1), dtype=np.float32)
    weights[0, 0] = 1
    return Translation(source, reference or source.upper(), hypothesis, tokens, [], -1.0, weights)


def samples(translations: dict[str, list[Translation]], count: int) -> Table:
    return samples_table(translations, count, "test")


def test_a_sample_has_source_reference_and_every_variant() -> None:
    pairs = [("Qui est-ce donc ?", "Who is it then?"), ("Qui ?", "Who?")]
    outputs = {"source": ["who?", "a?"], "all": ["who is it?", "b?"]}
    table = samples(
        {
            variant: [translated(fr, text, en) for (fr, en), text in zip(pairs, texts, strict=True)]
            for variant, texts in outputs.items()
        },
        count=2,
    )
    assert list(table.frame.itertuples(index=False, name=None)) == [
        ("1", "source", "Qui ?"),
        ("1", "reference", "Who?"),
        ("1", "source", "a?"),
        ("1", "all", "b?"),
        ("2", "source", "Qui est-ce donc ?"),
        ("2", "reference", "Who is it then?"),
        ("2", "source", "who?"),
        ("2", "all", "who is it?"),
    ]


@pytest.mark.parametrize(
    ("count", "attention", "numbers"),
    [(10, 3, [2, 6, 9]), (10, 1, [6]), (10, 0, []), (4, 4, [1, 2, 3, 4]), (3, 5, [1, 2, 3])],
)
def test_attention_samples_are_at_even_distances(
    count: int, attention: int, numbers: list[int]
) -> None:
    assert samples_with_attention(count, attention) == numbers


def test_samples_with_attention_are_of_the_table_and_go_from_short_to_long() -> None:
    for count in range(1, 13):
        for attention in range(1, 13):
            numbers = samples_with_attention(count, attention)
            assert len(numbers) == min(count, attention)
            assert all(before < after for before, after in pairwise(numbers))
            assert set(numbers) <= set(range(1, count + 1))


@pytest.mark.parametrize("size", [1, 2, 5, 7, 30])
def test_a_sample_with_attention_is_the_one_of_its_number_in_the_table(
    size: int, tmp_path: Path
) -> None:
    rows = [translated(" ".join(f"w{n}" for n in range(size - at))) for at in range(size)]
    write_translations(tmp_path / "t.tsv", rows)
    write_attention(tmp_path / "a.npz", rows)
    table = samples({"all": rows}, count=7).frame
    sources = table[table["line"] == "source"]
    shown = {
        int(number): text
        for label, text in zip(sources["sample"], sources["text"], strict=True)
        for number in label.split(", ")
    }
    assert list(shown) == list(range(1, 8))
    assert len(sources) == min(7, size)
    for number in samples_with_attention(7, 3):
        weights, source, words = attention_sample(tmp_path / "t.tsv", tmp_path / "a.npz", number, 7)
        assert source == [*shown[number].split(), "_eos_"]
        assert weights.shape == (len(words), len(source))


def times(variant: str, seed: int, seconds: float) -> dict[str, Any]:
    """Return the times of a run."""
    return {
        "variant": variant, "seed": seed, "device": "cpu", "precision": "float32", "threads": 1,
        "train_seconds": seconds, "epochs": 12, "target_tokens_per_second": 9000.0,
        "decode_seconds": 4.0, "decoded_sentences_per_second": 150.0,
    }  # fmt: skip


TIMES = [times("baseline", 1, 120.0), times("baseline", 2, 144.0), times("all", 1, 300.0)]


def test_times_are_means_over_the_seeds() -> None:
    table = times_table(TIMES).frame
    assert list(table["variant"]) == ["baseline", "all"]
    assert list(table["train_seconds"]) == [132.0, 300.0]
    assert list(table["seconds_per_epoch"]) == [11.0, 25.0]
    assert table["seconds_per_epoch_std"][0] == pytest.approx(2**0.5)
    assert list(table["device"]) == ["cpu", "cpu"]
    assert set(TIME_COLUMNS) - {"run"} <= set(table.columns)


def test_a_run_without_epochs_divides_by_one() -> None:
    table = times_table([{**TIMES[0], "epochs": 0}])
    assert list(table.frame["seconds_per_epoch"]) == [120.0]


def test_published_times_follow_the_row_of_their_variant() -> None:
    table = times_table(TIMES, published=True).frame
    notes = table[table["run"] == "notes"].iloc[0]
    assert (notes["variant"], notes["seconds_per_epoch"]) == ("baseline", 109.8)
