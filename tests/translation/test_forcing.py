"""Tests of the chances and coins of teacher forcing."""

import math

import pytest
import torch

from tests.translation.toys import forcing_settings
from wordbridge.translation.forcing import draw_forcing, forcing_probability
from wordbridge.translation.settings import ForcingSettings


def test_the_lesson_descends_to_zero_over_ten_epochs() -> None:
    settings = forcing_settings("linear")
    chances = [forcing_probability(settings, epoch) for epoch in range(13)]
    expected = [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0, 0.0, 0.0]
    assert chances == pytest.approx(expected)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (forcing_settings("none"), [0.0, 0.0, 0.0]),
        (forcing_settings("constant", rate=0.7), [0.7, 0.7, 0.7]),
        (forcing_settings("linear", epochs=2, rate=0.8), [0.8, 0.4, 0.0]),
        (forcing_settings("linear", epochs=2, hold_epochs=1, rate=0.8), [0.8, 0.8, 0.0]),
        (forcing_settings("constant", epochs=3, hold_epochs=2, rate=0.6), [0.6, 0.6, 0.6]),
        (forcing_settings("exponential", rate=0.5), [1.0, 0.5, 0.25]),
        (
            forcing_settings("inverse_sigmoid", rate=2.0),
            [2 / 3, 2 / (2 + math.exp(0.5)), 2 / (2 + math.e)],
        ),
    ],
)
def test_schedules(settings: ForcingSettings, expected: list[float]) -> None:
    assert [forcing_probability(settings, epoch) for epoch in range(3)] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("hold_epochs", "epochs", "expected"),
    [
        (0, 5, [1.0, 0.8, 0.6, 0.4, 0.2, 0.0, 0.0]),
        (1, 5, [1.0, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0]),
        (3, 5, [1.0, 1.0, 1.0, 1.0, 0.5, 0.0, 0.0]),
        (4, 6, [1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 0.0]),
        (5, 6, [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0]),
    ],
)
def test_a_held_descent_starts_later_and_ends_when_it_did(
    hold_epochs: int, epochs: int, expected: list[float]
) -> None:
    settings = forcing_settings("linear", epochs=epochs, hold_epochs=hold_epochs)
    assert [forcing_probability(settings, epoch) for epoch in range(7)] == pytest.approx(expected)


def test_a_steep_inverse_sigmoid_does_not_overflow() -> None:
    assert forcing_probability(forcing_settings("inverse_sigmoid", rate=0.01), 20) < 1e-100


@pytest.mark.parametrize(
    ("sampling_unit", "same_over_batch", "same_over_steps"),
    [("batch", True, False), ("sequence", False, True), ("token", False, False)],
)
def test_a_coin_is_tossed_for_what_is_configured(
    sampling_unit: str, same_over_batch: bool, same_over_steps: bool
) -> None:
    torch.manual_seed(1)
    forced = draw_forcing(forcing_settings("linear", sampling_unit=sampling_unit), 0.5, 40, 30)
    assert forced.shape == (40, 30)
    assert bool((forced == forced[:, :1]).all()) is same_over_batch
    assert bool((forced == forced[:1]).all()) is same_over_steps
    assert 0.2 < forced.float().mean() < 0.8


def test_probabilities_0_and_1_force_no_word_and_all_words() -> None:
    settings = forcing_settings("linear", sampling_unit="token")
    assert not draw_forcing(settings, 0.0, 7, 5).any()
    forced = draw_forcing(settings, 1.0, 7, 5)
    assert forced.all()
