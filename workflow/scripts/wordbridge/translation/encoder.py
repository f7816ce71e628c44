"""The encoder: a French sentence as one state per word and one for the whole."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wordbridge.corpus.specials import PAD
from wordbridge.translation.cells import State
from wordbridge.translation.dropouts import activation_dropout, word_dropout
from wordbridge.translation.recurrent import RecurrentLayer
from wordbridge.translation.settings import ModelSettings


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
        return activation_dropout(values, chance, self.training, self.settings.locked_dropout)

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
