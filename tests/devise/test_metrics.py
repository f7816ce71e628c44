import math

import numpy as np
import pytest

from wordbridge.devise.metrics import (
    CandidateSet,
    best_bundles,
    correct_radii,
    count_above_and_ties,
    hierarchical_precision,
    hits,
    precision_and_rank,
)
from wordbridge.nouns.hierarchy import FAR


def candidates(nodes: list[int], columns: list[int]) -> CandidateSet:
    return CandidateSet("nouns", np.ones(1, bool), np.array(nodes), np.array(columns))


# Nodes 10 to 15: 11 and 14 share column 2, 12 has none.
CANDIDATES = candidates([10, 11, 12, 13, 14, 15], [7, 2, -1, 5, 2, 0])


def test_candidates_are_bundled_by_column():
    assert CANDIDATES.columns.tolist() == [0, 2, 5, 7]
    assert [CANDIDATES.members(bundle).tolist() for bundle in range(4)] == [
        [15], [11, 14], [13], [10],
    ]  # fmt: skip
    assert CANDIDATES.sizes.tolist() == [1, 2, 1, 1]
    assert CANDIDATES.bundle_of(np.array([2, 7, 3, 9, -1])).tolist() == [1, 3, -1, -1, -1]


@pytest.mark.parametrize(
    ("truth", "above", "ties", "rank", "expected"),
    [
        (2, 0, 1, 1.0, [1, 1, 1]),
        (1, 1, 2, 2.5, [0, 0.5, 1]),  # two nouns with one vector at ranks 2 and 3
        (3, 3, 2, 4.5, [0, 0, 0]),  # two columns with the same score
        (-1, math.inf, 1, math.inf, [0, 0, 0]),
    ],
)
def test_a_hit_is_its_probability_when_ties_are_broken_at_random(
    truth: int, above: float, ties: float, rank: float, expected: list[float]
):
    scores = np.array([[0.1, 0.4, 0.9, 0.1]], np.float32)
    result = count_above_and_ties(scores, CANDIDATES.sizes, np.array([truth]))
    assert [one.item() for one in result] == [above, ties]
    assert (result[0] + (result[1] + 1) / 2).item() == rank
    assert hits(*result, (1, 2, 3))[0].tolist() == expected


def test_a_zero_prediction_hits_by_chance_only():
    result = count_above_and_ties(np.zeros((1, 4), np.float32), CANDIDATES.sizes, np.array([0]))
    assert hits(*result, (1, 5))[0].tolist() == [0.2, 1.0]


def test_a_noun_without_a_finite_score_is_never_hit():
    scores = np.array([[-np.inf, 1, 2, 3], [np.nan, 1, 2, 3]], np.float32)
    counts = count_above_and_ties(scores, CANDIDATES.sizes, np.array([0, 0]))
    assert hits(*counts, (10,)).tolist() == [[0], [0]]


def test_best_bundles_come_in_order_and_equal_ones_by_number():
    scores = np.array([[1, 3, 2, 3, 0], [5, 4, 3, 2, 1]], np.float32)
    assert best_bundles(scores, 3).tolist() == [[1, 3, 2], [0, 1, 2]]
    assert best_bundles(scores, 9).shape == (2, 5)


# Distances from the true noun, node 0; the candidates are nodes 0 to 6 but for 2.
DISTANCES = np.array([0, 2, 1, 2, 3, 5, FAR, 1], np.int16)
NODES = np.array([0, 1, 3, 4, 5, 6])


def test_the_radius_grows_until_k_candidates_are_within():
    # Within 0: one; within 2: three (node 2 at 1 is no candidate); within 3: four; within 5: five.
    assert correct_radii(DISTANCES, NODES, (1, 2, 3, 4, 5)) == [0, 2, 2, 3, 5]


def test_no_correct_set_is_larger_than_the_reachable_nouns():
    assert correct_radii(DISTANCES, NODES, (6, 7)) == [-1, -1]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([0, 1, 3], [1, 1, 1]),
        ([1, 0, 4], [0, 1, 2 / 3]),  # node 1 is in hCorrectSet of k = 2, not of k = 1
        ([4, 5, 0], [0, 0, 1 / 3]),
    ],
)
def test_hierarchical_precision_is_the_fraction_in_the_correct_set(
    answers: list[int], expected: list[float]
):
    nouns = candidates(NODES.tolist(), list(range(len(NODES))))
    best = np.searchsorted(NODES, answers)
    ks = (1, 2, 3)
    radii = correct_radii(DISTANCES, NODES, ks)
    result = hierarchical_precision(best, nouns, DISTANCES, ks, radii)
    assert result == pytest.approx(expected)


def test_a_bundle_that_does_not_fit_counts_with_its_mean():
    nouns = candidates([0, 5, 1], [0, 0, 1])
    radii = correct_radii(DISTANCES, nouns.nodes, (1, 2))
    result = hierarchical_precision(np.array([0, 1]), nouns, DISTANCES, (1, 2), radii)
    assert result == [0.5, 0.5]


def test_precision_without_enough_candidates_is_unknown():
    nouns = candidates([0, 1], [0, 1])
    result = hierarchical_precision(np.array([0, 1]), nouns, DISTANCES, (2, 3), [2, -1])
    assert result[0] == 1
    assert math.isnan(result[1])


@pytest.mark.parametrize(
    ("scores", "right", "expected"),
    [
        ([0.9, 0.5, 0.7], [True, False, True], [1, 1, 1]),
        ([0.5, 0.9, 0.7], [True, False, True], [0, 0.5, 0.5]),
        ([0.5, 0.5, 0.5], [True, False, False], [0, 0, 1 / 3]),
        ([0.5, 0.6, 0.7], [False, False, False], [0, 0, 0]),
    ],
)
def test_a_query_is_scored_by_its_first_images(
    scores: list[float], right: list[bool], expected: list[float]
):
    result = precision_and_rank(np.array(scores, np.float32), np.array(right), (1, 2))
    assert result == pytest.approx(expected)
