"""Additive attention (Bahdanau, Cho and Bengio 2015, section 3.1) as the lesson writes it."""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from wordbridge.translation.encoder import EncoderOutput
from wordbridge.translation.kernels import StepLinear


class Memory(NamedTuple):
    """The attended encoder outputs, batch first so that the sums are matrix products.

    ``outputs`` (batch, source, width), ``keys`` (batch, source, attention width) and
    ``bias`` (batch, source): 0 at words, minus infinity at padding, or None. ``query`` and
    ``combine`` are the linear maps of the attention for the steps of one batch.
    """

    outputs: Tensor
    keys: Tensor
    bias: Tensor | None
    query: StepLinear
    combine: StepLinear

    def rows(self, indices: Tensor) -> "Memory":
        """Return the memory of the batch rows ``indices``."""
        bias = None if self.bias is None else self.bias[indices]
        return self._replace(outputs=self.outputs[indices], keys=self.keys[indices], bias=bias)


class Attention(nn.Module):
    """Attention weights a = softmax(v . tanh(W1 enc + W2 h + b)), h from before the step."""

    def __init__(self, encoder_width: int, decoder_width: int, activation: str) -> None:
        super().__init__()
        self.keys = _scaled_normal(encoder_width, decoder_width)
        self.query = nn.Linear(decoder_width, decoder_width)
        self.score = _scaled_normal(decoder_width)
        self.combine = nn.Linear(decoder_width + encoder_width, decoder_width)
        self.activate_ = torch.tanh_ if activation == "tanh" else torch.relu_

    def memory(self, encoded: EncoderOutput) -> Memory:
        """Return the encoder's outputs and their keys, computed once for all steps of a batch."""
        outputs = encoded.outputs.transpose(0, 1).contiguous()
        bias = None
        if encoded.mask is not None:
            bias = torch.zeros(encoded.mask.shape, device=outputs.device)
            bias = bias.masked_fill(~encoded.mask, float("-inf")).transpose(0, 1)
        query = StepLinear(self.query.weight, self.query.bias)
        combine = StepLinear(self.combine.weight, self.combine.bias)
        return Memory(outputs, outputs @ self.keys, bias, query, combine)

    def forward(self, hidden: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """Return the context (batch, encoder width) and the weights (batch, source).

        ``hidden`` (batch, decoder width) is the top layer's state before the step.
        """
        query = memory.query(hidden).unsqueeze(1)
        energy = self.activate_(memory.keys + query) @ self.score
        if memory.bias is not None:
            energy = energy + memory.bias
        weights = torch.softmax(energy, dim=1)
        context = torch.bmm(weights.unsqueeze(1), memory.outputs).squeeze(1)
        return context, weights


def _scaled_normal(*shape: int) -> nn.Parameter:
    return nn.Parameter(torch.randn(*shape) / math.sqrt(shape[0]))
