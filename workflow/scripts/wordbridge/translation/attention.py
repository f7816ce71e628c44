"""Additive attention (Bahdanau, Cho and Bengio 2015, section 3.1) as the lesson writes it."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from wordbridge.translation.encoder import Encoded
from wordbridge.translation.kernels import SharedLinear, shared, tanh


class Memory(NamedTuple):
    """What attention reads at each step, batch first so that the sums are matrix products.

    ``outputs`` (batch, source, width), ``keys`` (batch, source, attention width) and
    ``bias`` (batch, source): 0 at words, minus infinity at padding, or None.
    """

    outputs: Tensor
    keys: Tensor
    bias: Tensor | None
    query: SharedLinear
    score: Tensor
    activation: Callable[[Tensor], Tensor]
    combine: SharedLinear

    def read(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Return the context (batch, width) and the weights (batch, source) for ``hidden``."""
        energy = self.activation(self.keys + self.query(hidden).unsqueeze(1)) @ self.score
        if self.bias is not None:
            energy = energy + self.bias
        weights = torch.softmax(energy, dim=1)
        context = torch.bmm(weights.unsqueeze(1), self.outputs).squeeze(1)
        return context, weights

    def rows(self, chosen: Tensor) -> "Memory":
        """Return the memory of the batch rows ``chosen``."""
        bias = None if self.bias is None else self.bias[chosen]
        return self._replace(outputs=self.outputs[chosen], keys=self.keys[chosen], bias=bias)


def _scaled_normal(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(*shape) / math.sqrt(shape[0]))


class Attention(nn.Module):
    """a = softmax(v . tanh(W1 enc + W2 h + b)), read with h from before the decoder's step."""

    def __init__(self, encoder_width: int, decoder_width: int, activation: str) -> None:
        super().__init__()
        self.keys = _scaled_normal(encoder_width, decoder_width)
        self.query = nn.Linear(decoder_width, decoder_width)
        self.score = _scaled_normal(decoder_width)
        self.combine = nn.Linear(decoder_width + encoder_width, decoder_width)
        self.activation = tanh if activation == "tanh" else torch.relu

    def memory(self, encoded: Encoded) -> Memory:
        """Return what the steps need of the encoder's outputs, computed once a sentence."""
        outputs = encoded.outputs.transpose(0, 1).contiguous()
        bias = None
        if encoded.mask is not None:
            bias = torch.zeros(encoded.mask.shape, device=outputs.device)
            bias = bias.masked_fill(~encoded.mask, float("-inf")).transpose(0, 1)
        return Memory(
            outputs,
            outputs @ self.keys,
            bias,
            shared(self.query),
            self.score,
            self.activation,
            shared(self.combine),
        )
