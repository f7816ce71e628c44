import numpy as np
import pytest

from wordbridge.vectors.unit_length import unit_length


@pytest.mark.parametrize(
    ("vector", "unit"),
    [
        ([3e-15, 4e-15], [0.6, 0.8]),
        ([3e15, 4e15], [0.6, 0.8]),
        ([0, 0], [0, 0]),
        ([1e-30, 1e-30], [1e-30, 1e-30]),  # its squares are zero; it must not become a long one
    ],
)
def test_a_vector_has_length_one_unless_it_is_too_short_to_have_a_direction(
    vector: list[float], unit: list[float]
):
    assert unit_length(np.array([vector], np.float32))[0] == pytest.approx(unit)
