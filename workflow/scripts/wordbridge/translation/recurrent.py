"""One recurrent layer, GRU or LSTM, run over a whole sequence or step by step."""

from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from wordbridge.translation.dropouts import weight_dropout
from wordbridge.translation.settings import Cell

Sequence = TypeVar("Sequence", Tensor, PackedSequence)
State = tuple[Tensor, ...]  # (hidden,) of a GRU, (hidden, cell) of an LSTM, each (batch, width)


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

    def weights(self) -> list[Tensor]:
        """Return input, recurrent weights and biases per direction, recurrent ones dropped out."""
        return [
            weight_dropout(value, self.weight_dropout, self.training)
            if name.startswith("weight_hh")
            else value
            for name, value in self.rnn.named_parameters()
        ]

    def forward(self, inputs: Tensor, lengths: Tensor | None) -> tuple[Tensor, State]:
        """Return outputs (time, batch, directions * width) and the last state of each sequence.

        With ``lengths`` (batch, on the CPU) steps beyond a sequence's end are never computed and
        their outputs are 0; without, padding is run over as if it were words. The state's
        tensors are (batch, directions * width).
        """
        if lengths is None:
            outputs, last = self._run(inputs)
            return outputs, self._joined(last)
        packed = pack_padded_sequence(inputs, lengths, enforce_sorted=False)
        packed_outputs, last = self._run(packed)
        outputs, _ = pad_packed_sequence(packed_outputs, total_length=inputs.shape[0])
        return outputs, self._joined(last)

    def _run(self, inputs: Sequence) -> tuple[Sequence, State]:
        if self.weight_dropout and self.training:
            names = [name for name, _ in self.rnn.named_parameters()]
            dropped = dict(zip(names, self.weights(), strict=True))
            outputs, last = torch.func.functional_call(self.rnn, dropped, (inputs,))
        else:
            outputs, last = self.rnn(inputs)
        return outputs, last if isinstance(last, tuple) else (last,)

    def _joined(self, last: State) -> State:
        """Return states (batch, directions * width) from torch's (directions, batch, width)."""
        return tuple(torch.cat(part.unbind(0), dim=-1) for part in last)

    def step(self, inputs: Tensor, state: State, weights: list[Tensor]) -> State:
        """Return the state after one step over ``inputs`` (batch, inputs)."""
        if self.cell == "gru":
            return (torch.gru_cell(inputs, state[0], *weights),)
        hidden, cell = torch.lstm_cell(inputs, state, *weights)
        return hidden, cell
