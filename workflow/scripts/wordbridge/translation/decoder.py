"""The decoder, its state, and its inputs: one target word at a time from the encoder's states."""

import math
from abc import ABC, abstractmethod
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from wordbridge.corpus.special_tokens import BOS
from wordbridge.translation.attention import Attention, Memory
from wordbridge.translation.encoder import (
    Encoder,
    EncoderOutput,
    RecurrentLayer,
    State,
    StepProducts,
    batch_mask,
    dropout,
    embedding_from,
    word_dropout,
)
from wordbridge.translation.kernels import StepEmbedding
from wordbridge.translation.settings import ModelSettings


class DecoderOutput(NamedTuple):
    """The decoder's outputs before and after dropout, each (time, batch, width).

    ``recurrent`` (same shape) are the states of the top recurrent layer; without deep output they
    equal ``outputs``. ``attention`` is (time, batch, source), or None. ``logits`` has one entry per
    step: (batch, words) without gradient where the model's prediction was read, else None.
    """

    outputs: Tensor
    dropped: Tensor
    recurrent: Tensor
    attention: Tensor | None
    logits: list[Tensor | None]


class EncoderDecoder(nn.Module, ABC):
    """Base class of translators; ``decoder`` has ``embedding``, ``output`` and ``step``."""

    settings: ModelSettings
    encoder: Any
    decoder: Any

    @abstractmethod
    def forward(
        self,
        source: Tensor,
        lengths: Tensor,
        steps: int,
        target: Tensor | None = None,
        forced: Tensor | None = None,
    ) -> DecoderOutput:
        """Return the decoder's outputs over at most ``steps`` steps."""

    @abstractmethod
    def forced_outputs(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """Return the outputs (time, batch, width) that predict each word of ``target``."""

    def logits(self, outputs: Tensor) -> Tensor:
        """Return scores of the target words (..., words) for decoder outputs (..., width)."""
        scores: Tensor = self.decoder.output(self.scaled(outputs))
        return scores

    def scaled(self, outputs: Tensor) -> Tensor:
        """Return the input of the output layer for decoder outputs (..., width).

        With embeddings of unit variance a product over the width has as much variance as the
        width; with ``scale_logits`` the outputs are divided, and the softmax starts nearly flat.
        """
        return outputs / math.sqrt(outputs.shape[-1]) if self.settings.scale_logits else outputs

    def parameter_count(self) -> int:
        """Return the number of trainable parameters; tied matrices count once."""
        return sum(weight.numel() for weight in self.parameters() if weight.requires_grad)


def output_layer(settings: ModelSettings, embedding: nn.Embedding) -> nn.Linear:
    """Return the layer from decoder outputs to scores of the words.

    By ``output_weights`` of the settings its weights are the weights of ``embedding`` (tied, Press
    and Wolf 2017), begin as a copy of these, or begin at random.
    """
    words, width = embedding.weight.shape
    layer = nn.Linear(width, words)
    if settings.output_weights == "tied":
        layer.weight = embedding.weight
    elif settings.output_weights == "copied":
        layer.weight = nn.Parameter(embedding.weight.detach().clone())
    return layer


def previous_words(target: Tensor) -> Tensor:
    """Return the true inputs (time, batch) of the steps that predict ``target``."""
    return torch.cat([torch.full_like(target[:1], BOS), target[:-1]])


class DecoderState(NamedTuple):
    """The state of a batch before a step.

    ``states`` (one per layer) change with each step. ``memory``, ``products`` (of each layer) and
    the variational ``layer_mask`` (layers, batch, width) are the same at all steps of the batch.
    """

    states: list[State]
    memory: Memory | None
    products: list[StepProducts]
    layer_mask: Tensor | None

    def rows(self, indices: Tensor) -> "DecoderState":
        """Return the state of the batch rows ``indices``, as beam search reorders them."""
        states = [tuple(part[indices] for part in state) for state in self.states]
        memory = None if self.memory is None else self.memory.rows(indices)
        return self._replace(states=states, memory=memory)


class Decoder(nn.Module):
    """Recurrent layers as wide as the target embedding, and an output layer over the words."""

    def __init__(self, settings: ModelSettings, embedding: Tensor, encoder: Encoder) -> None:
        super().__init__()
        self.settings = settings
        width = embedding.shape[1]
        self.embedding = embedding_from(embedding)
        layers = (
            RecurrentLayer(settings, width, width, bidirectional=False)
            for _ in range(settings.layers)
        )
        self.layers = cast(list[RecurrentLayer], nn.ModuleList(layers))
        parts = ("hidden",) if settings.cell == "gru" else ("hidden", "cell")
        # The lesson has one matrix for all layers; layers of other widths get one each.
        self.bridges = nn.ModuleDict(
            {
                f"{part}_{size}": nn.Linear(size, width, bias=False)
                for size in sorted({layer.width * layer.directions for layer in encoder.layers})
                for part in parts
            }
        )
        self.attention = (
            Attention(encoder.width, width, settings.attention_activation)
            if settings.attention
            else None
        )
        context = encoder.width if settings.attention else 0
        self.deep_output = nn.Linear(2 * width + context, width) if settings.deep_output else None
        self.output = output_layer(settings, self.embedding)

    def initial_state(self, encoded: EncoderOutput) -> DecoderState:
        """Return the state before the first word."""
        settings = self.settings
        states: list[State] = []
        for state in encoded.states:
            parts = []
            for name, part in zip(("hidden", "cell"), state, strict=False):
                bridge = self.bridges[f"{name}_{part.shape[1]}"]
                values = dropout(part, settings.bridge_dropout, self.training)
                parts.append(bridge(values).to(part.dtype))
            states.append(tuple(parts))
        memory = None if self.attention is None else self.attention.memory(encoded)
        products = [layer.step_products() for layer in self.layers]
        like = states[0][0]
        shape = (len(self.layers), *like.shape)
        mask = batch_mask(settings, shape, settings.decoder_dropout, self.training, like)
        return DecoderState(states, memory, products, mask)

    def step(
        self, embedded: Tensor, state: DecoderState
    ) -> tuple[Tensor, DecoderState, Tensor | None]:
        """Return the output (batch, width), the next state and the attention weights or None."""
        inputs, state, attended = self.advance(embedded, state)
        return self.readout(*inputs), state, attended

    def advance(
        self, embedded: Tensor, state: DecoderState
    ) -> tuple[tuple[Tensor, ...], DecoderState, Tensor | None]:
        """Return the arguments of ``readout``, the next state and the attention weights or None.

        The arguments are the top layer's hidden state (batch, width), the input and, with
        attention, the context.
        """
        values, inputs, attended = embedded, [embedded], None
        if self.attention is not None and state.memory is not None:
            context, attended = self.attention(state.states[-1][0], state.memory)
            values = state.memory.combine(torch.cat([embedded, context], dim=1))
            inputs.append(context)
        states = []
        for depth, layer in enumerate(self.layers):
            if depth:
                mask = None if state.layer_mask is None else state.layer_mask[depth]
                values = dropout(values, self.settings.decoder_dropout, self.training, mask)
            states.append(layer.step(values, state.states[depth], state.products[depth]))
            values = states[-1][0]
        return (values, *inputs), state._replace(states=states), attended

    def readout(self, hidden: Tensor, *inputs: Tensor) -> Tensor:
        """Return the output (..., width): ``hidden``, or deep output from all arguments.

        Deep output is as in Bahdanau et al. 2015, appendix A.2.2, but with tanh for maxout, and
        with the new state where the paper has the state before this step.
        """
        if self.deep_output is None:
            return hidden
        return torch.tanh(self.deep_output(torch.cat([hidden, *inputs], dim=-1)))


class DecoderInputs:
    """Inputs of the decoder, step by step, from embeddings ``table`` (words, width).

    Inputs are target tokens under teacher forcing, else the model's own predictions: where
    ``forced`` (time, batch) is true at step i, the input of step i + 1 is word i of ``target``
    (time, batch), elsewhere the word in ``predicted`` (batch,) after step i.
    """

    def __init__(
        self,
        settings: ModelSettings,
        table: Tensor,
        *,
        batch: int,
        training: bool,
        target: Tensor | None,
        forced: Tensor | None,
    ) -> None:
        self.settings, self.training = settings, training
        self.table = StepEmbedding(word_dropout(table, settings.word_dropout, training))
        self.predicted = torch.full((batch,), BOS, device=table.device)
        self.target = target
        if forced is not None:
            # Lists, because reading a tensor on a GPU waits for it.
            self.all_forced = forced.all(dim=1).tolist()
            self.any_forced = forced.any(dim=1).tolist()
            self.forced = forced.to(table.device)
        shape = (batch, table.shape[1])
        self.mask = batch_mask(settings, shape, settings.target_dropout, training, table)

    def embedded(self, step: int) -> Tensor:
        """Return the input of ``step`` (batch, width)."""
        values = self.table(self._words(step))
        return dropout(values, self.settings.target_dropout, self.training, self.mask)

    def _words(self, step: int) -> Tensor:
        if step and self.target is not None:
            if self.all_forced[step - 1]:
                return self.target[step - 1]
            if self.any_forced[step - 1]:
                return torch.where(self.forced[step - 1], self.target[step - 1], self.predicted)
        return self.predicted
