"""Tests of weights by name."""

import pytest
import torch

from tests.translation.toys import VARIANTS, settings, translator
from wordbridge.tensors import copy_weights, load_weights


def test_weights_make_another_model_equal() -> None:
    first, second = (translator(settings(VARIANTS["all"]), seed) for seed in (1, 2))
    weights = copy_weights(first)
    load_weights(second, weights)
    assert all(torch.equal(value, weights[name]) for name, value in copy_weights(second).items())
    weights["decoder.output.bias"].add_(1.0)
    assert not torch.equal(weights["decoder.output.bias"], first.decoder.output.bias)


def test_tied_weights_come_once() -> None:
    names = copy_weights(translator(settings({})))
    assert "decoder.embedding.weight" in names
    assert "decoder.output.weight" not in names


@pytest.mark.parametrize("wrong", ["more", "fewer", "smaller"])
def test_other_names_or_shapes_are_refused(wrong: str) -> None:
    weights = copy_weights(translator(settings({})))
    if wrong == "more":
        weights["more"] = torch.zeros(1)
    elif wrong == "fewer":
        del weights["decoder.output.bias"]
    else:
        weights["decoder.output.bias"] = torch.zeros(1)  # would broadcast
    with pytest.raises(ValueError, match="expected shape"):
        load_weights(translator(settings({})), weights)
