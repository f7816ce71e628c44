"""tanh, which torch computes four times as slowly on a processor as the sigmoid.

One step of a GRU (Cho et al. 2014) or LSTM (Hochreiter and Schmidhuber 1997), as torch has it.

Both take ``inputs`` and ``recurrent`` (batch, gates * width), the linear parts that read the
step's input and the state before.

A linear layer for the steps of a loop, whose weights get their gradient once for all steps.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


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


State = tuple[Tensor, ...]  # (hidden,) of a GRU, (hidden, cell) of an LSTM, each (batch, width)


class _GRUStep(torch.autograd.Function):
    """h' = (1 - z) n + z h with r, z = sigmoid(..) and n = tanh(inputs + r * recurrent).

    Written out with its gradient, because the dozen small operations of either, each with a
    tensor of its own, take twice as long.
    """

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, recurrent: Tensor, hidden: Tensor) -> Tensor:
        width = hidden.shape[1]
        gates = (inputs[:, : 2 * width] + recurrent[:, : 2 * width]).sigmoid_()
        reset, update = gates.chunk(2, dim=1)
        proposed = recurrent[:, 2 * width :]
        new = tanh_(torch.addcmul(inputs[:, 2 * width :], reset, proposed))
        ctx.save_for_backward(hidden, reset, update, new, proposed)
        return torch.lerp(new, hidden, update)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        (gradient,), (hidden, reset, update, new, proposed) = gradients, ctx.saved_tensors
        kept = gradient * update
        for_new = torch.ops.aten.tanh_backward(gradient - kept, new)
        for_reset = torch.ops.aten.sigmoid_backward(for_new * proposed, reset)
        for_update = torch.ops.aten.sigmoid_backward(gradient * (hidden - new), update)
        inputs = torch.cat([for_reset, for_update, for_new], dim=1)
        recurrent = torch.cat([for_reset, for_update, for_new * reset], dim=1)
        return inputs, recurrent, kept


def gru_step(inputs: Tensor, recurrent: Tensor, state: State) -> State:
    """Return the next (hidden,)."""
    hidden: Tensor = _GRUStep.apply(inputs, recurrent, state[0])
    return (hidden,)


def lstm_step(inputs: Tensor, recurrent: Tensor, state: State) -> State:
    """Return the next (hidden, cell)."""
    entrance, forget, new, exit_ = (inputs + recurrent).chunk(4, dim=1)
    cell = forget.sigmoid() * state[1] + entrance.sigmoid() * tanh(new)
    return exit_.sigmoid() * tanh(cell), cell


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
