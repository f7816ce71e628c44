"""Tests of the regression that tells photographs from drawings."""

import numpy as np
import pytest

from wordbridge.devise.labelled import Floats
from wordbridge.devise.photo_gate import fit_photo_gate

WIDTH, COUNT = 7, 90


def points(shift: float = 2.0) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Return features of which every ninth is a photograph's, with one large column."""
    random = np.random.default_rng(6)
    photos = np.arange(COUNT) % 9 == 0
    features = random.standard_normal((COUNT, WIDTH)) + shift * photos[:, None]
    return (features * [100, 1, 1, 1, 1, 1, 0.01] + 3).astype(np.float32), photos


def test_photographs_are_told_from_drawings_though_they_are_few() -> None:
    features, photos = points()
    chances = fit_photo_gate(features, photos, 0.01).chances(features)
    assert chances.shape == (COUNT, 1)
    assert ((chances[:, 0] > 0.5) == photos).mean() > 0.97


@pytest.mark.parametrize("penalty", [0.1, 1e6])
def test_a_penalty_makes_it_undecided(penalty: float) -> None:
    features, photos = points()
    chances = fit_photo_gate(features, photos, penalty).chances(features)
    spread = chances.max() - chances.min()
    assert (spread < 0.01) if penalty > 1 else (spread > 0.5)
    assert penalty < 1 or chances.mean() == pytest.approx(0.5, abs=0.01)


def test_odds_multiply_the_odds() -> None:
    features, photos = points(0.5)
    gate = fit_photo_gate(features, photos, 0.5)
    once, thrice = (gate.chances(features, odds) for odds in (1.0, 3.0))
    np.testing.assert_allclose(thrice / (1 - thrice), 3 * once / (1 - once), rtol=1e-3)


@pytest.mark.parametrize("kind", [True, False])
def test_of_one_kind_only_all_are_of_that_kind(kind: bool) -> None:
    features, photos = points()
    gate = fit_photo_gate(features, np.full_like(photos, kind), 0.1)
    np.testing.assert_allclose(gate.chances(features), float(kind), atol=1e-6)
