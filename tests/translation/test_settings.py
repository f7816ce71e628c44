"""Tests of the settings against the schema of the configuration."""

from dataclasses import asdict

import pytest

from tests.settings import variant
from wordbridge.translation.settings import settings_from


@pytest.mark.parametrize("block", ["model", "forcing", "schedule", "training"])
def test_settings_have_the_keys_of_the_schema(block: str) -> None:
    assert asdict(settings_from(variant({})))[block] == variant({})[block]


def test_settings_survive_a_round_trip_through_plain_values() -> None:
    settings = settings_from(variant({"model": {"layers": 3}, "training": {"betas": [0.7, 0.9]}}))
    assert settings_from(asdict(settings)) == settings
    assert settings.training.betas == [0.7, 0.9]
