"""A small Transformer (Vaswani et al. 2017) with the interface of the recurrent translator.

It is a reference of today: trained by the same loop on the same vectors, with normalization before
each sub-layer (Xiong et al. 2020). It reads the true previous words in training.
"""

import math
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from wordbridge.corpus.special_tokens import BOS, EOS, PAD
from wordbridge.errors import InputError
from wordbridge.translation.decoder import Decoded, EncoderDecoder
from wordbridge.translation.encoder import EncoderOutput, dropout, embedding_from
from wordbridge.translation.settings import ModelSettings

HEADS = 4
EXPANSION = 2  # width of the feed-forward layers over that of the model


class PrefixState(NamedTuple):
    """The inputs so far (steps, batch, width), and the encoding that they attend to."""

    prefix: Tensor
    memory: Tensor
    padding: Tensor

    def rows(self, indices: Tensor) -> "PrefixState":
        """Return the state of the batch rows ``indices``, as beam search reorders them."""
        return PrefixState(self.prefix[:, indices], self.memory[:, indices], self.padding[indices])


class TransformerEncoder(nn.Module):
    """Self-attention over the source; ``width`` is that of the target embedding."""

    def __init__(self, settings: ModelSettings, embedding: Tensor, width: int) -> None:
        super().__init__()
        self.settings = settings
        self.embedding = embedding_from(embedding)
        self.project = nn.Linear(embedding.shape[1], width)
        layer = nn.TransformerEncoderLayer(
            width, HEADS, EXPANSION * width, settings.encoder_dropout, norm_first=True
        )
        self.layers = nn.TransformerEncoder(
            layer, settings.layers, nn.LayerNorm(width), enable_nested_tensor=False
        )

    def forward(self, source: Tensor, lengths: Tensor) -> EncoderOutput:
        """Return the encoding of ``source`` (source, batch); ``lengths`` are not needed."""
        values = dropout(self.embedding(source), self.settings.source_dropout, self.training)
        values = self.project(values) * math.sqrt(self.project.out_features)
        mask = source != PAD
        outputs = self.layers(values + positions(values), src_key_padding_mask=~mask.t())
        return EncoderOutput(outputs, [], mask)


class TransformerDecoder(nn.Module):
    """Causal self-attention and attention to the source, and an output layer over the words."""

    def __init__(self, settings: ModelSettings, embedding: Tensor) -> None:
        super().__init__()
        self.settings = settings
        words, width = embedding.shape
        self.embedding = embedding_from(embedding)
        layer = nn.TransformerDecoderLayer(
            width, HEADS, EXPANSION * width, settings.decoder_dropout, norm_first=True
        )
        self.layers = nn.TransformerDecoder(layer, settings.layers, nn.LayerNorm(width))
        self.output = nn.Linear(width, words)
        if settings.output_weights == "tied":
            self.output.weight = self.embedding.weight
        elif settings.output_weights == "copied":
            self.output.weight = nn.Parameter(embedding.clone())

    def initial_state(self, encoded: EncoderOutput) -> PrefixState:
        """Return the state before the first word."""
        memory, padding = encoded.outputs, ~cast(Tensor, encoded.mask).t()
        return PrefixState(memory[:0], memory, padding)

    def step(self, embedded: Tensor, state: PrefixState) -> tuple[Tensor, PrefixState, None]:
        """Return the output (batch, width) and the next state; attention is not returned."""
        prefix = torch.cat([state.prefix, embedded.unsqueeze(0)])
        return self.outputs(prefix, state)[-1], state._replace(prefix=prefix), None

    def outputs(self, embedded: Tensor, state: PrefixState) -> Tensor:
        """Return the outputs (time, batch, width) for the inputs ``embedded`` of all steps."""
        values = dropout(embedded, self.settings.target_dropout, self.training)
        values = values * math.sqrt(values.shape[-1])
        steps = len(values)
        later = torch.ones(steps, steps, dtype=torch.bool, device=values.device).triu(1)
        outputs: Tensor = self.layers(
            values + positions(values),
            state.memory,
            tgt_mask=later,
            memory_key_padding_mask=state.padding,
        )
        return outputs


class Transformer(EncoderDecoder):
    """A Transformer; of ``settings`` it has layers, dropouts but those of words and of weights,
    output_weights, embedding_scale and freeze_embeddings.

    Raises InputError when the width of the target embedding is no multiple of the heads.
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
        # torch copies one random layer, so that all would start alike.
        for stack in (self.encoder.layers, self.decoder.layers):
            for weight in stack.parameters():
                if weight.dim() > 1:
                    nn.init.xavier_uniform_(weight)

    def forward(
        self,
        source: Tensor,
        lengths: Tensor,
        steps: int,
        target: Tensor | None = None,
        forced: Tensor | None = None,
    ) -> Decoded:
        """Return the decoder's outputs: over ``target`` if there is one, else free running.

        ``target`` (time, batch) is read as the previous words whatever is ``forced``.
        """
        if target is None:
            outputs = self._free_running(source, lengths, steps)
        else:
            outputs = self.forced_outputs(source, lengths, target)
        dropped = dropout(outputs, self.settings.output_dropout, self.training)
        return Decoded(outputs, dropped, outputs, None, [None] * len(outputs))

    def forced_outputs(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """Return the outputs (time, batch, width) that predict each word of ``target``."""
        previous = torch.cat([torch.full_like(target[:1], BOS), target[:-1]])
        state = self.decoder.initial_state(self.encoder(source, lengths))
        outputs: Tensor = self.decoder.outputs(self.decoder.embedding(previous), state)
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


def positions(like: Tensor) -> Tensor:
    """Return the sinusoids of section 3.5 (time, 1, width) for values (time, batch, width)."""
    time, _, width = like.shape
    rates = torch.exp(torch.arange(0, width, 2, device=like.device) * (-math.log(1e4) / width))
    angles = torch.arange(time, device=like.device).unsqueeze(1) * rates
    waves = torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)[:, :width]
    return waves.unsqueeze(1)
