"""The translator: encoder, decoder, and the loop over target or predicted words."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from wordbridge.corpus.special_tokens import EOS, PAD
from wordbridge.errors import InputError, shorten
from wordbridge.tensors import load_weights, read_model
from wordbridge.translation.decoder import (
    Decoder,
    DecoderInputs,
    DecoderOutput,
    EncoderDecoder,
    previous_words,
)
from wordbridge.translation.encoder import Encoder, dropout_mask
from wordbridge.translation.settings import ModelSettings
from wordbridge.translation.transformer import Transformer


class Translator(EncoderDecoder):
    """A recurrent encoder-decoder in which every idea of the lesson is a setting.

    ``source_embedding`` (source words, source width) and ``target_embedding`` (target words,
    target width) are initial values and are trained.
    """

    def __init__(
        self, settings: ModelSettings, source_embedding: Tensor, target_embedding: Tensor
    ) -> None:
        super().__init__()
        self.settings = settings
        self.encoder = Encoder(settings, source_embedding)
        self.decoder = Decoder(settings, target_embedding, self.encoder)

    def forward(
        self,
        source: Tensor,
        lengths: Tensor,
        steps: int,
        target: Tensor | None = None,
        forced: Tensor | None = None,
    ) -> DecoderOutput:
        """Return the decoder's outputs over at most ``steps`` steps.

        ``source`` is (source, batch), ``lengths`` (batch,) on the CPU, ``target`` (time, batch).
        A target has ``steps`` words and comes with ``forced`` (steps, batch). Where that is true at
        step i, the input of step i + 1 is the target's word i, elsewhere the model's own
        prediction, which passes no gradient.
        """
        state = self.decoder.initial_state(self.encoder(source, lengths))
        inputs = DecoderInputs(
            self.settings,
            self.decoder.embedding.weight,
            batch=source.shape[1],
            training=self.training,
            target=target,
            forced=forced,
        )
        masks = self._output_masks(steps, source.shape[1])
        ended = torch.zeros(source.shape[1], dtype=torch.bool, device=source.device)
        readouts, attention = [], []
        logits: list[Tensor | None] = []
        for step in range(steps):
            readout, state, weights = self.decoder.advance(inputs.embedded(step), state)
            readouts.append(readout)
            logits.append(None)
            if weights is not None:
                attention.append(weights)
            if self._needs_prediction(step, steps, inputs):
                scores = self._predict(readout, None if masks is None else masks[step])
                logits[-1], inputs.predicted = scores, _argmax(scores)
                ended |= inputs.predicted == EOS
                if self._finished(inputs, ended):
                    break
        columns = [torch.stack(column) for column in zip(*readouts, strict=True)]
        outputs = self.decoder.readout(*columns)
        dropped = outputs if masks is None else outputs * masks[: len(outputs)]
        stacked = torch.stack(attention) if attention else None
        return DecoderOutput(outputs, dropped, columns[0], stacked, logits)

    def forced_outputs(self, source: Tensor, lengths: Tensor, target: Tensor) -> Tensor:
        """Return the outputs (time, batch, width) that predict each word of ``target``.

        Every step reads the true previous word, and nothing stops early.
        """
        state = self.decoder.initial_state(self.encoder(source, lengths))
        outputs = []
        for embedded in self.decoder.embedding(previous_words(target)):
            output, state, _ = self.decoder.step(embedded, state)
            outputs.append(output)
        return torch.stack(outputs)

    def _output_masks(self, steps: int, batch: int) -> Tensor | None:
        """Return dropout masks (steps, batch, width) before the output layer, or None."""
        probability, weight = self.settings.output_dropout, self.decoder.output.weight
        if not self.training or probability == 0.0:
            return None
        time = 1 if self.settings.variational_dropout else steps
        mask = dropout_mask((time, batch, weight.shape[1]), probability, weight)
        return mask.expand(steps, -1, -1)

    @torch.no_grad()
    def _predict(self, readout: tuple[Tensor, ...], mask: Tensor | None) -> Tensor:
        """Return the logits (batch, words) of one step."""
        output = self.decoder.readout(*readout)
        return self.logits(output if mask is None else output * mask)

    def _needs_prediction(self, step: int, steps: int, inputs: DecoderInputs) -> bool:
        if not self.settings.stop_at_eos:
            return True  # the lesson's stopping rule looks at every step's predictions
        return inputs.target is None or (step + 1 < steps and not inputs.all_forced[step])

    def _finished(self, inputs: DecoderInputs, ended: Tensor) -> bool:
        if self.settings.stop_at_eos:
            return inputs.target is None and bool(ended.all())
        return bool((inputs.predicted == PAD).all())


def _argmax(logits: Tensor) -> Tensor:
    """Return the index (batch,) of the largest of each row."""
    if logits.device.type != "cpu":
        return logits.argmax(dim=1)
    # numpy's argmax is over ten times as fast on rows.
    return torch.from_numpy(logits.float().numpy().argmax(axis=1))


def build_translator(
    settings: ModelSettings, source_embedding: Tensor, target_embedding: Tensor
) -> EncoderDecoder:
    """Return an untrained translator of the kind ``settings.cell``."""
    kind = Transformer if settings.cell == "transformer" else Translator
    model: EncoderDecoder = kind(settings, source_embedding, target_embedding)
    if settings.freeze_embeddings:
        model.encoder.embedding.requires_grad_(False)
        model.decoder.embedding.requires_grad_(False)
    return model


def first_tag(description: Mapping[str, Any]) -> int | None:
    """Return the source id of the first version tag of a translator, None without tags.

    ``description`` is the JSON of the model. Tags follow the words of the source vocabulary.
    """
    tags = len(description["target_versions"])
    return description["source"][0] - tags if tags else None


def read_translator(
    model_path: str | Path, settings_path: str | Path, device: torch.device
) -> tuple[EncoderDecoder, Mapping[str, Any]]:
    """Return the translator on ``device``, ready to translate, and its description.

    Raises InputError when a file is damaged or the two do not belong together.
    """
    saved = read_model(model_path, settings_path)
    try:
        source = torch.zeros(*saved.settings["source"])
        target = torch.zeros(*saved.settings["target"])
        model = build_translator(
            ModelSettings(**saved.settings["settings"]["model"]), source, target
        )
        load_weights(model, saved.tensors)
    except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(
            f"{model_path}: expected the weights that {settings_path} describes, got others "
            f"({shorten(error)}); train the translator again"
        ) from None
    return model.to(device).eval(), saved.settings
