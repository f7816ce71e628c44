"""A small Transformer (Vaswani et al. 2017) with the interface of the recurrent translator.

It is a modern baseline: trained by the same loop on the same vectors, with normalization before
each sub-layer (Xiong et al. 2020). It reads the true previous words in training. Its decoder caches
keys and values of the words so far, because torch's own layers compute them again at each step.
"""

import math
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from wordbridge.corpus.special_tokens import BOS, EOS, PAD
from wordbridge.errors import InputError
from wordbridge.translation.decoder import (
    DecoderOutput,
    EncoderDecoder,
    output_layer,
    previous_words,
)
from wordbridge.translation.encoder import EncoderOutput, dropout, embedding_from
from wordbridge.translation.settings import ModelSettings

HEADS = 4  # of each attention
EXPANSION = 2  # width of the feed-forward layers over that of the model


class MultiHeadAttention(nn.Module):
    """Scaled dot-product attention with several heads (section 3.2)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.output = nn.Linear(width, width)

    def keys_and_values(self, values: Tensor) -> Tensor:
        """Return keys and values (2, batch, heads, time, width / heads) of (time, batch, width)."""
        time, batch, _ = values.shape
        projected: Tensor = self.key_value(values)
        return projected.view(time, batch, 2, HEADS, -1).permute(2, 1, 3, 0, 4)

    def forward(self, values: Tensor, memory: Tensor, mask: Tensor | None) -> Tensor:
        """Return the attention (time, batch, width) of the queries ``values``, of the same shape.

        ``memory`` is a result of ``keys_and_values``. ``mask``, which broadcasts to (batch, heads,
        time, time of memory), is true at positions that are attended to.
        """
        # Not torch's fused attention, whose backward pass on a CPU takes longer for short texts.
        time, batch, width = values.shape
        query = self.query(values).view(time, batch, HEADS, -1).permute(1, 2, 0, 3)
        scores = query @ memory[0].transpose(2, 3) / math.sqrt(width // HEADS)
        if mask is not None:
            scores = scores.masked_fill(~mask, float("-inf"))
        read = scores.softmax(dim=3).to(query.dtype) @ memory[1]
        output: Tensor = self.output(read.permute(2, 0, 1, 3).reshape(time, batch, width))
        return output


class Layer(nn.Module):
    """Self-attention, in a decoder attention to the source, and a feed-forward network.

    Each is added to its input after ``dropout`` (section 5.4).
    """

    def __init__(self, width: int, dropout: float, *, decoder: bool) -> None:
        super().__init__()
        self.self_attention = MultiHeadAttention(width)
        self.source_attention = MultiHeadAttention(width) if decoder else None
        self.feed_forward = nn.Sequential(
            nn.Linear(width, EXPANSION * width), nn.ReLU(), nn.Linear(EXPANSION * width, width)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3 if decoder else 2))
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        values: Tensor,
        mask: Tensor | None,
        source: Tensor | None = None,
        past: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Return the outputs for ``values`` (time, batch, width), and keys and values up to them.

        ``mask`` is the mask of the source. A decoder needs ``source``, the keys and values of the
        source; if ``values`` is a single word, ``past`` are keys and values of the words before.
        """
        normal = self.norms[0](values)
        memory = self.self_attention.keys_and_values(normal)
        if past is not None:
            memory, self_mask = torch.cat([past, memory], dim=3), None
        elif source is not None:
            shape = len(values), len(values)
            self_mask = torch.ones(shape, dtype=torch.bool, device=values.device).tril()
        else:
            self_mask = mask
        values = values + self.dropout(self.self_attention(normal, memory, self_mask))
        if self.source_attention is not None and source is not None:
            read = self.source_attention(self.norms[1](values), source, mask)
            values = values + self.dropout(read)
        return values + self.dropout(self.feed_forward(self.norms[-1](values))), memory


class TransformerState(NamedTuple):
    """Keys and values of each layer for the words so far and for the source, and the source mask.

    Keys and values are (2, batch, heads, time, width / heads); ``past`` is empty at first.
    """

    past: list[Tensor]
    source: list[Tensor]
    mask: Tensor

    def rows(self, indices: Tensor) -> "TransformerState":
        """Return the state of the batch rows ``indices``, as beam search reorders them."""
        past = [memory[:, indices] for memory in self.past]
        source = [memory[:, indices] for memory in self.source]
        return TransformerState(past, source, self.mask[indices])


class TransformerEncoder(nn.Module):
    """Self-attention over the source; ``width`` is that of the target embedding."""

    def __init__(self, settings: ModelSettings, embedding: Tensor, width: int) -> None:
        super().__init__()
        self.settings = settings
        self.embedding = embedding_from(embedding)
        self.project = nn.Linear(embedding.shape[1], width)
        layers = (
            Layer(width, settings.encoder_dropout, decoder=False) for _ in range(settings.layers)
        )
        self.layers = nn.ModuleList(layers)
        self.norm = nn.LayerNorm(width)

    def forward(self, source: Tensor, lengths: Tensor) -> EncoderOutput:
        """Return the encoding of ``source`` (source, batch); ``lengths`` are not needed."""
        values = dropout(self.embedding(source), self.settings.source_dropout, self.training)
        values = self.project(values) * math.sqrt(self.project.out_features)
        values = values + positions(values)
        mask = source != PAD
        for layer in self.layers:
            values, _ = layer(values, attention_mask(mask))
        return EncoderOutput(self.norm(values), [], mask)


