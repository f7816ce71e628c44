"""The decoder: one English word at a time from the encoder's states."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from wordbridge.translation.activations import tanh
from wordbridge.translation.attention import Attention, Memory
from wordbridge.translation.cells import State
from wordbridge.translation.dropouts import dropout, dropout_mask
from wordbridge.translation.encoder import Encoded, Encoder, starting_from
from wordbridge.translation.recurrent import RecurrentLayer, Steps
from wordbridge.translation.settings import ModelSettings
from wordbridge.translation.shared import SharedLinear, shared


class Layers(NamedTuple):
    """The decoder's layers for the steps of one batch."""

    recurrent: list[Steps]
    readout: SharedLinear | None


class Reading(NamedTuple):
    """All that one step needs beside its input: states, attended memory, layers and masks."""

    states: list[State]
    memory: Memory | None
    layers: Layers
    layer_mask: Tensor | None

    def rows(self, chosen: Tensor) -> "Reading":
        """Return the same for the batch rows ``chosen``, as beam search reorders them."""
        states = [tuple(part[chosen] for part in state) for state in self.states]
        memory = None if self.memory is None else self.memory.rows(chosen)
        return self._replace(states=states, memory=memory)


class Decoder(nn.Module):
    """Recurrent layers as wide as the target embedding, and an output layer over the words."""

    def __init__(self, settings: ModelSettings, embedding: Tensor, encoder: Encoder) -> None:
        super().__init__()
        self.settings = settings
        words, width = embedding.shape
        self.embedding = starting_from(embedding)
        self.layers = nn.ModuleList(
            RecurrentLayer(
                settings.cell,
                width,
                width,
                bidirectional=False,
                weight_dropout=settings.weight_dropout,
            )
            for _ in range(settings.layers)
        )
        parts = 1 if settings.cell == "gru" else 2
        # The lesson has one matrix for all layers; layers of other widths get their own.
        self.bridges = nn.ModuleDict(
            {
                f"{part}_{size}": nn.Linear(size, width, bias=False)
                for size in sorted(set(encoder.state_widths()))
                for part in ("hidden", "cell")[:parts]
            }
        )
        self.attention = (
            Attention(encoder.width, width, settings.attention_activation)
            if settings.attention
            else None
        )
        context = encoder.width if settings.attention else 0
        self.readout = nn.Linear(2 * width + context, width) if settings.readout else None
        self.output = nn.Linear(width, words)
        if settings.output_weights == "tied":
            self.output.weight = self.embedding.weight
        elif settings.output_weights == "copied":
            self.output.weight = nn.Parameter(embedding.clone())

    def _layers(self) -> list[RecurrentLayer]:
        return [layer for layer in self.layers if isinstance(layer, RecurrentLayer)]

    def start(self, encoded: Encoded) -> Reading:
        """Return the reading before the first word."""
        states: list[State] = []
        for state in encoded.states:
            size = state[0].shape[1]
            parts = zip(("hidden", "cell"), state, strict=False)
            states.append(
                tuple(
                    self.bridges[f"{name}_{size}"](self._bridge_drop(p)).to(p.dtype)
                    for name, p in parts
                )
            )
        memory = None if self.attention is None else self.attention.memory(encoded)
        return Reading(states, memory, self._shared(), self._layer_mask(states[0][0]))

    def _shared(self) -> Layers:
        return Layers(
            [one for layer in self._layers() for one in layer.steps()],
            None if self.readout is None else shared(self.readout),
        )

    def _bridge_drop(self, state: Tensor) -> Tensor:
        return dropout(state, self.settings.bridge_dropout, self.training)

    def _layer_mask(self, like: Tensor) -> Tensor | None:
        """Return the locked dropout mask between layers (layers, batch, width), drawn once."""
        if not (self.settings.locked_dropout and self.training):
            return None
        shape = (len(self.layers), *like.shape)
        return dropout_mask(shape, self.settings.decoder_dropout, like)

    def step(self, embedded: Tensor, reading: Reading) -> tuple[Tensor, Reading, Tensor | None]:
        """Return what foretells the word (batch, width), the next reading, attention weights.

        That is the top layer's state, or the readout of it, of the input and of the context
        (Bahdanau et al. 2015, appendix A.2.2, with tanh for maxout, and with the new state where
        the paper has the one before this step).
        """
        values, read, attended = embedded, [embedded], None
        layers, memory = reading.layers, reading.memory
        if memory is not None:
            context, attended = memory.read(reading.states[-1][0])
            values = memory.combine(torch.cat([embedded, context], dim=1))
            read.append(context)
        states = []
        for depth, layer in enumerate(layers.recurrent):
            if depth:
                values = self._between(values, depth, reading.layer_mask)
            state = layer(values, reading.states[depth])
            states.append(state)
            values = state[0]
        if layers.readout is not None:
            values = tanh(layers.readout(torch.cat([values, *read], dim=1)))
        return values, reading._replace(states=states), attended

    def _between(self, values: Tensor, depth: int, mask: Tensor | None) -> Tensor:
        if mask is not None:
            return values * mask[depth]
        return dropout(values, self.settings.decoder_dropout, self.training)
