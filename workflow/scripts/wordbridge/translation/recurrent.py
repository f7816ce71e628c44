"""One recurrent layer, GRU or LSTM, run over a whole sequence or step by step."""

from torch import Tensor, cat, func, int64, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from wordbridge.translation.cells import State, gru_step, lstm_step
from wordbridge.translation.dropouts import weight_dropout
from wordbridge.translation.settings import Cell
from wordbridge.translation.shared import SharedLinear

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
