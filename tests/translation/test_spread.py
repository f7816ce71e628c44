"""Tests of mean and deviation over the seeds."""

import math

import pytest

from wordbridge.translation.spread import mean_and_deviation


@pytest.mark.parametrize(
    ("values", "mean", "deviation"),
    [([1.0, 2.0, 6.0], 3.0, math.sqrt(7)), ([2.5, 2.5], 2.5, 0.0), ([1.0, 3.0], 2.0, math.sqrt(2))],
)
def test_the_deviation_is_that_of_a_sample(
    values: list[float], mean: float, deviation: float
) -> None:
    assert mean_and_deviation(values) == pytest.approx((mean, deviation))


def test_the_deviation_of_one_run_is_unknown() -> None:
    mean, deviation = mean_and_deviation([3.0])
    assert mean == 3.0
    assert math.isnan(deviation)
