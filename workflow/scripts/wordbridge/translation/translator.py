"""The translator: encoder, decoder and the loop that feeds one with the other's words."""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wordbridge.corpus.specials import BOS, EOS, PAD
from wordbridge.translation.decoder import Decoder
from wordbridge.translation.dropouts import activation_dropout, locked_dropout, word_dropout
from wordbridge.translation.encoder import Encoder
from wordbridge.translation.settings import ModelSettings


class Decoded(NamedTuple):
    """The decoder's top states, before and after dropout, each (time, batch, width).

    ``attention`` is (time, batch, source), or None.
    """

    states: Tensor
    dropped: Tensor
    attention: Tensor | None


class Translator(nn.Module):
    """A recurrent encoder-decoder in which every idea of the lesson is a setting.

    ``source_embedding`` (source words, source width) and ``target_embedding`` (target words,
    target width) are starting values and are trained further.
    """

    def __init__(
        self, settings: ModelSettings, source_embedding: Tensor, target_embedding: Tensor
    ) -> None:
        super().__init__()
        self.settings = settings
        self.encoder = Encoder(settings, source_embedding)
        self.decoder = Decoder(settings, target_embedding, self.encoder)

    def logits(self, states: Tensor) -> Tensor:
        """Return scores of the target words (..., words) for top states (..., width)."""
        if self.settings.scale_logits:
            # With embeddings of unit variance a product over the width has as much variance as
            # the width; scaled, the softmax starts nearly flat.
            states = states / math.sqrt(states.shape[-1])
        scores: Tensor = self.decoder.output(states)
        return scores

    def parameter_count(self) -> int:
        """Return how many numbers are trained; tied matrices count once."""
        return sum(parameter.numel() for parameter in self.parameters())

    def forward(
        self,
        source: Tensor,
        lengths: Tensor,
        steps: int,
        target: Tensor | None = None,
        forced: Tensor | None = None,
    ) -> Decoded:
        """Return the decoder's states over at most ``steps`` steps.

        ``source`` is (source, batch), ``lengths`` (batch,) on the CPU, ``target`` (time, batch).
        Where ``forced`` (steps, batch) is true at step i, the input of step i + 1 is the target's
        word i, elsewhere the model's own best word, which passes no gradient.
        """
        reading = self.decoder.start(self.encoder(source, lengths))
        feed = _Feed(self, source.shape[1], source.device, target, forced)
        states, dropped, attention = [], [], []
        for step in range(steps):
            state, reading, attended = self.decoder.step(feed.embedded(step), reading)
            states.append(state)
            dropped.append(feed.drop_output(state))
            if attended is not None:
                attention.append(attended)
            if self._needs_choice(step, steps, feed):
                feed.choose(dropped[-1])
                if self._finished(feed, step, target):
                    break
        weights = torch.stack(attention) if attention else None
        return Decoded(torch.stack(states), torch.stack(dropped), weights)

    def _needs_choice(self, step: int, steps: int, feed: "_Feed") -> bool:
        if not self.settings.stop_at_eos:
            return True  # the lesson's stopping rule looks at every step's best words
        return step + 1 < steps and not feed.all_forced(step)

    def _finished(self, feed: "_Feed", step: int, target: Tensor | None) -> bool:
        if self.settings.stop_at_eos:
            return target is None and bool(feed.ended.all())
        if bool((feed.chosen == PAD).all()):
            return True
        # The lesson draws its coin after the last target word too, and then stops.
        return target is not None and step >= len(target) and feed.any_forced(step)


class _Feed:
    """The decoder's inputs: which words are known beforehand, which the model chose itself."""

    def __init__(
        self,
        model: Translator,
        batch: int,
        device: torch.device,
        target: Tensor | None,
        forced: Tensor | None,
    ) -> None:
        options = model.settings
        self.model, self.target, self.forced = model, target, forced
        table = model.decoder.embedding.weight
        self.table = word_dropout(table, options.word_dropout, model.training)
        self.chosen = torch.full((batch,), BOS, dtype=torch.long, device=device)
        self.ended = torch.zeros(batch, dtype=torch.bool, device=device)
        self._all = [] if forced is None else forced.all(dim=1).tolist()
        self._any = [] if forced is None else forced.any(dim=1).tolist()
        # One look-up for all known words: a look-up per step would add up as many
        # vocabulary-sized gradients.
        known = None if target is None or not any(self._any) else self._look_up(target)
        self.known = known
        self.masks = self._locked_masks(batch, device) if options.locked_dropout else None

    def _look_up(self, words: Tensor) -> Tensor:
        return F.embedding(words, self.table, padding_idx=PAD)

    def _locked_masks(self, batch: int, device: torch.device) -> tuple[Tensor, Tensor]:
        options, training = self.model.settings, self.model.training
        ones = torch.ones(1, batch, self.table.shape[1], device=device)
        return (
            locked_dropout(ones, options.target_dropout, training)[0],
            locked_dropout(ones, options.output_dropout, training)[0],
        )

    def all_forced(self, step: int) -> bool:
        return bool(self._all) and self._all[step]

    def any_forced(self, step: int) -> bool:
        return bool(self._any) and self._any[step]

    def embedded(self, step: int) -> Tensor:
        """Return the input of ``step`` (batch, width)."""
        if step and self.known is not None and self.all_forced(step - 1):
            values = self.known[step - 1]
        else:
            values = self._look_up(self._words(step))
        if self.masks is not None:
            return values * self.masks[0]
        chance = self.model.settings.target_dropout
        return activation_dropout(values, chance, self.model.training, False)

    def _words(self, step: int) -> Tensor:
        if not step or self.target is None or self.forced is None or not self.any_forced(step - 1):
            return self.chosen
        return torch.where(self.forced[step - 1], self.target[step - 1], self.chosen)

    def drop_output(self, state: Tensor) -> Tensor:
        if self.masks is not None:
            return state * self.masks[1]
        return F.dropout(state, self.model.settings.output_dropout, self.model.training)

    def choose(self, dropped: Tensor) -> None:
        """Take the best words after these states (batch, width) as the next step's own choice."""
        with torch.no_grad():
            self.chosen = self.model.logits(dropped).argmax(dim=1)
            self.ended |= self.chosen == EOS
