"""Tests of one recurrent layer."""

import pytest
import torch

from wordbridge.translation.recurrent import RecurrentLayer
from wordbridge.translation.settings import Cell

CELLS: list[Cell] = ["gru", "lstm"]
LENGTHS = torch.tensor([4, 2, 3])


def layer(cell: Cell, bidirectional: bool = False, dropout: float = 0.0) -> RecurrentLayer:
    torch.manual_seed(3)
    return RecurrentLayer(cell, 5, 7, bidirectional=bidirectional, weight_dropout=dropout)


@pytest.mark.parametrize("cell", CELLS)
def test_steps_one_by_one_are_the_run_over_the_whole(cell: Cell) -> None:
    made, inputs = layer(cell), torch.randn(4, 3, 5)
    outputs, last = made(inputs, None)
    state = tuple(torch.zeros(3, 7) for _ in last)
    for step, values in enumerate(inputs):
        state = made.step(values, state, made.weights())
        torch.testing.assert_close(state[0], outputs[step])
    torch.testing.assert_close(state, last)


@pytest.mark.parametrize("cell", CELLS)
def test_states_of_both_directions_stand_side_by_side(cell: Cell) -> None:
    outputs, last = layer(cell, bidirectional=True)(torch.randn(4, 3, 5), LENGTHS)
    assert outputs.shape == (4, 3, 14)
    for row, length in enumerate(LENGTHS.tolist()):
        assert torch.equal(last[0][row, :7], outputs[length - 1, row, :7])
        assert torch.equal(last[0][row, 7:], outputs[0, row, 7:])
        assert not outputs[length:, row].any()


@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize("cell", CELLS)
def test_weight_dropout_is_that_of_the_recurrent_weights(
    cell: Cell, lengths: torch.Tensor | None
) -> None:
    # With all recurrent connections gone, each step depends on its own input alone.
    made = layer(cell, dropout=1.0).train()
    inputs = torch.randn(4, 3, 5)
    outputs, _ = made(inputs, lengths)
    outputs.sum().backward()
    assert made.rnn.weight_ih_l0.grad.abs().sum() > 0
    assert made.rnn.weight_hh_l0.grad.abs().sum() == 0
    zeros = torch.zeros_like(made.rnn.weight_hh_l0)
    assert torch.equal(made.weights()[1], zeros)
    made.rnn.weight_hh_l0.data.zero_()
    torch.testing.assert_close(made.eval()(inputs, lengths)[0], outputs)
    assert made.rnn.weight_hh_l0.requires_grad


def test_weights_are_whole_outside_training() -> None:
    made = layer("gru", dropout=0.9)
    assert torch.equal(made.eval().weights()[1], made.rnn.weight_hh_l0)
