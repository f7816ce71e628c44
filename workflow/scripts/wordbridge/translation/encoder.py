"""The dropouts of AWD-LSTM beside the ordinary one.

In Merity et al. 2017 DropConnect on recurrent weights is section 2, the others are in section 4.

One recurrent layer, GRU or LSTM, run over a whole sequence or step by step.

The encoder: a French sentence as one state per word and one for the whole.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, cat, func, int64, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from wordbridge.corpus.special_tokens import PAD
from wordbridge.translation.kernels import SharedLinear, State, gru_step, lstm_step
from wordbridge.translation.settings import Cell, ModelSettings


def dropout_mask(shape: tuple[int, ...], chance: float, like: Tensor) -> Tensor:
    """Return 0 with ``chance``, else 1 / (1 - chance), of ``shape``, on the device of ``like``."""
    # torch's Bernoulli numbers, and so its dropout, take a processor three times as long.
    kept = torch.rand(shape, device=like.device) >= chance
    mask = kept.to(like.dtype)
    return mask / (1.0 - chance) if chance < 1.0 else mask


def dropout(values: Tensor, chance: float, training: bool) -> Tensor:
    """Return ``values`` with single numbers dropped."""
    if not training or chance == 0.0:
        return values
    return values * dropout_mask(tuple(values.shape), chance, values)


def variational_dropout(values: Tensor, chance: float, training: bool) -> Tensor:
    """Return ``values`` (time, batch, width) with one mask for all time steps."""
    if not training or chance == 0.0:
        return values
    return values * dropout_mask((1, *values.shape[1:]), chance, values)


def word_dropout(weight: Tensor, chance: float, training: bool) -> Tensor:
    """Return an embedding matrix (words, width) with whole rows dropped."""
    if not training or chance == 0.0:
        return weight
    return weight * dropout_mask((weight.shape[0], 1), chance, weight)


def weight_dropout(weight: Tensor, chance: float, training: bool) -> Tensor:
    """Return recurrent weights with single connections dropped (DropConnect), one mask a batch."""
    return dropout(weight, chance, training)


def activation_dropout(values: Tensor, chance: float, training: bool, locked: bool) -> Tensor:
    """Return ``values`` (time, batch, width) with a mask per step, or a locked one."""
    if locked:
        return variational_dropout(values, chance, training)
    return dropout(values, chance, training)


_KINDS = 4  # of parameters in one direction: weights over input and state, and their biases


class Steps:
    """One direction of a layer, step by step over one batch."""

    def __init__(self, cell: Cell, weights: list[Tensor]) -> None:
        over_inputs, over_state, input_bias, state_bias = weights
        self._inputs = SharedLinear(over_inputs, input_bias)
        self._state = SharedLinear(over_state, state_bias)
        self._step = gru_step if cell == "gru" else lstm_step

    def __call__(self, inputs: Tensor, state: State) -> State:
        """Return the state after one step over ``inputs`` (batch, inputs)."""
        return self.after(self.read(inputs), state)

    def read(self, inputs: Tensor) -> Tensor:
        """Return the part of the gates (.., gates * width) that depends on ``inputs`` alone."""
        return self._inputs(inputs)

    def after(self, read: Tensor, state: State) -> State:
        """Return the state that follows ``state`` when ``read`` has been read."""
        kind = state[0].dtype  # which autocast leaves alone, so that sums over time stay exact
        return self._step(read.to(kind), self._state(state[0]).to(kind), state)


class RecurrentLayer(nn.Module):
    """A GRU (Cho et al. 2014) or LSTM layer with torch's parametrisation and initialisation."""

    def __init__(
        self, cell: Cell, inputs: int, width: int, *, bidirectional: bool, weight_dropout: float
    ) -> None:
        super().__init__()
        kind = nn.GRU if cell == "gru" else nn.LSTM
        self.rnn = kind(inputs, width, bidirectional=bidirectional)
        self.cell = cell
        self.width = width
        self.directions = 2 if bidirectional else 1
        self.weight_dropout = weight_dropout

    def steps(self) -> list[Steps]:
        """Return each direction for the steps of one batch, recurrent weights dropped out."""
        weights = list(self._weights().values())
        starts = range(0, len(weights), _KINDS)
        return [Steps(self.cell, weights[start : start + _KINDS]) for start in starts]

    def _weights(self) -> dict[str, Tensor]:
        return {
            name: weight_dropout(value, self.weight_dropout, self.training)
            if name.startswith("weight_hh")
            else value
            for name, value in self.rnn.named_parameters()
        }

    def forward(self, inputs: Tensor, lengths: Tensor | None) -> tuple[Tensor, State]:
        """Return outputs (time, batch, directions * width) and the last state of each sequence.

        With ``lengths`` (batch, on the CPU) steps beyond a sequence's end are never computed and
        their outputs are 0; without, padding is run over as if it were words. The state's
        tensors are (batch, directions * width).
        """
        time, batch = inputs.shape[:2]
        if lengths is None:
            lengths = inputs.new_full((batch,), time, dtype=int64, device="cpu")
        packed = pack_padded_sequence(inputs, lengths, enforce_sorted=False)
        packed_outputs, last = self._fused(packed) if inputs.is_cuda else self._run(packed)
        outputs, _ = pad_packed_sequence(packed_outputs, total_length=time)
        return outputs, last

    def _fused(self, packed: PackedSequence) -> tuple[PackedSequence, State]:
        """Return what ``_run`` does, by the one kernel that a GPU has for all steps."""
        if self.weight_dropout and self.training:
            outputs, last = func.functional_call(self.rnn, self._weights(), (packed,))
        else:
            outputs, last = self.rnn(packed)
        parts = last if isinstance(last, tuple) else (last,)
        return outputs, tuple(cat(part.unbind(0), dim=-1) for part in parts)

    def _run(self, packed: PackedSequence) -> tuple[PackedSequence, State]:
        """Return outputs and last states, stepwise: torch's own run takes a processor longer.

        Its gradient fills a tensor as large as the whole batch at each step, and adds up the
        weights' step by step.
        """
        start = self._start(packed.data)
        runs = [
            run(one, packed, start)
            for run, one in zip((_forwards, _backwards), self.steps(), strict=False)
        ]
        outputs = packed._replace(data=cat([outputs for outputs, _ in runs], dim=1))
        last = (cat(parts, dim=1) for parts in zip(*(last for _, last in runs), strict=True))
        return outputs, tuple(part[packed.unsorted_indices] for part in last)

    def _start(self, like: Tensor) -> State:
        """Return the state before the first word for no sentence at all (0, width)."""
        return (like.new_zeros(0, self.width),) * (1 if self.cell == "gru" else 2)


