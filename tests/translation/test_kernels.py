"""Tests that the fast gradients are those of autograd."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from wordbridge.corpus.special_tokens import PAD
from wordbridge.translation.kernels import StepEmbedding, StepLinear, projection_loss

WORDS = 11
TARGET = torch.tensor([[5, 7, 3], [4, PAD, 9], [2, PAD, PAD]])


def leaves(*shapes: tuple[int, ...]) -> list[Tensor]:
    torch.manual_seed(7)
    return [torch.randn(shape).requires_grad_() for shape in shapes]


def gradients(value: Tensor, tensors: list[Tensor]) -> list[Tensor]:
    return list(torch.autograd.grad(value, tensors))


def test_a_linear_layer_of_several_steps_has_the_gradients_of_autograd() -> None:
    steps, weight, bias = tensors = leaves((4, 3, 5), (6, 5), (6,))
    linear = StepLinear(weight, bias)
    fast = torch.stack([linear(inputs) for inputs in steps])
    plain = F.linear(steps, weight, bias)
    torch.testing.assert_close(fast, plain)
    expected = gradients(plain.square().sum(), tensors)
    torch.testing.assert_close(gradients(fast.square().sum(), tensors), expected)


def test_a_state_that_passes_through_a_linear_layer_at_each_step_has_its_gradients() -> None:
    start, weight, bias = tensors = leaves((3, 5), (5, 5), (5,))
    linear, fast, plain = StepLinear(weight, bias), start, start
    for _ in range(4):
        fast, plain = torch.tanh(linear(fast)), torch.tanh(F.linear(plain, weight, bias))
    expected = gradients(plain.square().sum(), tensors)
    torch.testing.assert_close(gradients(fast.square().sum(), tensors), expected)


def test_an_embedding_of_several_steps_has_the_gradients_of_autograd() -> None:
    (table,) = leaves((WORDS, 4))
    embedding = StepEmbedding(table)
    fast = torch.stack([embedding(words) for words in TARGET])
    plain = F.embedding(TARGET, table, padding_idx=PAD)
    assert torch.equal(fast, plain)
    expected = gradients(plain.square().sum(), [table])
    torch.testing.assert_close(gradients(fast.square().sum(), [table]), expected)
    assert not expected[0][PAD].any()


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("known", [(), (0, 2), (0, 1, 2)])
def test_the_projection_loss_is_the_cross_entropy_of_the_words(
    smoothing: float, known: tuple[int, ...]
) -> None:
    outputs, weight, bias = tensors = leaves((3, 3, 5), (WORDS, 5), (WORDS,))
    scores = F.linear(outputs, weight, bias)
    logits = [scores[step].detach().clone() if step in known else None for step in range(3)]
    fast = projection_loss(outputs, weight, bias, TARGET, smoothing, logits)
    words = TARGET != PAD
    plain = F.cross_entropy(scores[words], TARGET[words], label_smoothing=smoothing)
    torch.testing.assert_close(fast, plain)
    # A loss is scaled before the backward pass in float16.
    expected = gradients(plain * 8, tensors)
    torch.testing.assert_close(gradients(fast * 8, tensors), expected)


def test_very_unlikely_words_have_a_finite_loss() -> None:
    outputs, weight, bias = tensors = leaves((3, 3, 5), (WORDS, 5), (WORDS,))
    loss = projection_loss(outputs * 1e4, weight, bias, TARGET, 0.1, [None] * 3)
    assert loss.isfinite()
    assert all(gradient.isfinite().all() for gradient in gradients(loss, tensors))


def test_gradients_in_bfloat16_are_close_and_in_float32() -> None:
    outputs, weight, bias = tensors = leaves((3, 3, 5), (WORDS, 5), (WORDS,))
    values, matrix = leaves((3, 4), (5, 4))

    def loss() -> Tensor:
        products = torch.stack([StepLinear(matrix, matrix[:, 0])(values)] * 3)
        return projection_loss(outputs + products, weight, bias, TARGET, 0.1, [None] * 3)

    exact = gradients(loss(), [*tensors, values, matrix])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = loss()
    result = gradients(rough, [*tensors, values, matrix])
    assert {gradient.dtype for gradient in result} == {torch.float32}
    torch.testing.assert_close(result, exact, atol=0.01, rtol=0.1)


def test_a_training_step_leaves_no_tensor_in_memory() -> None:
    (weight, bias, table) = leaves((5, 5), (5,), (WORDS, 5))
    linear, state = StepLinear(weight, bias), StepEmbedding(table)(TARGET[0])
    for _ in range(3):
        state = torch.tanh(linear(state))
    projection_loss(state.unsqueeze(0), table, table[:, 0], TARGET[:1], 0.1, [None]).backward()
    # An input with a graph refers to the list through C++, which no garbage collection sees.
    assert [inputs.requires_grad for inputs, _ in linear._uses] == [False] * 3
