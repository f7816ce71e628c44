"""The encoder, and the recurrent layers and dropouts that it shares with the decoder."""

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from wordbridge.corpus.special_tokens import PAD
from wordbridge.translation.kernels import StepLinear
from wordbridge.translation.settings import ModelSettings

State = tuple[Tensor, ...]  # (hidden,) of a GRU, (hidden, cell) of an LSTM, each (batch, width)
StepProducts = tuple[StepLinear, StepLinear]


class EncoderOutput(NamedTuple):
    """The encoder's ``outputs`` (source, batch, width), a state per layer, and a mask of words.

    ``mask`` is (source, batch), true at words, or None where padding counts as words.
    """

    outputs: Tensor
    states: list[State]
    mask: Tensor | None


class Encoder(nn.Module):
    """Embedding and a stack of recurrent layers (Sutskever et al. 2014, section 2)."""

    def __init__(self, settings: ModelSettings, embedding: Tensor) -> None:
        super().__init__()
        self.settings = settings
        self.embedding = embedding_from(embedding)
        self.layers = cast(list[RecurrentLayer], nn.ModuleList())
        width = embedding.shape[1]
        bidirectional = {"none": 0, "first": 1, "all": settings.layers}[settings.bidirectional]
        for depth in range(settings.layers):
            both = depth < bidirectional
            layer = RecurrentLayer(settings, width, settings.hidden, bidirectional=both)
            self.layers.append(layer)
            width = settings.hidden * layer.directions
        self.width = width

    def forward(self, source: Tensor, lengths: Tensor) -> EncoderOutput:
        """Return the encoding of ``source`` (source, batch) with true ``lengths`` (batch,)."""
        options = self.settings
        weight = word_dropout(self.embedding.weight, options.word_dropout, self.training)
        values = F.embedding(source, weight, padding_idx=PAD)
        values = self._drop(values, options.source_dropout)
        mask = source != PAD if options.mask_padding else None
        states = []
        for depth, layer in enumerate(self.layers):
            inputs = self._drop(values, options.encoder_dropout) if depth else values
            values, last = layer(inputs, lengths if options.mask_padding else None)
            states.append((self._initial_state(values, last[0], mask), *last[1:]))
        return EncoderOutput(values, states, mask)

    def _drop(self, values: Tensor, probability: float) -> Tensor:
        if not self.training or probability == 0.0:
            return values
        time = 1 if self.settings.variational_dropout else len(values)
        return values * dropout_mask((time, *values.shape[1:]), probability, values)

    def _initial_state(self, outputs: Tensor, last: Tensor, mask: Tensor | None) -> Tensor:
        """Return the decoder's first state (batch, width): the last, largest or mean state."""
        if self.settings.initial_state == "last":
            return last
        shape, device = outputs.shape[:2], outputs.device
        words = torch.ones(shape, dtype=torch.bool, device=device) if mask is None else mask
        words = words.unsqueeze(2)
        if self.settings.initial_state == "max":
            return outputs.masked_fill(~words, float("-inf")).amax(dim=0)
        return (outputs * words).sum(dim=0) / words.sum(dim=0)


