"""Tests of the table of scores."""

import random
from typing import Any

import pytest

from wordbridge.report.markdown_tables import table_markdown
from wordbridge.report.score_table import COLUMNS, score_columns, tabulate_scores
from wordbridge.translation.scores import score, token_rates
from wordbridge.translation.significance import bleu_statistics

REFERENCES = [f"who is the {word} of this place?" for word in "abcdefghijklmnopqrst"]


def record(variant: str, seed: int, wrong: float) -> dict[str, Any]:
    """Return the record of a run that gets a share of the words wrong."""
    chance = random.Random(f"{variant}{seed}")
    hypotheses = [
        " ".join("oh" if chance.random() < wrong else word for word in text.split())
        for text in REFERENCES
    ]
    multi = [[text, text.replace("this", "the")] for text in REFERENCES]
    single = [[text] for text in REFERENCES]
    return {
        "variant": variant,
        "seed": seed,
        "epochs": 12,
        "best_epoch": 7 + seed,
        "parameters": 19_982_969,
        "validation_loss": 3.5 + seed / 10,
        "nll_per_token": 2.0,
        "perplexity": 7.389,
        **score(hypotheses, REFERENCES, multi, lowercase=True),
        **token_rates([text.split() for text in hypotheses]),
        "bleu_statistics": bleu_statistics(hypotheses, single, lowercase=True).tolist(),
    }


RECORDS = [
    record("baseline", 1, 0.5),
    record("baseline", 2, 0.5),
    record("all", 1, 0.1),
    record("all", 2, 0.1),
]


def test_a_row_has_means_deviations_and_the_gain_on_the_baseline() -> None:
    table = tabulate_scores(RECORDS, resamples=50).set_index("variant")
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
    ("records", "baseline"),
    [(RECORDS, None), (RECORDS, "plain"), (RECORDS[2:], "baseline"), (RECORDS[:2], "baseline")],
)
def test_without_a_comparison_there_are_no_columns_for_one(
    records: list[dict[str, Any]], baseline: str | None
) -> None:
    table = tabulate_scores(records, baseline, published=True, resamples=50)
    assert not {"bleu_gain", "bleu_gain_low", "bleu_gain_high", "p_value"} & {*table.columns}
    assert "bootstrap" not in table_markdown(table, "Scores.", COLUMNS, group=True)


def test_every_shown_column_is_in_the_table() -> None:
    table = tabulate_scores(RECORDS, published=True, resamples=50)
    shown = set(COLUMNS) | {column.deviation for column in COLUMNS.values() if column.deviation}
    for column in COLUMNS.values():
        shown |= set(column.interval or ())
    assert shown <= set(table.columns)


def test_printed_figures_stand_beside_ours_only_when_asked_for() -> None:
    assert "run" not in tabulate_scores(RECORDS, resamples=50)
    table = tabulate_scores(RECORDS, published=True, resamples=50)
    rows = table[["variant", "run"]].itertuples(index=False, name=None)
    assert list(rows) == [
        ("baseline", "here"), ("baseline", "notebook"), ("baseline", "notes"),
        ("all", "here"), ("all", "notebook"),
    ]  # fmt: skip


def test_the_table_does_not_depend_on_how_often_it_is_made() -> None:
    first = table_markdown(tabulate_scores(RECORDS, resamples=50), "Scores.", COLUMNS, group=True)
    again = table_markdown(tabulate_scores(RECORDS, resamples=50), "Scores.", COLUMNS, group=True)
    assert first == again
    assert "19,982,969" in first
    assert "3.650 \u00b1 0.071" in first


def test_the_notes_name_each_signature_once() -> None:
    columns = score_columns(RECORDS, "plain")
    assert list(columns) == list(COLUMNS)
    assert columns["bleu_single"].note.startswith("0 to 100, against one reference: ")
    assert "; nrefs:1|case:lc" in columns["bleu_single"].note
    assert columns["bleu_single"].note.count("nrefs:") == 1
    assert columns["chrf_multi"].note.startswith("nrefs:2|case:lc|eff:yes|nc:6")
    assert columns["perplexity"] == COLUMNS["perplexity"]
    assert score_columns([], "{baseline}") == COLUMNS


def test_the_note_on_gains_names_the_baseline() -> None:
    note = score_columns(RECORDS, "bidir-attn")["bleu_gain"].note
    assert note.startswith("BLEU with one reference less that of bidir-attn, with its 95 % ")
