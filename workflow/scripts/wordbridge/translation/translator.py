"""The translator: encoder, decoder and the loop that feeds one with the other's words.

A trained translator on disk: weights as safetensors, everything else as JSON.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from wordbridge.corpus.special_tokens import BOS, EOS, PAD
from wordbridge.errors import InputError, shorten
from wordbridge.files import read_json, write_json
from wordbridge.tensors import load_weights, write_tensors
from wordbridge.translation.decoder import Decoder, Feed
from wordbridge.translation.encoder import Encoder, dropout, dropout_mask
from wordbridge.translation.settings import ModelSettings, settings_from


class Decoded(NamedTuple):
    """What each word is foretold from, before and after dropout, each (time, batch, width).

    ``recurrent`` is the top recurrent layer's state: the same as ``states`` unless there is a
    deep output between the two. ``attention`` is (time, batch, source), or None.
    """

    states: Tensor
    dropped: Tensor
    recurrent: Tensor
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
        feed = self._feed(source.shape[1], steps, target, forced)
        mask = self._output_mask(source.shape[1])
        ended = torch.zeros(source.shape[1], dtype=torch.bool, device=source.device)
        states, dropped, recurrent, attention = [], [], [], []
        for step in range(steps):
            state, reading, attended = self.decoder.step(feed.embedded(step), reading)
            states.append(state)
            recurrent.append(reading.states[-1][0])
            dropped.append(self._drop_output(state, mask))
            if attended is not None:
                attention.append(attended)
            if self._needs_choice(step, steps, feed):
                feed.chosen = self._best_words(dropped[-1])
                ended |= feed.chosen == EOS
                if self._finished(feed, step, ended):
                    break
        weights = torch.stack(attention) if attention else None
        return Decoded(torch.stack(states), torch.stack(dropped), torch.stack(recurrent), weights)

    def forced_states(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """Return the states (time, batch, width) from which each word of ``target`` is foretold.

        Every step reads the true word before, and nothing stops early.
        """
        reading = self.decoder.start(self.encoder(source, lengths))
        before = torch.cat([torch.full_like(target[:1], BOS), target[:-1]])
        states = []
        for embedded in self.decoder.embedding(before):
            state, reading, _ = self.decoder.step(embedded, reading)
            states.append(state)
        return torch.stack(states)

    def _feed(self, batch: int, steps: int, target: Tensor | None, forced: Tensor | None) -> Feed:
        return Feed(
            self.settings,
            self.decoder.embedding.weight,
            steps=steps,
            batch=batch,
            training=self.training,
            target=target,
            forced=forced,
        )

    def _output_mask(self, batch: int) -> Tensor | None:
        """Return the locked dropout mask (batch, width) before the output layer, or None."""
        if not (self.settings.variational_dropout and self.training):
            return None
        weight = self.decoder.output.weight
        return dropout_mask((batch, weight.shape[1]), self.settings.output_dropout, weight)

    def _drop_output(self, state: Tensor, mask: Tensor | None) -> Tensor:
        if mask is not None:
            return state * mask
        return dropout(state, self.settings.output_dropout, self.training)

    @torch.no_grad()
    def _best_words(self, states: Tensor) -> Tensor:
        return self.logits(states).argmax(dim=-1)

    def _needs_choice(self, step: int, steps: int, feed: Feed) -> bool:
        if not self.settings.stop_at_eos:
            return True  # the lesson's stopping rule looks at every step's best words
        return feed.target is None or (step + 1 < steps and not feed.all_forced[step])

    def _finished(self, feed: Feed, step: int, ended: Tensor) -> bool:
        if self.settings.stop_at_eos:
            return feed.target is None and bool(ended.all())
        if bool((feed.chosen == PAD).all()):
            return True
        # The lesson draws its coin after the last target word too, and then stops.
        return feed.target is not None and step >= len(feed.target) and feed.any_forced[step]


# What sizes and settings of the wrong kind raise, in torch and on the way to it.
_MISFITS = (KeyError, RuntimeError, TypeError, ValueError)


def write_translator(
    weights: Mapping[str, Tensor],
    description: Mapping[str, Any],
    model_path: str | Path,
    settings_path: str | Path,
) -> None:
    """Write ``weights`` by name and the ``description`` that ``read_translator`` needs."""
    write_tensors(model_path, weights)
    write_json(settings_path, description)


def read_description(settings_path: str | Path) -> dict[str, Any]:
    """Return the JSON beside a translator's weights. Raises InputError when it is another."""
    return read_json(settings_path, "a translator's settings", "train it again")


def read_translator(
    model_path: str | Path, settings_path: str | Path, device: torch.device
) -> tuple[Translator, dict[str, Any]]:
    """Return the translator on ``device``, ready to translate, and its description.

    Raises InputError when a file is damaged or the two do not belong together.
    """
    description = read_description(settings_path)
    try:
        source, target = (torch.zeros(*description[side]) for side in ("source", "target"))
        model = Translator(settings_from(description["settings"]).model, source, target)
        load_weights(model, load_file(model_path))
    except (SafetensorError, OSError, AttributeError, *_MISFITS) as error:
        raise InputError(
            f"{model_path}: not the weights that {settings_path} describes ({shorten(error)}); "
            "train the translator again"
        ) from None
    return model.to(device).eval(), description
