"""Tests of the effects of a factorial experiment."""

from itertools import product

import numpy as np
import pytest

from wordbridge.translation.factorial import Effect, effects
from wordbridge.translation.sentence_scores import SentenceScore
from wordbridge.translation.significance import runs_by_variant

FACTORS = ("a", "b", "c")
CELLS = list(product((False, True), repeat=3))
LEVELS = {str(n): dict(zip(FACTORS, cell, strict=True)) for n, cell in enumerate(CELLS)}


def nll_of(a: bool, b: bool, c: bool) -> float:
    """Return a score with the main effects -2, -1.5 and 0, and the interaction -1 of a and b."""
    return 6 - 1.5 * a - 1 * b - 1 * (a and b)


def run(cell: tuple[bool, ...], seed: int, noise: float) -> list[SentenceScore]:
    chance = np.random.default_rng([*map(int, cell), seed])
    values = nll_of(*cell) + noise * chance.standard_normal(80)
    return [
        SentenceScore(f"s{n}", str(n // 2), 5, {"nll": np.array([value * 10, 10.0])})
        for n, value in enumerate(values)
    ]


def effects_of(noise: float, seeds: int = 3) -> dict[tuple[str, ...], Effect]:
    runs = [run(cell, seed, noise) for cell in CELLS for seed in range(seeds)]
    names = [name for name in LEVELS for _ in range(seeds)]
    rows = effects(LEVELS, runs_by_variant(names, runs), ["nll"], resamples=200)
    return {row.factors: row for row in rows}


@pytest.mark.parametrize(
    ("factors", "difference"),
    [
        (("a",), -2.0),
        (("b",), -1.5),
        (("c",), 0.0),
        (("a", "b"), -1.0),
        (("a", "c"), 0.0),
        (("b", "c"), 0.0),
        (("a", "b", "c"), 0.0),
    ],
)
def test_effects_without_noise_are_those_of_the_model(
    factors: tuple[str, ...], difference: float
) -> None:
    effect = effects_of(noise=0.0)[factors]
    assert effect.comparison.difference == pytest.approx(difference, abs=1e-9)
    assert effect.comparison.low == pytest.approx(difference, abs=1e-9)


def test_an_interval_with_noise_covers_the_effect() -> None:
    rows = effects_of(noise=1.0)
    assert len(rows) == 7
    for factors, difference in ((("a",), -2.0), (("a", "b"), -1.0), (("c",), 0.0)):
        each = rows[factors].comparison
        assert each.low < difference < each.high
        assert (each.p_value < 0.05) == (difference != 0)


def test_seeds_that_differ_widen_the_interval() -> None:
    def width(shift: float) -> float:
        runs = [
            [
                SentenceScore(
                    row.source,
                    row.group,
                    5,
                    {"nll": row.statistics["nll"] + [10 * shift * seed * cell[0], 0]},
                )
                for row in run(cell, seed, 0.5)
            ]
            for cell in CELLS
            for seed in range(3)
        ]
        names = [name for name in LEVELS for _ in range(3)]
        grouped = runs_by_variant(names, runs)
        first = effects(LEVELS, grouped, ["nll"], resamples=200)[0].comparison
        return first.high - first.low

    assert width(1.0) > 3 * width(0.0)
