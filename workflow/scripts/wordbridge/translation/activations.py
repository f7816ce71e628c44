"""tanh, which torch computes four times as slowly on a processor as the sigmoid."""

from typing import Any

import torch
from torch import Tensor


def tanh_(values: Tensor) -> Tensor:
    """Return tanh of ``values``, written over them, within 2e-7; it knows no gradient."""
    if values.is_cuda or values.dtype != torch.float32:
        return values.tanh_()
    return values.mul_(2.0).sigmoid_().mul_(2.0).sub_(1.0)  # tanh x = 2 sigmoid(2x) - 1


class _Tanh(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        found = tanh_(values.clone())
        ctx.save_for_backward(found)
        return found

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (gradient,), (found,) = gradients, ctx.saved_tensors
        backward: Tensor = torch.ops.aten.tanh_backward(gradient, found)
        return backward


def tanh(values: Tensor) -> Tensor:
    """Return tanh of ``values`` within 2e-7."""
    found: Tensor = _Tanh.apply(values)
    return found
