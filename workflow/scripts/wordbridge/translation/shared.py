"""A linear layer for the steps of a loop, whose weights get their gradient once for all steps."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

# Inputs and gradients of the results, a pair for each step.
Seen = list[tuple[Tensor, Tensor]]


class _Weights(torch.autograd.Function):
    """The weights as the steps use them; their gradient is made of what the steps have seen."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, bias: Tensor, seen: Seen) -> tuple[Tensor, Tensor]:
        ctx.seen, ctx.dtype = seen, weight.dtype
        ctx.set_materialize_grads(False)  # no step sends one
        device = weight.device.type
        if torch.is_autocast_enabled(device):
            lower = torch.get_autocast_dtype(device)
            return weight.to(lower), bias.to(lower)
        return weight.view_as(weight), bias.view_as(bias)

    @staticmethod
    def backward(ctx: Any, *_: None) -> tuple[Tensor | None, Tensor | None, None]:
        if not ctx.seen:
            return None, None, None
        inputs, gradients = (torch.cat(parts) for parts in zip(*ctx.seen, strict=True))
        ctx.seen.clear()
        weight = gradients.t() @ inputs
        return weight.to(ctx.dtype), gradients.sum(dim=0).to(ctx.dtype), None


class _Step(torch.autograd.Function):
    """The layer at one step, which passes a gradient to its inputs and notes it for the weights."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weight: Tensor, bias: Tensor, seen: Seen) -> Tensor:
        ctx.save_for_backward(inputs, weight)
        ctx.seen = seen
        return F.linear(inputs.to(weight.dtype), weight, bias)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (gradient,), (inputs, weight) = gradients, ctx.saved_tensors
        ctx.seen.append((inputs.to(weight.dtype), gradient))
        return (gradient @ weight).to(inputs.dtype), None, None, None


class SharedLinear:
    """x W^T + b, with one matrix product for the gradient of W over all steps of a loop.

    One product in place of many small ones, each of which would write the whole of W. To be made
    anew for each batch.
    """

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        self._seen: Seen = []
        self._weight, self._bias = _Weights.apply(weight, bias, self._seen)

    def __call__(self, inputs: Tensor) -> Tensor:
        """Return the layer's values (batch, outputs) for ``inputs`` (batch, inputs)."""
        values: Tensor = _Step.apply(inputs, self._weight, self._bias, self._seen)
        return values


def shared(layer: nn.Linear) -> SharedLinear:
    """Return ``layer`` for the steps of one batch."""
    return SharedLinear(layer.weight, layer.bias)