class RecurrentLayer(nn.Module):
    """A GRU (Cho et al. 2014) or LSTM (Hochreiter and Schmidhuber 1997) layer of torch.

    It adds DropConnect (Merity et al. 2017, section 2), with one mask of the recurrent weights
    per batch.
    """

    def __init__(
        self, settings: ModelSettings, inputs: int, width: int, *, bidirectional: bool
    ) -> None:
        super().__init__()
        kind = nn.GRU if settings.cell == "gru" else nn.LSTM
        self.rnn = kind(inputs, width, bidirectional=bidirectional)
        self.width, self.directions = width, 2 if bidirectional else 1
        self.cell, self.weight_dropout = settings.cell, settings.weight_dropout

    def weights(self) -> dict[str, Tensor]:
        """Return the weights for one batch by torch's names, with dropout of recurrent weights."""
        weights: dict[str, Tensor] = dict(self.rnn.named_parameters())
        for name, value in weights.items():
            if name.startswith("weight_hh"):
                weights[name] = dropout(value, self.weight_dropout, self.training)
        return weights

    def step_products(self) -> StepProducts:
        """Return the products with the input and with the state, for the steps of one batch."""
        weights = self.weights()
        inputs = StepLinear(weights["weight_ih_l0"], weights["bias_ih_l0"])
        return inputs, StepLinear(weights["weight_hh_l0"], weights["bias_hh_l0"])

    def forward(self, inputs: Tensor, lengths: Tensor | None) -> tuple[Tensor, State]:
        """Return outputs (time, batch, directions * width) and the last state of each sequence.

        With ``lengths`` (batch, on the CPU) steps beyond a sequence's end are not computed and
        their outputs are 0; without, padding counts as words. The state's tensors are
        (batch, directions * width).
        """
        time, batch = inputs.shape[:2]
        if lengths is None:
            lengths = torch.full((batch,), time)
        packed = pack_padded_sequence(inputs, lengths, enforce_sorted=False)
        if self.weight_dropout and self.training:
            packed_outputs, last = functional_call(self.rnn, self.weights(), (packed,))
        else:
            packed_outputs, last = self.rnn(packed)
        outputs, _ = pad_packed_sequence(packed_outputs, total_length=time)
        parts = last if isinstance(last, tuple) else (last,)
        return outputs, tuple(torch.cat(part.unbind(0), dim=-1) for part in parts)

    def step(self, inputs: Tensor, state: State, products: StepProducts) -> State:
        """Return the state after one step over ``inputs`` (batch, inputs).

        ``products`` are the result of ``step_products`` for the batch. The layer has one direction.
        """
        dtype = state[0].dtype  # autocast keeps it, so that sums over time stay exact
        gates, recurrent = products[0](inputs).to(dtype), products[1](state[0]).to(dtype)
        step = _gru_step if self.cell == "gru" else _lstm_step
        return step(gates, recurrent, state)


def _gru_step(inputs: Tensor, recurrent: Tensor, state: State) -> State:
    """Return h' = (1 - z) n + z h with r, z = sigmoid(..) and n = tanh(inputs + r * recurrent)."""
    width = state[0].shape[1]
    gates = torch.sigmoid(inputs[:, : 2 * width] + recurrent[:, : 2 * width])
    reset, update = gates.chunk(2, dim=1)
    new = torch.tanh(inputs[:, 2 * width :] + reset * recurrent[:, 2 * width :])
    return (torch.lerp(new, state[0], update),)


def _lstm_step(inputs: Tensor, recurrent: Tensor, state: State) -> State:
    """Return (o tanh(c'), c') with c' = f c + i g; i, f, o = sigmoid(..), g = tanh(..)."""
    input_gate, forget_gate, new, output_gate = (inputs + recurrent).chunk(4, dim=1)
    cell = forget_gate.sigmoid() * state[1] + input_gate.sigmoid() * new.tanh()
    return output_gate.sigmoid() * cell.tanh(), cell


def embedding_from(matrix: Tensor) -> nn.Embedding:
    """Return an embedding with a copy of ``matrix`` (words, width); padding is not trained."""
    words, width = matrix.shape
    return nn.Embedding(words, width, padding_idx=PAD, _weight=matrix.clone())


# ---- Dropouts; those beyond the ordinary one are of Merity et al. 2017, section 4 ---------------


def dropout_mask(shape: tuple[int, ...], probability: float, like: Tensor) -> Tensor:
    """Return a mask of 0 with ``probability`` (below 1), else 1 / (1 - probability).

    The mask has the dtype and device of ``like``.
    """
    # torch's dropout draws Bernoulli numbers, which take a CPU three times as long.
    kept = torch.rand(shape, device=like.device) >= probability
    return kept.to(like.dtype) / (1.0 - probability)


def batch_mask(
    settings: ModelSettings,
    shape: tuple[int, ...],
    probability: float,
    training: bool,
    like: Tensor,
) -> Tensor | None:
    """Return the mask of variational dropout, one for all steps of a batch, or None without it."""
    if settings.variational_dropout and training:
        return dropout_mask(shape, probability, like)
    return None


def dropout(
    values: Tensor, probability: float, training: bool, mask: Tensor | None = None
) -> Tensor:
    """Return ``values`` of any shape with single numbers dropped, by ``mask`` if there is one."""
    if not training or probability == 0.0:
        return values
    if mask is None:
        mask = dropout_mask(tuple(values.shape), probability, values)
    return values * mask


def word_dropout(weight: Tensor, probability: float, training: bool) -> Tensor:
    """Return an embedding matrix (words, width) with whole rows dropped."""
    if not training or probability == 0.0:
        return weight
    return weight * dropout_mask((weight.shape[0], 1), probability, weight)
