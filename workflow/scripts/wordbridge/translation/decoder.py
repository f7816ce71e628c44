"""The decoder: one English word at a time from the encoder's states.

What the decoder reads at each step: words known beforehand and words of its own choice.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from wordbridge.corpus.special_tokens import BOS, PAD
from wordbridge.translation.attention import Attention, Memory
from wordbridge.translation.encoder import (
    Encoded,
    Encoder,
    RecurrentLayer,
    Steps,
    activation_dropout,
    dropout,
    dropout_mask,
    starting_from,
    word_dropout,
)
from wordbridge.translation.kernels import SharedLinear, State, shared, tanh
from wordbridge.translation.settings import ModelSettings


class Layers(NamedTuple):
    """The decoder's layers for the steps of one batch."""

    recurrent: list[Steps]
    deep_output: SharedLinear | None


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
        self.deep_output = nn.Linear(2 * width + context, width) if settings.deep_output else None
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
            None if self.deep_output is None else shared(self.deep_output),
        )

    def _bridge_drop(self, state: Tensor) -> Tensor:
        return dropout(state, self.settings.bridge_dropout, self.training)

    def _layer_mask(self, like: Tensor) -> Tensor | None:
        """Return the locked dropout mask between layers (layers, batch, width), drawn once."""
        if not (self.settings.variational_dropout and self.training):
            return None
        shape = (len(self.layers), *like.shape)
        return dropout_mask(shape, self.settings.decoder_dropout, like)

    def step(self, embedded: Tensor, reading: Reading) -> tuple[Tensor, Reading, Tensor | None]:
        """Return what foretells the word (batch, width), the next reading, attention weights.

        That is the top layer's state, or the deep output of it, of the input and of the context
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
        if layers.deep_output is not None:
            values = tanh(layers.deep_output(torch.cat([values, *read], dim=1)))
        return values, reading._replace(states=states), attended

    def _between(self, values: Tensor, depth: int, mask: Tensor | None) -> Tensor:
        if mask is not None:
            return values * mask[depth]
        return dropout(values, self.settings.decoder_dropout, self.training)


class _Slots(torch.autograd.Function):
    """Zeros (steps, batch, width) whose gradient goes to the rows of ``table`` in ``words``.

    The words may be filled in later, until the backward pass: a model that reads its own words
    does not know them before. One look-up per step would cost a gradient as large as the
    vocabulary for each.
    """

    @staticmethod
    def forward(ctx: Any, table: Tensor, words: Tensor) -> Tensor:
        ctx.words, ctx.size = words, len(table)
        return table.new_zeros(*words.shape, table.shape[1])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (gradient,) = gradients
        rows = torch.ops.aten.embedding_dense_backward(gradient, ctx.words, ctx.size, PAD, False)
        return rows, None


class Feed:
    """Inputs of the decoder, step by step, from embeddings ``table`` (words, width).

    ``target`` is (time, batch). Where ``forced`` (steps, batch) is true at step i, the input of
    step i + 1 is the target's word i, elsewhere the word chosen at step i.
    """

    def __init__(
        self,
        settings: ModelSettings,
        table: Tensor,
        *,
        steps: int,
        batch: int,
        training: bool,
        target: Tensor | None,
        forced: Tensor | None,
    ) -> None:
        self.settings, self.training = settings, training
        self.target, self.forced = target, forced
        self.table = word_dropout(table, settings.word_dropout, training)
        # Padding where nothing is read: its gradient is dropped.
        self.words = torch.full((steps, batch), PAD, device=table.device)
        slots: Tensor = _Slots.apply(self.table, self.words)
        self.slots = slots.unbind(0)
        self.chosen = torch.full((batch,), BOS, device=table.device)
        # Lists, because a look at a tensor on a GPU waits for it.
        self.all_forced = [False] * steps if forced is None else forced.all(dim=1).tolist()
        self.any_forced = [False] * steps if forced is None else forced.any(dim=1).tolist()
        self.locked = None
        if settings.variational_dropout and training:
            self.locked = dropout_mask((batch, table.shape[1]), settings.target_dropout, table)

    def embedded(self, step: int) -> Tensor:
        """Return the input of ``step`` (batch, width)."""
        words = self.words[step].copy_(self._words(step))
        values: Tensor = self.table.detach()[words] + self.slots[step]
        if self.locked is not None:
            return values * self.locked
        return activation_dropout(values, self.settings.target_dropout, self.training, False)

    def _words(self, step: int) -> Tensor:
        if step and self.target is not None and self.forced is not None:
            if self.all_forced[step - 1]:
                return self.target[step - 1]
            if self.any_forced[step - 1]:
                return torch.where(self.forced[step - 1], self.target[step - 1], self.chosen)
        return self.chosen
