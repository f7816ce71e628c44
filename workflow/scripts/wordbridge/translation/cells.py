"""One step of a GRU (Cho et al. 2014) or LSTM (Hochreiter and Schmidhuber 1997), as torch has it.

Both take ``inputs`` and ``recurrent`` (batch, gates * width), the linear parts that read the
step's input and the state before.
"""

from typing import Any

import torch
from torch import Tensor

from wordbridge.translation.activations import tanh, tanh_

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
