"""Tests of the quick tanh.

Tests of the linear layer whose weights get one gradient for all steps.
"""

import torch
from torch import nn

from wordbridge.translation.kernels import SharedLinear, shared, tanh

VALUES = torch.linspace(-20.0, 20.0, 4001)


def test_the_quick_tanh_is_tanh() -> None:
    torch.testing.assert_close(tanh(VALUES), VALUES.tanh(), atol=2e-7, rtol=0)
    rough = VALUES.bfloat16()
    assert torch.equal(tanh(rough), rough.tanh())


def test_its_gradient_is_that_of_tanh_and_its_argument_stays() -> None:
    values = VALUES.clone().requires_grad_()
    (ours,) = torch.autograd.grad(tanh(values).sum(), values)
    assert torch.equal(values, VALUES)
    torch.testing.assert_close(ours, 1.0 - VALUES.tanh().square(), atol=1e-6, rtol=0)


def run(layer: nn.Linear | SharedLinear, inputs: torch.Tensor) -> torch.Tensor:
    """Return the last of some steps, each reading the one before."""
    values = inputs
    for _ in range(4):
        values = torch.relu(layer(values))
    return values


def test_values_and_gradients_are_those_of_the_layer() -> None:
    torch.manual_seed(1)
    layer, inputs = nn.Linear(5, 5), torch.randn(3, 5, requires_grad=True)
    wanted = [inputs, layer.weight, layer.bias]
    values, expected = run(shared(layer), inputs), run(layer, inputs)
    torch.testing.assert_close(values, expected)
    found = torch.autograd.grad(values.square().sum(), wanted)
    torch.testing.assert_close(found, torch.autograd.grad(expected.square().sum(), wanted))


def test_a_layer_that_no_step_used_gets_no_gradient() -> None:
    layer, inputs = nn.Linear(5, 5), torch.randn(3, 5)
    shared(layer)
    layer(inputs).sum().backward()
    kept = layer.weight.grad.clone()
    torch.testing.assert_close(kept, torch.autograd.grad(layer(inputs).sum(), layer.weight)[0])


def test_autocast_multiplies_in_the_lower_precision_and_keeps_gradients_whole() -> None:
    layer, inputs = nn.Linear(5, 5), torch.randn(3, 5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        values = shared(layer)(inputs)
    assert values.dtype == torch.bfloat16
    values.float().sum().backward()
    assert layer.weight.grad.dtype == torch.float32
    expected = inputs.sum(dim=0).expand(5, 5)
    torch.testing.assert_close(layer.weight.grad, expected, atol=0.05, rtol=0.02)