def _resized(state: State, rows: int) -> State:
    """Return the first ``rows`` of ``state``, or zeros after them."""
    missing = rows - len(state[0])
    return tuple(
        cat([part, part.new_zeros(missing, part.shape[1])]) if missing > 0 else part[:rows]
        for part in state
    )


def _forwards(steps: Steps, packed: PackedSequence, start: State) -> tuple[Tensor, State]:
    """Return outputs and last states, sentences by falling length as packed ones stand."""
    sizes = packed.batch_sizes.tolist()
    state, outputs, ended = _resized(start, sizes[0]), [], []
    for read in steps.read(packed.data).split(sizes):
        if len(read) < len(state[0]):
            ended.append(tuple(part[len(read) :] for part in state))
            state = _resized(state, len(read))
        state = steps.after(read, state)
        outputs.append(state[0])
    last = (cat(parts[::-1]) for parts in zip(*ended, state, strict=True))
    return cat(outputs), tuple(last)


def _backwards(steps: Steps, packed: PackedSequence, start: State) -> tuple[Tensor, State]:
    """Return what ``_forwards`` does, read from each sentence's last word to its first."""
    state, outputs = start, []
    for read in reversed(steps.read(packed.data).split(packed.batch_sizes.tolist())):
        if len(read) > len(state[0]):
            state = _resized(state, len(read))
        state = steps.after(read, state)
        outputs.append(state[0])
    return cat(outputs[::-1]), state


@dataclass(frozen=True)
class Encoded:
    """``outputs`` (source, batch, width), a state per layer, and which positions are words.

    ``mask`` is (source, batch), true at words, or None where padding counts as words.
    """

    outputs: Tensor
    states: list[State]
    mask: Tensor | None


def starting_from(embedding: Tensor) -> nn.Embedding:
    """Return a trainable layer with a copy of ``embedding`` (words, width), padding not trained."""
    words, width = embedding.shape
    return nn.Embedding(words, width, padding_idx=PAD, _weight=embedding.clone())


class Encoder(nn.Module):
    """Embedding and a stack of recurrent layers (Sutskever et al. 2014, section 2)."""

    def __init__(self, settings: ModelSettings, embedding: Tensor) -> None:
        super().__init__()
        self.settings = settings
        self.embedding = starting_from(embedding)
        self.layers = nn.ModuleList()
        width = embedding.shape[1]
        for depth in range(settings.layers):
            both = settings.bidirectional == "all" or (
                settings.bidirectional == "first" and depth == 0
            )
            layer = RecurrentLayer(
                settings.cell,
                width,
                settings.hidden,
                bidirectional=both,
                weight_dropout=settings.weight_dropout,
            )
            self.layers.append(layer)
            width = settings.hidden * layer.directions
        self.width = width

    def state_widths(self) -> list[int]:
        """Return the width of each layer's last state."""
        return [layer.width * layer.directions for layer in self._layers()]

    def _layers(self) -> list[RecurrentLayer]:
        return [layer for layer in self.layers if isinstance(layer, RecurrentLayer)]

    def forward(self, source: Tensor, lengths: Tensor) -> Encoded:
        """Return the encoding of ``source`` (source, batch) whose true ``lengths`` are (batch,)."""
        options = self.settings
        weight = word_dropout(self.embedding.weight, options.word_dropout, self.training)
        values = F.embedding(source, weight, padding_idx=PAD)
        values = self._drop(values, options.source_dropout)
        mask = source != PAD if options.mask_padding else None
        states = []
        for depth, layer in enumerate(self._layers()):
            inputs = self._drop(values, options.encoder_dropout) if depth else values
            values, last = layer(inputs, lengths if options.mask_padding else None)
            states.append((self._start(values, last[0], mask), *last[1:]))
        return Encoded(values, states, mask)

    def _drop(self, values: Tensor, chance: float) -> Tensor:
        return activation_dropout(values, chance, self.training, self.settings.variational_dropout)

    def _start(self, outputs: Tensor, last: Tensor, mask: Tensor | None) -> Tensor:
        """Return what the decoder starts from (batch, width): last, largest or mean state."""
        if self.settings.initial_state == "last":
            return last
        shape, device = outputs.shape[:2], outputs.device
        words = torch.ones(shape, dtype=torch.bool, device=device) if mask is None else mask
        words = words.unsqueeze(2)
        if self.settings.initial_state == "max":
            return outputs.masked_fill(~words, float("-inf")).amax(dim=0)
        return (outputs * words).sum(dim=0) / words.sum(dim=0)
