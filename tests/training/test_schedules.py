"""Tests of learning rates and momenta."""

import pytest

from tests.settings import defaults
from wordbridge.training.schedules import ScheduleSettings, learning_rate, momentum


def schedule(kind: str = "triangular", **changes: float) -> ScheduleSettings:
    return ScheduleSettings(**defaults("variants.*.schedule") | {"kind": kind} | changes)


LESSON = schedule()
ONE_CYCLE = schedule("one_cycle", divisor=10.0, momentum_high=0.95, momentum_low=0.85)


@pytest.mark.parametrize(
    ("step", "expected"), [(0, 1.5e-4), (217, 1.575e-3), (434, 3e-3), (4343, 1.507e-4)]
)
def test_the_triangle_is_that_of_the_lesson(step: int, expected: float) -> None:
    assert learning_rate(LESSON, step, 362 * 12, 3e-3) == pytest.approx(expected, rel=1e-3)


def test_the_triangle_is_straight_on_both_sides() -> None:
    rates = [learning_rate(LESSON, step, 100, 1.0) for step in range(100)]
    ups = {round(rates[step + 1] - rates[step], 9) for step in range(10)}
    downs = {round(rates[step + 1] - rates[step], 9) for step in range(10, 99)}
    assert len(ups) == len(downs) == 1
    assert max(rates) == rates[10] == 1.0


@pytest.mark.parametrize("kind", ["triangular", "one_cycle", "inverse_sqrt", "constant"])
@pytest.mark.parametrize("steps", [1, 2, 3, 11])
def test_short_trainings_have_rates_too(kind: str, steps: int) -> None:
    settings = schedule(kind, momentum_high=0.9, momentum_low=0.8)
    for step in range(steps):
        assert 0.0 < learning_rate(settings, step, steps, 0.5) <= 0.5
        first = momentum(settings, step, steps)
        assert first is None or 0.8 <= first <= 0.9


@pytest.mark.parametrize(
    ("step", "rate", "first"),
    [(0, 0.1, 0.95), (45, 1.0, 0.85), (90, 0.1, 0.95), (95, 0.0505, 0.95)],
)
def test_one_cycle_rises_falls_and_descends_further(step: int, rate: float, first: float) -> None:
    assert learning_rate(ONE_CYCLE, step, 100, 1.0) == pytest.approx(rate)
    assert momentum(ONE_CYCLE, step, 100) == pytest.approx(first)


def test_momentum_mirrors_the_triangle() -> None:
    settings = schedule(momentum_high=0.95, momentum_low=0.85)
    values = [momentum(settings, step, 100) for step in (0, 5, 10, 55)]
    assert values == pytest.approx([0.95, 0.9, 0.85, 0.9])
    assert momentum(LESSON, 5, 100) is None


def test_inverse_square_root_is_highest_at_its_warm_up() -> None:
    settings = schedule("inverse_sqrt", warmup=4)
    rates = [learning_rate(settings, step, 100, 2.0) for step in (0, 1, 3, 15)]
    assert rates == pytest.approx([0.5, 1.0, 2.0, 1.0])
