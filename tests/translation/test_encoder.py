"""Tests of recurrent layers and dropouts."""

import pytest
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tests.translation.toys import AWD, model_settings
from wordbridge.translation.encoder import (
    Encoder,
    RecurrentLayer,
    batch_mask,
    dropout,
    word_dropout,
)

CELLS = ["gru", "lstm"]
LENGTHS = torch.tensor([4, 2, 3])


def layer(cell: str, bidirectional: bool = False, dropout: float = 0.0) -> RecurrentLayer:
    torch.manual_seed(3)
    settings = model_settings(cell=cell, weight_dropout=dropout)
    return RecurrentLayer(settings, 5, 7, bidirectional=bidirectional)


@pytest.mark.parametrize("cell", CELLS)
def test_single_steps_give_the_outputs_of_the_whole_sequence(cell: str) -> None:
    recurrent, inputs = layer(cell), torch.randn(4, 3, 5)
    outputs, last = recurrent(inputs, None)
    products = recurrent.step_products()
    state = tuple(torch.zeros(3, 7) for _ in last)
    for step, values in enumerate(inputs):
        state = recurrent.step(values, state, products)
        torch.testing.assert_close(state[0], outputs[step])
    torch.testing.assert_close(state, last)


@pytest.mark.parametrize("cell", CELLS)
def test_states_of_both_directions_are_concatenated(cell: str) -> None:
    outputs, last = layer(cell, bidirectional=True)(torch.randn(4, 3, 5), LENGTHS)
    assert outputs.shape == (4, 3, 14)
    for row, length in enumerate(LENGTHS.tolist()):
        assert torch.equal(last[0][row, :7], outputs[length - 1, row, :7])
        assert torch.equal(last[0][row, 7:], outputs[0, row, 7:])
        assert not outputs[length:, row].any()


@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize("cell", CELLS)
def test_weight_dropout_is_that_of_the_recurrent_weights(
    cell: str, lengths: torch.Tensor | None
) -> None:
    # With all recurrent connections dropped, each step depends on its own input alone.
    recurrent = layer(cell, dropout=0.999999).train()
    inputs = torch.randn(4, 3, 5)
    outputs, _ = recurrent(inputs, lengths)
    outputs.sum().backward()
    assert recurrent.rnn.weight_ih_l0.grad.abs().sum() > 0
    assert recurrent.rnn.weight_hh_l0.grad.abs().sum() == 0
    recurrent.rnn.weight_hh_l0.data.zero_()
    torch.testing.assert_close(recurrent.eval()(inputs, lengths)[0], outputs)
    assert recurrent.rnn.weight_hh_l0.requires_grad


@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("cell", CELLS)
def test_results_and_gradients_are_those_of_torch(
    cell: str, bidirectional: bool, lengths: torch.Tensor | None
) -> None:
    recurrent, inputs = layer(cell, bidirectional), torch.randn(4, 3, 5, requires_grad=True)
    given = (
        inputs if lengths is None else pack_padded_sequence(inputs, lengths, enforce_sorted=False)
    )
    theirs, last = recurrent.rnn(given)
    if lengths is not None:
        theirs, _ = pad_packed_sequence(theirs)
    ours, state = recurrent(inputs, lengths)
    torch.testing.assert_close(ours, theirs, atol=1e-6, rtol=0)
    parts = last if isinstance(last, tuple) else (last,)
    for part, expected in zip(state, parts, strict=True):
        torch.testing.assert_close(part, torch.cat(list(expected), dim=1), atol=1e-6, rtol=0)
    weights = torch.randn(ours.shape)
    variables = [inputs, *recurrent.rnn.parameters()]
    gradients, known = (
        torch.autograd.grad((outputs * weights).sum(), variables) for outputs in (ours, theirs)
    )
    torch.testing.assert_close(gradients, known, atol=1e-5, rtol=1e-5)


ONES = torch.ones(3, 5, 7)


def test_a_variational_mask_is_the_same_at_all_steps_but_not_for_all_sentences() -> None:
    torch.manual_seed(1)
    encoder = Encoder(model_settings(**AWD), torch.ones(11, 7))
    dropped = encoder._drop(ONES, 0.5)
    assert torch.equal(dropped[0], dropped[2])
    assert not torch.equal(dropped[0, 0], dropped[0, 1])
    assert set(dropped.unique().tolist()) == {0.0, 2.0}


def test_word_dropout_drops_whole_rows() -> None:
    torch.manual_seed(2)
    rows = word_dropout(torch.ones(11, 4), 0.5, True)
    assert set(rows.sum(dim=1).tolist()) == {0.0, 8.0}


@pytest.mark.parametrize("chance", [0.0, 0.5])
def test_nothing_is_dropped_outside_training_or_with_probability_0(chance: float) -> None:
    training = chance == 0.0
    assert torch.equal(dropout(ONES, chance, training), ONES)
    assert torch.equal(word_dropout(ONES[0], chance, training), ONES[0])
    assert torch.equal(dropout(ONES, chance, training, torch.zeros(3, 1, 1)), ONES)
    assert batch_mask(model_settings(**AWD), (1, 5), chance, False, ONES) is None
