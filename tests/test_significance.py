"""Tests of corrections for many tests, of comparisons of resampled scores, and of their groups."""

import numpy as np
import pytest

from wordbridge.significance import comparison, holm, indistinguishable, resample_weights


@pytest.mark.parametrize(
    ("p_values", "corrected"),
    [
        ([], []),
        ([0.02], [0.02]),
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),  # Holm's example in R's p.adjust
        ([0.5, 0.9], [1.0, 1.0]),
        ([0.03, 0.001], [0.03, 0.002]),
    ],
)
def test_p_values_are_corrected_for_their_number(
    p_values: list[float], corrected: list[float]
) -> None:
    assert holm(p_values) == pytest.approx(corrected)


def test_scores_of_the_same_resamples_are_paired() -> None:
    noise = np.random.default_rng(0).standard_normal(1001)
    result = comparison(np.full_like(noise, 0.5))
    assert (result.difference, result.low, result.high) == pytest.approx((0.5, 0.5, 0.5))
    assert result.p_value == pytest.approx(1 / 1001)
    far = comparison(np.random.default_rng(1).standard_normal(1001) + 0.5 - noise)
    assert far.low < 0 < far.high


@pytest.mark.parametrize(("effect", "p_value"), [(1.7, 0.089), (-1.7, 0.089), (2.6, 0.0093)])
def test_p_values_are_two_sided(effect: float, p_value: float) -> None:
    scores = np.random.default_rng(0).standard_normal(100_001) + effect
    scores[0] = effect
    assert comparison(scores).p_value == pytest.approx(p_value, rel=0.1)


def test_a_row_that_differs_from_some_only_has_two_letters() -> None:
    noise = np.random.default_rng(0).standard_normal((3, 1001))
    noise[:, 0] = 0  # the score of all data
    low, middle, high = noise + np.array([[0], [2.5], [5]])
    assert indistinguishable({"low": low, "middle": middle, "high": high}) == {
        "high": "a",
        "middle": "ab",
        "low": "b",
    }


def test_every_group_is_in_the_first_row_and_each_resample_has_as_many() -> None:
    weights = resample_weights(7, seed=3)
    assert weights.shape == (1001, 7)
    assert weights[0].tolist() == [1] * 7
    assert (weights.sum(axis=1) == 7).all()


@pytest.mark.parametrize(("seeds", "share"), [(2, 0.48), (3, 0.29), (5, 0.16), (10, 0.10)])
def test_few_seeds_make_p_too_small_as_the_captions_warn(seeds: int, share: float) -> None:
    random = np.random.default_rng(1)
    null = [resample_weights(seeds, seed) @ random.standard_normal(seeds) for seed in range(1000)]
    significant = np.mean([comparison(means / seeds).p_value <= 0.05 for means in null])
    assert significant == pytest.approx(share, abs=0.02)
