"""Tests of the table of times."""

from typing import Any

import pytest

from wordbridge.report.time_table import COLUMNS, tabulate_times


def record(variant: str, seed: int, seconds: float) -> dict[str, Any]:
    """Return the times of a run."""
    return {
        "variant": variant, "seed": seed, "device": "cpu", "threads": 1,
        "train_seconds": seconds, "epochs": 12, "target_tokens_per_second": 9000.0,
        "decode_seconds": 4.0, "decoded_sentences_per_second": 150.0,
    }  # fmt: skip


RECORDS = [record("baseline", 1, 120.0), record("baseline", 2, 144.0), record("all", 1, 300.0)]


def test_times_are_means_over_the_seeds() -> None:
    table = tabulate_times(RECORDS)
    assert list(table["variant"]) == ["baseline", "all"]
    assert list(table["train_seconds"]) == [132.0, 300.0]
    assert list(table["seconds_per_epoch"]) == [11.0, 25.0]
    assert table["seconds_per_epoch_std"][0] == pytest.approx(2**0.5)
    assert list(table["device"]) == ["cpu", "cpu"]
    assert set(COLUMNS) - {"run"} <= set(table.columns)


def test_a_run_of_no_epoch_divides_by_nothing() -> None:
    assert list(tabulate_times([{**RECORDS[0], "epochs": 0}])["seconds_per_epoch"]) == [120.0]


def test_printed_times_stand_below_ours() -> None:
    table = tabulate_times(RECORDS, published=True)
    notes = table[table["run"] == "notes"].iloc[0]
    assert (notes["variant"], notes["seconds_per_epoch"]) == ("baseline", 109.8)
