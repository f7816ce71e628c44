"""Tests of the dropouts."""

import pytest
import torch

from wordbridge.translation.dropouts import (
    activation_dropout,
    locked_dropout,
    weight_dropout,
    word_dropout,
)

ONES = torch.ones(3, 5, 7)


def test_a_locked_mask_is_the_same_at_all_steps_but_not_for_all_sentences() -> None:
    torch.manual_seed(1)
    dropped = locked_dropout(ONES, 0.5, True)
    assert torch.equal(dropped[0], dropped[2])
    assert not torch.equal(dropped[0, 0], dropped[0, 1])
    assert set(dropped.unique().tolist()) == {0.0, 2.0}


def test_word_dropout_drops_whole_rows() -> None:
    torch.manual_seed(2)
    rows = word_dropout(torch.ones(11, 4), 0.5, True)
    assert set(rows.sum(dim=1).tolist()) == {0.0, 8.0}


@pytest.mark.parametrize("chance", [0.0, 0.5])
def test_nothing_is_dropped_outside_training_or_without_a_chance(chance: float) -> None:
    training = chance == 0.0
    assert torch.equal(locked_dropout(ONES, chance, training), ONES)
    assert torch.equal(word_dropout(ONES[0], chance, training), ONES[0])
    assert torch.equal(weight_dropout(ONES[0], chance, training), ONES[0])
    assert torch.equal(activation_dropout(ONES, chance, training, locked=False), ONES)
