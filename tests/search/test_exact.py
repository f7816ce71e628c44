"""Exact search by cosine."""

import numpy as np
import pytest

from wordbridge.search.exact import ExactSearch, directed_rows, ranked
from wordbridge.vectors.unit_length import unit_length


def vectors(*rows: list[float]) -> np.ndarray:
    return unit_length(np.array(rows, np.float32))


def test_rows_come_by_cosine_whatever_the_length_of_the_query():
    search = ExactSearch(vectors([1, 0, 0], [0, 1, 0], [1, 1, 0], [-1, 0, 0]))

    found = search.search(np.array([30, 10, 0], np.float32), 3)

    assert found.rows.tolist() == [0, 2, 1]
    assert found.cosines == pytest.approx([0.948683, 0.894427, 0.316228])


def test_of_equal_rows_the_lower_number_comes_first_even_at_the_border():
    search = ExactSearch(vectors([1, 2], [3, 1], [1, 2], [2, 4], [1, 2]))

    assert search.search(np.array([1, 2], np.float32), 3).rows.tolist() == [0, 2, 3]


def test_a_row_of_zeros_is_never_an_answer():
    search = ExactSearch(vectors([0, 0, 0], [0, -1, 0], [0, 0, 0]))

    found = search.search(np.array([0, 1, 0], np.float32), 5)

    assert (found.rows.tolist(), found.cosines.tolist()) == ([1], [-1.0])


def test_a_query_of_zeros_is_as_near_to_all():
    search = ExactSearch(vectors([0, 1], [1, 0], [1, 1]))

    found = search.search(np.zeros(2, np.float32), 2)

    assert (found.rows.tolist(), found.cosines.tolist()) == ([0, 1], [0, 0])


def test_an_index_without_rows_answers_nothing():
    assert (
        ExactSearch(np.zeros((0, 3), np.float32)).search(np.ones(3, np.float32), 4).rows.size == 0
    )


def test_unit_length_leaves_zeros_alone():
    assert unit_length(np.array([[3, 4], [0, 0]], np.float32)) == pytest.approx(
        np.array([[0.6, 0.8], [0, 0]])
    )
    assert directed_rows(np.array([[0, 0], [0, 2]], np.float32)).tolist() == [1]


def test_cosines_never_pass_one():
    assert ranked(np.array([4]), np.array([1.0000001], np.float32), 1).cosines.tolist() == [1.0]
