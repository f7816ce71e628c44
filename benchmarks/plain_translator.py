"""The lesson's five translators in plain torch: the reference for the speed of training.

It is written as a good student would write it today, with nothing of the package: ``nn.GRU`` over
packed sentences in the encoder, ``nn.GRUCell`` step by step in the decoder, additive attention
that masks padding, one cross entropy over all steps, fused Adam. Deep output, label smoothing,
clipping and averaged weights, which the lesson does not have, are left out.
"""

import random
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

BOS, PAD = 0, 1


@dataclass(frozen=True)
class PlainSettings:
    """Settings of the network; dropouts are probabilities.

    The five variants of the lesson differ in ``bidirectional``, ``attention`` and teacher forcing,
    whose probability is an argument of each batch. ``hidden`` is the width of the encoder's state;
    the decoder is as wide as the target embedding.
    """

    layers: int
    hidden: int
    bidirectional: bool
    attention: bool
    tied: bool
    source_dropout: float
    encoder_dropout: float
    bridge_dropout: float
    decoder_dropout: float
    output_dropout: float


class PlainTranslator(nn.Module):
    """A GRU encoder-decoder with initial embeddings (words, width) of both languages."""

    def __init__(self, settings: PlainSettings, source: Tensor, target: Tensor) -> None:
        super().__init__()
        self.settings = settings
        words, width = target.shape
        directions = 2 if settings.bidirectional else 1
        states = directions * settings.hidden
        self.source = nn.Embedding.from_pretrained(source.clone(), freeze=False, padding_idx=PAD)
        self.target = nn.Embedding.from_pretrained(target.clone(), freeze=False, padding_idx=PAD)
        self.encoder = nn.GRU(
            source.shape[1],
            settings.hidden,
            settings.layers,
            dropout=settings.encoder_dropout if settings.layers > 1 else 0.0,
            bidirectional=settings.bidirectional,
        )
        self.bridge = nn.Linear(states, width, bias=False)
        self.attention = AdditiveAttention(states, width) if settings.attention else None
        self.combine = nn.Linear(width + states, width) if settings.attention else None
        self.cells = nn.ModuleList(nn.GRUCell(width, width) for _ in range(settings.layers))
        self.output = nn.Linear(width, words)
        if settings.tied:
            self.output.weight = self.target.weight
        else:
            self.output.weight = nn.Parameter(target.clone())

    def forward(self, source: Tensor, lengths: Tensor, target: Tensor, forcing: float) -> Tensor:
        """Return the logits (time, batch, words) of each word of ``target`` (time, batch).

        ``source`` is (source time, batch) with ``lengths`` (batch,) on the CPU. After each step
        the whole batch reads the true word with the probability ``forcing``, else the prediction.
        """
        outputs, states = self._encode(source, lengths)
        if self.attention is not None:
            outputs = outputs.transpose(0, 1)
            keys, mask = self.attention.keys(outputs), (source == PAD).t()
        word, tops = torch.full_like(target[0], BOS), []
        for step in range(len(target)):
            values = self.target(word)
            if self.attention is not None and self.combine is not None:
                context = self.attention(states[-1], keys, outputs, mask)
                values = self.combine(torch.cat([values, context], dim=1))
            states = self._decoder_step(values, states)
            top = self._drop(states[-1], self.settings.output_dropout)
            tops.append(top if forcing >= 1.0 else self.output(top))
            forced = random.random() < forcing
            word = target[step] if forced else tops[-1].detach().argmax(dim=1)
        # Without predictions one product over all steps is faster than one per step.
        stacked = torch.stack(tops)
        return self.output(stacked) if forcing >= 1.0 else stacked

    def _encode(self, source: Tensor, lengths: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return outputs (source time, batch, states) and the decoder's first state per layer."""
        embedded = self._drop(self.source(source), self.settings.source_dropout)
        packed, last = self.encoder(pack_padded_sequence(embedded, lengths, enforce_sorted=False))
        outputs, _ = pad_packed_sequence(packed, total_length=len(source))
        # (layers * directions, batch, hidden) -> (layers, batch, directions * hidden)
        last = last.unflatten(0, (self.settings.layers, -1)).transpose(1, 2).flatten(2)
        return outputs, list(self.bridge(self._drop(last, self.settings.bridge_dropout)))

    def _decoder_step(self, values: Tensor, states: Sequence[Tensor]) -> list[Tensor]:
        """Return the states (batch, width) of all layers after a step over ``values``."""
        new: list[Tensor] = []
        for depth, (cell, state) in enumerate(zip(self.cells, states, strict=True)):
            if depth:
                values = self._drop(values, self.settings.decoder_dropout)
            values = cell(values, state)
            new.append(values)
        return new

    def _drop(self, values: Tensor, probability: float) -> Tensor:
        return F.dropout(values, probability, self.training)


class AdditiveAttention(nn.Module):
    """Weights softmax(v . tanh(W1 outputs + W2 state + b)) of the encoder's outputs."""

    def __init__(self, states: int, width: int) -> None:
        super().__init__()
        self.keys = nn.Linear(states, width, bias=False)
        self.query = nn.Linear(width, width)
        self.score = nn.Linear(width, 1, bias=False)

    def forward(self, state: Tensor, keys: Tensor, outputs: Tensor, mask: Tensor) -> Tensor:
        """Return the context (batch, states) for ``state`` (batch, width).

        ``keys`` are (batch, source time, width), ``outputs`` (batch, source time, states) and
        ``mask`` (batch, source time) is true at padding.
        """
        energy = self.score(torch.tanh(keys + self.query(state).unsqueeze(1))).squeeze(2)
        weights = torch.softmax(energy.masked_fill(mask, float("-inf")), dim=1)
        return torch.bmm(weights.unsqueeze(1), outputs).squeeze(1)


class PlainTraining:
    """Adam on the mean cross entropy of the target words; ``dtype`` is that of autocast, if any."""

    def __init__(
        self,
        model: PlainTranslator,
        rate: float,
        betas: tuple[float, float],
        dtype: torch.dtype | None = None,
    ) -> None:
        self.model, self.dtype = model.train(), dtype
        self.optimizer = torch.optim.Adam(model.parameters(), rate, betas, fused=True)

    def step(self, source: Tensor, lengths: Tensor, target: Tensor, forcing: float) -> float:
        """Return the loss of a batch after one step; see ``PlainTranslator.forward``."""
        with self._autocast(source.device.type):
            logits = self.model(source, lengths, target, forcing)
            loss = F.cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=PAD)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())

    def _autocast(self, device: str) -> AbstractContextManager[object]:
        return nullcontext() if self.dtype is None else torch.autocast(device, self.dtype)
