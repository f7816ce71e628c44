"""Tests of the settings against the schema of the configuration."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from wordbridge.errors import InputError
from wordbridge.translation.settings import settings_from

SCHEMA = Path(__file__).resolve().parents[2] / "workflow/schemas/config.schema.yaml"


@pytest.mark.parametrize("block", ["model", "forcing", "schedule", "training"])
def test_defaults_are_those_of_the_schema(block: str) -> None:
    defined = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))["$defs"]
    node = defined["variant"]["properties"][block]
    node = defined[block] if "$ref" in node else node
    stated = {name: one["default"] for name, one in node["properties"].items()}
    ours: dict[str, Any] = settings_from({}).as_dict()[block]
    if block == "training":
        stated["betas"] = tuple(stated["betas"])
    assert ours == stated


def test_settings_survive_a_way_through_plain_values() -> None:
    made = settings_from({"model": {"layers": 3}, "training": {"betas": [0.7, 0.9]}})
    assert settings_from(made.as_dict()) == made
    assert made.training.betas == (0.7, 0.9)


def test_an_unknown_setting_is_an_error_that_names_it() -> None:
    with pytest.raises(InputError, match=r"ModelSettings: .* got layer;"):
        settings_from({"model": {"layer": 2}})


def test_auxiliary_pairs_without_epochs_are_an_error() -> None:
    with pytest.raises(InputError, match="both auxiliary_pairs and auxiliary_epochs"):
        settings_from({"training": {"auxiliary_pairs": 5}})


def test_one_momentum_without_the_other_is_an_error() -> None:
    with pytest.raises(InputError, match="both momentum_high and momentum_low"):
        settings_from({"schedule": {"momentum_high": 0.95}})


@pytest.mark.parametrize(
    "forcing",
    [{"hold_epochs": 10}, {"hold_epochs": 3, "epochs": 3}, {"hold_epochs": 5, "epochs": 2}],
)
def test_a_descent_of_forcing_that_never_starts_is_an_error(forcing: dict[str, int]) -> None:
    with pytest.raises(
        InputError, match=f"hold_epochs to be smaller than epochs .* got {forcing['hold_epochs']}"
    ):
        settings_from({"forcing": forcing})


def test_a_descent_of_forcing_may_take_one_epoch() -> None:
    assert settings_from({"forcing": {"hold_epochs": 2, "epochs": 3}}).forcing.hold_epochs == 2
