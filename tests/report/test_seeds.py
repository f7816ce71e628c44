"""Tests of the means over seeds."""

import math
from typing import Any

import pytest

from wordbridge.errors import InputError
from wordbridge.report.seeds import over_seeds

RUNS: list[dict[str, Any]] = [
    {"variant": "forcing", "seed": 2, "bleu": 10.0, "device": "cpu"},
    {"variant": "all", "seed": 2, "bleu": 30.0, "device": "cpu"},
    {"variant": "forcing", "seed": 1, "bleu": 13.0, "device": "cpu"},
]


def test_each_variant_is_one_row_in_the_order_of_first_appearance() -> None:
    frame = over_seeds(RUNS, ["bleu"], ["device"])
    assert list(frame.columns) == ["variant", "seeds", "device", "bleu", "bleu_std"]
    assert list(frame["variant"]) == ["forcing", "all"]
    assert list(frame["seeds"]) == [2, 1]
    assert list(frame["bleu"]) == [11.5, 30.0]
    assert frame["bleu_std"][0] == pytest.approx(math.sqrt(4.5))
    assert math.isnan(frame["bleu_std"][1])


def test_a_record_that_lacks_a_figure_is_named() -> None:
    with pytest.raises(InputError, match="record of all/2 lacks chrf: expected"):
        over_seeds([{**RUNS[0], "chrf": 1.0}, RUNS[1]], ["chrf"])


def test_a_run_that_comes_twice_is_refused() -> None:
    with pytest.raises(InputError, match="run forcing/2 comes twice"):
        over_seeds([*RUNS, RUNS[0]], ["bleu"])
