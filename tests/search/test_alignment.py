"""Rotations between the spaces of two languages."""

import numpy as np
import pytest

from wordbridge.errors import InputError
from wordbridge.search.alignment import cross_fitted, fit_alignment
from wordbridge.vectors.unit_length import unit_length


def points(rows: int, dim: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((rows, dim)).astype(np.float32)


def rotation(dim: int) -> np.ndarray:
    return np.linalg.qr(points(dim, dim, seed=9))[0].astype(np.float32)


def test_a_rotation_is_found_again():
    source = points(40, 6)
    target = (source * 3) @ rotation(6)

    alignment = fit_alignment(source, target)
    others = points(7, 6, seed=2)

    assert alignment.map(others) == pytest.approx(unit_length(others) @ rotation(6), abs=2e-5)


@pytest.mark.parametrize(("wide", "narrow"), [(9, 4), (4, 9)])
def test_spaces_of_other_dimensions_get_orthonormal_rows_or_columns(wide: int, narrow: int):
    matrix = fit_alignment(points(50, wide), points(50, narrow, seed=3)).matrix
    product = matrix.T @ matrix if wide > narrow else matrix @ matrix.T

    assert matrix.shape == (wide, narrow)
    assert product == pytest.approx(np.eye(4), abs=1e-5)


def test_pairs_without_a_vector_do_not_count_and_zeros_stay_zeros():
    source, target = points(20, 5), points(20, 3, seed=4)
    more = np.vstack([source, np.zeros((1, 5)), points(1, 5, seed=7)]).astype(np.float32)
    other = np.vstack([target, points(1, 3, seed=8), np.zeros((1, 3))]).astype(np.float32)

    alignment = fit_alignment(more, other)

    assert alignment.matrix == pytest.approx(fit_alignment(source, target).matrix, abs=1e-6)
    assert alignment.map(np.zeros((2, 5), np.float32)).tolist() == [[0, 0, 0]] * 2


def test_two_pairs_are_needed():
    with pytest.raises(InputError, match=r"expected at least two pairs .*, got 1 of 3"):
        fit_alignment(np.eye(3, 2, dtype=np.float32)[[0, 2, 2]], np.ones((3, 2), np.float32))


def test_no_pair_has_a_part_in_the_alignment_that_maps_it():
    source, target = points(12, 4), points(12, 3, seed=5)
    folds = np.arange(12) % 3

    mapped = cross_fitted(source, target, folds)

    own = folds == 1
    assert mapped[own] == pytest.approx(fit_alignment(source[~own], target[~own]).map(source[own]))
    changed = target.copy()
    changed[4] = 100
    assert cross_fitted(source, changed, folds)[own] == pytest.approx(mapped[own])
