"""Tests of what the classifier says beside a head.

Tests of the regression that tells photographs from drawings.
"""

import numpy as np
import pytest

from wordbridge.arrays import l2_normalize
from wordbridge.devise.conse import conse
from wordbridge.devise.ensemble import PhotoGate, SecondVoice, fit_photo_gate, likeliest
from wordbridge.devise.labelled import Floats
from wordbridge.devise.settings import ClassifierSettings

DIM, CLASSES, IMAGES = 6, 40, 9
VECTORS = l2_normalize(np.random.default_rng(1).standard_normal((CLASSES, DIM)).astype(np.float32))
KNOWN = np.arange(CLASSES) != 3
SCORES = 4 * np.random.default_rng(2).standard_normal((IMAGES, CLASSES)).astype(np.float32)


def hits(said: Floats, classes: Floats, k: int) -> float:
    """Return how many of the two likeliest known classes are among the nearest ``k``."""
    wanted = np.argsort(-np.where(KNOWN, classes, -np.inf), axis=1)[:, :2]
    nearest = np.argsort(-np.where(KNOWN, said @ VECTORS.T, -np.inf), axis=1)[:, :k]
    return float((wanted[:, :, None] == nearest[:, None]).any(axis=2).mean())


def test_a_sure_classifier_is_repeated() -> None:
    sure = 50 * np.eye(CLASSES, dtype=np.float32)[[0, 7, 39]]
    said = likeliest(sure, VECTORS, KNOWN, 10, 0.05)
    assert np.argmax(said @ VECTORS.T, axis=1).tolist() == [0, 7, 39]
    np.testing.assert_allclose(np.linalg.norm(said, axis=1), 1, rtol=1e-5)


def test_both_of_two_likely_classes_are_nearer_than_with_conse() -> None:
    ours = hits(likeliest(SCORES, VECTORS, KNOWN, 10, 0.05), SCORES, 3)
    theirs = hits(conse(SCORES, VECTORS, KNOWN, 10), SCORES, 3)
    assert ours > theirs


@pytest.mark.parametrize("top", [1, 2, 99])
def test_classes_without_a_vector_and_beyond_the_top_have_no_say(top: int) -> None:
    louder = SCORES.copy()
    louder[:, 3] = 99
    order = np.argsort(-np.where(KNOWN, SCORES, -np.inf), axis=1)[:, top:]
    np.put_along_axis(louder, order[:, : CLASSES - 1 - top], -99, axis=1)
    said = (likeliest(each, VECTORS, KNOWN, top, 0.1) for each in (SCORES, louder))
    np.testing.assert_allclose(*said, atol=2e-4)


def test_it_is_as_long_as_the_classifier_is_trusted() -> None:
    gate = PhotoGate(np.array([1, 0], np.float32), np.zeros(1, np.float32))
    voice = SecondVoice(VECTORS, KNOWN, gate, ClassifierSettings(weight=5.0, photo_odds=3.0))
    sure = np.log(np.array([[0.5] + [0.5 / 39] * 39, [0.9] + [0.1 / 39] * 39], np.float32))
    features = np.array([[0, 9], [-99, 9]], np.float32)
    lengths = [np.linalg.norm(voice.says(features[[n]], sure), axis=1) for n in (0, 1)]
    np.testing.assert_allclose(lengths[0], [4 * 0.75, 5 * 0.75], rtol=1e-3)
    assert (lengths[1] < 1e-6).all()


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
