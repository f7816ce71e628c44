"""Tests of the classifier ensemble and its classifier of photographs."""

import numpy as np
import pytest

from tests.settings import defaults
from wordbridge.arrays import Matrix, l2_normalize
from wordbridge.devise.baselines import ConSE
from wordbridge.devise.predictor import classifier_vectors, ensemble_vectors, fit_photo_classifier

DIM, CLASSES, IMAGES = 6, 40, 9
VECTORS = l2_normalize(np.random.default_rng(1).standard_normal((CLASSES, DIM)).astype(np.float32))
KNOWN = np.arange(CLASSES) != 3
SCORES = 4 * np.random.default_rng(2).standard_normal((IMAGES, CLASSES)).astype(np.float32)


def hits(fitted: Matrix, classes: Matrix, k: int) -> float:
    """Return how many of the two likeliest known classes are among the nearest ``k``."""
    expected = np.argsort(-np.where(KNOWN, classes, -np.inf), axis=1)[:, :2]
    nearest = np.argsort(-np.where(KNOWN, fitted @ VECTORS.T, -np.inf), axis=1)[:, :k]
    return float((expected[:, :, None] == nearest[:, None]).any(axis=2).mean())


def test_a_certain_class_gives_its_vector() -> None:
    sure = 50 * np.eye(CLASSES, dtype=np.float32)[[0, 7, 39]]
    fitted = classifier_vectors(sure, VECTORS, KNOWN, 10, 0.05)
    assert np.argmax(fitted @ VECTORS.T, axis=1).tolist() == [0, 7, 39]
    np.testing.assert_allclose(np.linalg.norm(fitted, axis=1), 1, rtol=1e-5)


def test_both_of_two_likely_classes_are_nearer_than_with_conse() -> None:
    ours = hits(classifier_vectors(SCORES, VECTORS, KNOWN, 10, 0.05), SCORES, 3)
    theirs = hits(ConSE(VECTORS, KNOWN, 10).predict(SCORES, SCORES), SCORES, 3)
    assert ours > theirs


@pytest.mark.parametrize("top", [1, 2, 99])
def test_classes_without_a_vector_and_beyond_the_top_do_not_count(top: int) -> None:
    other = SCORES.copy()
    other[:, 3] = 99
    order = np.argsort(-np.where(KNOWN, SCORES, -np.inf), axis=1)[:, top:]
    np.put_along_axis(other, order[:, : CLASSES - 1 - top], -99, axis=1)
    fitted = (classifier_vectors(each, VECTORS, KNOWN, top, 0.1) for each in (SCORES, other))
    np.testing.assert_allclose(*fitted, atol=2e-4)


@pytest.mark.parametrize(
    ("log_odds", "best", "weight"),
    [
        (0, 0.5, 3 / 4),  # odds 3, of the photograph
        (-5, 0.5, 1 / (1 + np.exp(5) / 3)),
        (0, 0.9, 243 / 244),  # and those of the class squared, 81
        (0, 0.1, 1 / 28),
        (900, 0.2, 1),
        (-900, 0.9, 0),
    ],
)
def test_the_classifier_weighs_most_for_confident_classes_of_likely_photographs(
    log_odds: float, best: float, weight: float
) -> None:
    block = {"photo_odds": 3.0, "confidence_weight": 2.0}
    settings = defaults("methods.*", "head")["classifier"] | block
    logits = np.log(np.array([[best] + [(1 - best) / 39] * 39], np.float32))
    features, head = np.array([[log_odds, 9]], np.float32), 7 * VECTORS[[5]]
    weights = {"photo_weights": np.array([1, 0], np.float32), "photo_bias": np.zeros(1, np.float32)}
    arrays = {"class_vectors": VECTORS, "known_classes": KNOWN, **weights}
    with np.errstate(all="raise", under="ignore"):
        got = ensemble_vectors(features, logits, head, arrays, settings)
    fitted = classifier_vectors(logits, VECTORS, KNOWN, settings["top"], settings["temperature"])
    mean = weight * fitted + (1 - weight) * VECTORS[[5]]
    np.testing.assert_allclose(got, mean / np.linalg.norm(mean), atol=1e-6)
    assert got.dtype == np.float32


WIDTH, COUNT = 7, 90


def points(shift: float = 2.0) -> tuple[Matrix, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    """Return features of which every ninth is a photograph's, with one large column."""
    random = np.random.default_rng(6)
    photos = np.arange(COUNT) % 9 == 0
    features = random.standard_normal((COUNT, WIDTH)) + shift * photos[:, None]
    return (features * [100, 1, 1, 1, 1, 1, 0.01] + 3).astype(np.float32), photos


def log_odds_of(photos: np.ndarray, penalty: float) -> Matrix:
    features, _ = points()
    weights, bias = fit_photo_classifier(features, photos, penalty)
    return np.asarray(features @ weights + bias)


def test_few_photographs_are_separated_from_drawings() -> None:
    _, photos = points()
    log_odds = log_odds_of(photos, 0.01)
    assert log_odds.shape == (COUNT,)
    assert ((log_odds > 0) == photos).mean() > 0.97


@pytest.mark.parametrize("penalty", [0.1, 1e6])
def test_a_penalty_moves_log_odds_to_zero(penalty: float) -> None:
    log_odds = log_odds_of(points()[1], penalty)
    spread = log_odds.max() - log_odds.min()
    assert (spread < 0.04) if penalty > 1 else (spread > 2)
    assert penalty < 1 or log_odds.mean() == pytest.approx(0, abs=0.04)


@pytest.mark.parametrize("kind", [True, False])
def test_images_of_one_kind_give_that_kind_only(kind: bool) -> None:
    log_odds = log_odds_of(np.full(COUNT, kind), 0.1)
    np.testing.assert_allclose(log_odds, 20 if kind else -20)
