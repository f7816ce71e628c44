"""Tests of the learning-rate range test."""

from pathlib import Path
from typing import Any

import pytest

from tests.translation.toys import VARIANTS, reversals, settings, translator
from wordbridge.errors import InputError
from wordbridge.training.lr_finder import RangeTest, range_test, suggest_rate, write_range_test
from wordbridge.translation.training import TranslatorTrainer


def trainer(**training: Any) -> TranslatorTrainer:
    options = settings(VARIANTS["attention"], training={"batch_size": 5, **training})
    return TranslatorTrainer(
        translator(options), options, reversals(203, 1), reversals(3, 2), seed=1
    )


def range_test_of(one: TranslatorTrainer, lowest: float, highest: float) -> RangeTest:
    return range_test(one.range_test_step(), len(one.batches(0)), lowest, highest)


def test_rates_grow_by_an_equal_factor_until_the_loss_explodes() -> None:
    result = range_test_of(trainer(), 1e-5, 1e5)
    assert 11 < len(result.rates) < 41
    assert result.rates[0] == 1e-5
    ratios = [after / rate for rate, after in zip(result.rates, result.rates[1:], strict=False)]
    assert ratios == pytest.approx([1e10 ** (1 / 41)] * len(ratios))
    assert result.suggestion in result.rates
    assert result == range_test_of(trainer(), 1e-5, 1e5)


def test_an_epoch_of_one_batch_gives_one_rate() -> None:
    result = range_test_of(trainer(batch_size=500), 1e-3, 1.0)
    assert result.rates == [1e-3]
    assert result.suggestion == 1e-3


def test_a_first_loss_that_is_not_finite_is_an_error() -> None:
    broken = trainer()
    broken.model.decoder.output.bias.data.fill_(float("nan"))
    with pytest.raises(InputError, match="first batch"):
        range_test_of(broken, 1e-3, 1.0)


def test_the_steepest_fall_before_the_minimum_is_suggested() -> None:
    rates = [10.0**power for power in range(-6, 0)]
    assert suggest_rate(rates, [5.0, 4.9, 4.0, 2.0, 1.9, 9.0]) == 1e-4


def test_the_table_marks_the_suggestion(tmp_path: Path) -> None:
    result = range_test_of(trainer(), 1e-5, 1.0)
    write_range_test(tmp_path / "table.tsv", result)
    header, *rows = (tmp_path / "table.tsv").read_text().splitlines()
    assert header == "learning_rate\tloss\tsuggested"
    marked = [float(row.split("\t")[0]) for row in rows if row.endswith("true")]
    assert marked == [result.suggestion]
