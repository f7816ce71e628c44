"""Tests of ConSE by hand-made cases."""

import numpy as np
import pytest

from wordbridge.arrays import softmax
from wordbridge.devise.baselines import ConSE

VECTORS = np.array([[1, 0], [0, 1], [9, 9], [1, 1]], np.float32)
KNOWN = np.array([True, True, False, True])
SCORES = np.log(np.array([[0.5, 0.2, 0.2, 0.1], [0.1, 0.1, 0.2, 0.6]], np.float32))


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        (1, [[1, 0], [1, 1]]),
        (2, [[5 / 7, 2 / 7], [6.5 / 7, 6.5 / 7]]),
        (3, [[6 / 8, 3 / 8], [7 / 8, 7 / 8]]),
        (10, [[6 / 8, 3 / 8], [7 / 8, 7 / 8]]),
    ],
)
def test_likely_classes_with_a_vector_are_combined(top: int, expected: list[list[float]]) -> None:
    got = ConSE(VECTORS, KNOWN, top).predict(SCORES, SCORES)
    rows = [0] if top == 2 else [0, 1]  # the second image has two equally likely classes
    np.testing.assert_allclose(got[rows], np.array(expected)[rows], rtol=1e-5)
    assert got.dtype == np.float32


def test_large_scores_do_not_overflow_and_probabilities_sum_to_one() -> None:
    probabilities = softmax(np.array([[1000, 999, -1000], [0, 0, 0]], np.float32))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    assert probabilities[0].tolist() == pytest.approx([0.731, 0.269, 0], abs=1e-3)


def test_an_image_of_a_class_without_a_vector_has_a_prediction() -> None:
    scores = np.array([[0, 0, 30, -1]], np.float32)
    assert np.isfinite(ConSE(VECTORS, KNOWN, 2).predict(scores, scores)).all()