class TransformerDecoder(nn.Module):
    """Causal self-attention and attention to the source, and an output layer over the words."""

    def __init__(self, settings: ModelSettings, embedding: Tensor) -> None:
        super().__init__()
        self.settings = settings
        width = embedding.shape[1]
        self.embedding = embedding_from(embedding)
        layers = (
            Layer(width, settings.decoder_dropout, decoder=True) for _ in range(settings.layers)
        )
        self.layers = cast(list[Layer], nn.ModuleList(layers))
        self.norm = nn.LayerNorm(width)
        self.output = output_layer(settings, self.embedding)

    def initial_state(self, encoded: EncoderOutput) -> TransformerState:
        """Return the state before the first word."""
        source = [
            cast(MultiHeadAttention, layer.source_attention).keys_and_values(encoded.outputs)
            for layer in self.layers
        ]
        return TransformerState([], source, attention_mask(cast(Tensor, encoded.mask)))

    def step(
        self, embedded: Tensor, state: TransformerState
    ) -> tuple[Tensor, TransformerState, None]:
        """Return the output (batch, width) and the next state; attention is not returned."""
        outputs, state = self.advance(embedded.unsqueeze(0), state)
        return outputs[0], state, None

    def advance(self, embedded: Tensor, state: TransformerState) -> tuple[Tensor, TransformerState]:
        """Return the outputs (time, batch, width) for inputs ``embedded``, and the next state.

        The inputs are one word after those of ``state``, or all words after its first state.
        """
        values = dropout(embedded, self.settings.target_dropout, self.training)
        values = values * math.sqrt(values.shape[-1])
        values = values + positions(values, state.past[0].shape[3] if state.past else 0)
        past = []
        for depth, layer in enumerate(self.layers):
            before = state.past[depth] if state.past else None
            values, memory = layer(values, state.mask, state.source[depth], before)
            past.append(memory)
        return self.norm(values), state._replace(past=past)


class Transformer(EncoderDecoder):
    """A Transformer with the width of the target embedding.

    Only these ``settings`` matter: layers, output_weights, scale_logits, and the dropouts of
    source, encoder, decoder, output and target. Raises InputError when the width is no multiple of
    HEADS.
    """

    def __init__(
        self, settings: ModelSettings, source_embedding: Tensor, target_embedding: Tensor
    ) -> None:
        super().__init__()
        self.settings, width = settings, target_embedding.shape[1]
        if width % HEADS:
            raise InputError(
                f"a transformer: expected target vectors whose width is a multiple of {HEADS}, "
                f"got {width}; take other vectors, or another model.cell"
            )
        self.encoder = TransformerEncoder(settings, source_embedding, width)
        self.decoder = TransformerDecoder(settings, target_embedding)
        for layer in (*self.encoder.layers, *self.decoder.layers):
            for weight in layer.parameters():
                if weight.dim() > 1:
                    nn.init.xavier_uniform_(weight)

    def forward(
        self,
        source: Tensor,
        lengths: Tensor,
        steps: int,
        target: Tensor | None = None,
        forced: Tensor | None = None,
    ) -> DecoderOutput:
        """Return the decoder's outputs: over ``target`` if there is one, else free running.

        With ``target`` (time, batch) all previous words are true ones; ``forced`` is ignored.
        """
        if target is None:
            outputs = self._free_running(source, lengths, steps)
        else:
            outputs = self.forced_outputs(source, lengths, target)
        dropped = dropout(outputs, self.settings.output_dropout, self.training)
        return DecoderOutput(outputs, dropped, outputs, None, [None] * len(outputs))

    def forced_outputs(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """Return the outputs (time, batch, width) that predict each word of ``target``."""
        state = self.decoder.initial_state(self.encoder(source, lengths))
        inputs = self.decoder.embedding(previous_words(target))
        outputs: Tensor = self.decoder.advance(inputs, state)[0]
        return outputs

    def _free_running(self, source: Tensor, lengths: Tensor, steps: int) -> Tensor:
        decoder: TransformerDecoder = self.decoder
        state = decoder.initial_state(self.encoder(source, lengths))
        words = torch.full((source.shape[1],), BOS, device=source.device)
        ended, outputs = words == EOS, []
        for _ in range(steps):
            output, state, _ = decoder.step(decoder.embedding(words), state)
            outputs.append(output)
            words = self.logits(output).argmax(dim=1)
            ended |= words == EOS
            if bool(ended.all()):
                break
        return torch.stack(outputs)


def attention_mask(words: Tensor) -> Tensor:
    """Return the mask (batch, 1, 1, time) of attention to ``words`` (time, batch)."""
    return words.t()[:, None, None]


def positions(like: Tensor, start: int = 0) -> Tensor:
    """Return the sinusoids of section 3.5 (time, 1, width) for values (time, batch, width).

    The first value has position ``start``.
    """
    time, _, width = like.shape
    rates = torch.exp(torch.arange(0, width, 2, device=like.device) * (-math.log(1e4) / width))
    angles = torch.arange(start, start + time, device=like.device).unsqueeze(1) * rates
    waves = torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)
    return waves.unsqueeze(1)
