"""Tests of effects: of a factorial experiment, and of single changes."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from wordbridge.significance import Comparison
from wordbridge.translation.effects import ablations, factorial_effects, runs_by_leak
from wordbridge.translation.sentence_scores import SentenceScore

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


def effects_of(noise: float, seeds: int = 3) -> dict[tuple[str, ...], Comparison]:
    runs = {
        name: [run(tuple(cell.values()), seed, noise) for seed in range(seeds)]
        for name, cell in LEVELS.items()
    }
    return factorial_effects(LEVELS, runs, "nll")


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
    assert effect.difference == pytest.approx(difference, abs=1e-9)
    assert effect.low == pytest.approx(difference, abs=1e-9)


def test_an_interval_with_noise_covers_the_effect() -> None:
    rows = effects_of(noise=1.0)
    assert len(rows) == 7
    for factors, difference in ((("a",), -2.0), (("a", "b"), -1.0), (("c",), 0.0)):
        each = rows[factors]
        assert each.low < difference < each.high
        assert (each.p_value < 0.05) == (difference != 0)


def test_seeds_that_differ_widen_the_interval() -> None:
    def width(shift: float) -> float:
        def shifted(cell: tuple[bool, ...], seed: int) -> list[SentenceScore]:
            more = [10 * shift * seed * cell[0], 0]
            return [
                replace(row, statistics={"nll": row.statistics["nll"] + more})
                for row in run(cell, seed, 0.5)
            ]

        cells = zip(LEVELS, CELLS, strict=True)
        runs = {name: [shifted(cell, seed) for seed in range(3)] for name, cell in cells}
        first = factorial_effects(LEVELS, runs, "nll")[("a",)]
        return first.high - first.low

    assert width(1.0) > 3 * width(0.0)


# ---- Ablations ----------------------------------------------------------------------------------


def noisy_run(shift: float, noise: float = 1.0, prefix: str = "s") -> list[SentenceScore]:
    """Return a run with the same noise for each shift."""
    values = 5 + noise * np.random.default_rng(0).standard_normal(80)
    return [
        SentenceScore(f"{prefix}{n}", str(n // 2), 5, {"nll": np.array([10 * value, 10.0])})
        for n, value in enumerate(values + shift)
    ]


def test_a_paired_effect_has_no_noise_of_the_sentences() -> None:
    changes = {"worse": [noisy_run(1), noisy_run(1)]}
    each = ablations([noisy_run(0), noisy_run(0)], changes, "nll")[("worse",)]
    assert (each.difference, each.low, each.high) == pytest.approx((1, 1, 1))
    assert each.p_value < 0.01


def test_other_sentences_are_compared_without_pairs() -> None:
    changes = {"other": [noisy_run(1, prefix="t"), noisy_run(1, prefix="t")]}
    each = ablations([noisy_run(0), noisy_run(0)], changes, "nll")[("other",)]
    assert each.difference == pytest.approx(1)
    # Two means of 40 groups of 2 independent sentences each, with standard deviation 1.
    assert each.high - each.low == pytest.approx(2 * 1.96 * np.sqrt(2 / 80), rel=0.3)


def test_p_values_are_corrected_for_the_number_of_changes() -> None:
    single = ablations([noisy_run(0)], {"a": [noisy_run(1)]}, "nll")
    double = ablations([noisy_run(0)], {"a": [noisy_run(1)], "b": [noisy_run(2)]}, "nll")
    assert double[("a",)].p_value == pytest.approx(2 * single[("a",)].p_value)


def scored(*sources: str) -> list[SentenceScore]:
    return [SentenceScore(text, text, 2, {"nll": np.ones(2)}) for text in sources]


def test_an_experiment_with_leaks_has_three_rows() -> None:
    runs = [scored("là ?", "Qui?", "quand ?"), scored("là ?", "Qui?", "quand ?")]
    rows = runs_by_leak("split", runs, {"là ?", "Qui?"})
    assert list(rows) == ["split", "split: 2 in train", "split: 1 not in train"]
    assert [[row.source for row in run] for run in rows["split: 1 not in train"]] == [
        ["quand ?"]
    ] * 2
    assert rows["split"] is runs


@pytest.mark.parametrize(
    ("sources", "names"), [(["quand ?"], ["split"]), (["là ?"], ["split", "split: 1 in train"])]
)
def test_rows_without_sentences_are_left_out(sources: list[str], names: list[str]) -> None:
    assert list(runs_by_leak("split", [scored(*sources)], {"là ?"})) == names
