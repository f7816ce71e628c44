"""Tests of the quick tanh."""

import torch

from wordbridge.translation.activations import tanh

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
