"""Training of one translator: from token ids and embeddings to weights and metrics."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from wordbridge.arrays import load_matrix
from wordbridge.corpus.batches import Indices, ParallelData, read_parallel, sortish_batches
from wordbridge.corpus.ids import AuxiliarySampler
from wordbridge.corpus.special_tokens import PAD
from wordbridge.tensors import SavedModel, copy_weights
from wordbridge.training.checkpoint import locked_state
from wordbridge.training.device import choose_device
from wordbridge.training.loop import Trainer
from wordbridge.translation.decoder import EncoderDecoder
from wordbridge.translation.forcing import draw_forcing, forcing_probability
from wordbridge.translation.kernels import projection_loss
from wordbridge.translation.losses import (
    VALIDATION_SCALE,
    activation_penalty,
    greedy_validation,
    lesson_loss,
    nll_per_token,
)
from wordbridge.translation.settings import Settings, settings_from
from wordbridge.translation.translator import build_translator


def train(
    block: Mapping[str, Any],
    seed: int,
    inputs: Mapping[str, str],
    states: Path,
    code: Mapping[str, Any],
    checkpoint_seconds: float,
) -> tuple[SavedModel, list[dict[str, float]], dict[str, Any]]:
    """Return the translator of ``block`` trained with ``seed``, metrics per epoch, and times.

    An interrupted training resumes from its state in the folder ``states``, under a digest of all
    that it depends on: ``block`` and the bytes of ``inputs`` (see ``build_trainer``), ``seed`` and
    ``code``. Raises InputError when another process runs the same training.
    """
    with locked_state(states, {"block": block, "seed": seed, "code": code}, inputs) as state:
        trainer = build_trainer(block, seed, inputs, state, checkpoint_seconds)
        weights = trainer.run()
    model, tagged = trainer.model, trainer.train_data.first_tag is not None
    description = {
        "direction": block["variant"]["direction"],
        "target_versions": trainer.train_data.target.versions if tagged else [],
        "seed": seed,
        "settings": asdict(trainer.settings),
        "source": list(model.encoder.embedding.weight.shape),
        "target": list(model.decoder.embedding.weight.shape),
        "parameters": model.parameter_count(),
        "epochs": trainer.state.epoch,
        "best_epoch": trainer.state.best_epoch + 1,
        "precision": trainer.precision,
    }
    times = {
        "train_seconds": round(trainer.state.seconds, 3),
        "epochs": trainer.state.epoch,
        "target_tokens_per_second": round(trainer.state.items_per_second, 1),
        "device": trainer.device.type,
        "precision": trainer.precision,
        "threads": block["threads"],
    }
    return SavedModel(weights, description), trainer.state.epochs, times


def build_trainer(
    block: Mapping[str, Any],
    seed: int,
    inputs: Mapping[str, str],
    checkpoint: Path | None = None,
    checkpoint_seconds: float = 0.0,
) -> "TranslatorTrainer":
    """Return the trainer of a new translator, which resumes from ``checkpoint`` if the file exists.

    ``block`` has variant, device and threads; ``inputs`` are fr_ids, en_ids, fr_embedding and
    en_embedding, all made with the same vocabularies.
    """
    device, variant = choose_device(block["device"], block["threads"]), block["variant"]
    settings = settings_from(variant)
    scale = settings.model.embedding_scale
    source, target = (
        torch.from_numpy(load_matrix(inputs[f"{language}_embedding"])) * scale
        for language in variant["direction"].split("-")
    )
    first_tag = len(source) if variant["tag_versions"] else None
    pairs, epochs = settings.training.auxiliary_pairs, settings.training.auxiliary_epochs

    def read(split: str) -> ParallelData:
        files = inputs["fr_ids"], inputs["en_ids"]
        return read_parallel(*files, split, variant["direction"], first_tag)

    train, valid = read("train"), read("valid")
    auxiliary = [read("auxiliary")] if pairs else []
    torch.manual_seed(seed)
    if first_tag is not None:
        tags = torch.randn(len(train.target.versions), source.shape[1])
        source = torch.cat([source, tags * scale])
    return TranslatorTrainer(
        build_translator(settings.model, source, target).to(device),
        settings,
        train.followed_by(*auxiliary),
        valid,
        seed=seed,
        sampler=AuxiliarySampler(len(train), sum(map(len, auxiliary)), pairs, epochs),
        checkpoint=checkpoint,
        checkpoint_seconds=checkpoint_seconds,
    )


class TranslatorTrainer(Trainer):
    """The training of ``model`` on ``train``, validated on ``valid`` after each epoch.

    ``sampler`` selects the pairs of each epoch, all of them where it is None.
    """

    metrics = (
        "epoch",
        "learning_rate",
        "forcing",
        "train_loss",
        "nll",
        "free_running_loss",
        "bleu",
    )
    unit = "tokens"
    model: EncoderDecoder

    def __init__(
        self,
        model: EncoderDecoder,
        settings: Settings,
        train: ParallelData,
        valid: ParallelData,
        *,
        seed: int,
        sampler: AuxiliarySampler | None = None,
        checkpoint: Path | None = None,
        checkpoint_seconds: float = 0.0,
    ) -> None:
        options = settings.training
        self.settings, self.train_data, self.valid_data, self.seed = settings, train, valid, seed
        self.sampler = sampler or AuxiliarySampler(len(train))
        self.average = None
        saved: dict[str, nn.Module] = {"model": model}
        if options.ema_decay:
            self.average = weight_average(model, options.ema_decay)
            saved["average"] = self.average.module
        super().__init__(
            model,
            options,
            settings.schedule,
            self.sampler.steps(options.batch_size, options.epochs),
            nn.ModuleDict(saved),
            checkpoint,
            checkpoint_seconds,
            options.clip_norm,
            options.precision,
        )

    @property
    def validated_model(self) -> EncoderDecoder:
        """Return the model that is validated and whose weights are kept."""
        return cast(EncoderDecoder, self.average.module) if self.average else self.model

    def resume(self) -> None:
        """Restore the saved state of this training, if there is one."""
        super().resume()
        if self.average:
            self.average.n_averaged.fill_(self.state.step)

    def batches(self, epoch: int) -> list[Indices]:
        """Return the batches of ``epoch``, texts of similar length together."""
        pairs = self.sampler.indices(self.seed, epoch)
        lengths = self.train_data.target_lengths[pairs]
        size = self.settings.training.batch_size
        return [pairs[batch] for batch in sortish_batches(lengths, size, self.seed, epoch)]

    def items(self, indices: Indices) -> int:
        """Return the target tokens of a batch."""
        return int(self.train_data.target_lengths[indices].sum())

    def step(self, indices: Indices, rate: float, beta: float | None) -> float:
        """Return the loss of one batch after one step; the average of the weights follows."""
        loss = super().step(indices, rate, beta)
        if self.average:
            self.average.update_parameters(self.model)
        return loss

    def losses(self, indices: Indices) -> tuple[Tensor, Tensor]:
        """Return the mean loss of a batch, and its sum with the penalty on the states."""
        batch = self.train_data.batch(indices).to(self.device)
        options, (steps, size) = self.settings.training, batch.target.shape
        probability = forcing_probability(self.settings.forcing, self.state.epoch)
        forced = draw_forcing(self.settings.forcing, probability, steps, size)
        # The lesson decodes beyond the target, but cuts the logits to its length.
        lengths = batch.source_lengths.cpu()
        decoded = self.model(batch.source, lengths, steps, batch.target, forced)
        words = batch.target[: len(decoded.outputs)] != PAD
        penalty = activation_penalty(
            decoded.recurrent,
            # With deep output the dropout comes after it; the penalties are of recurrent states.
            decoded.recurrent if self.model.settings.deep_output else decoded.dropped,
            words,
            options.activation_regularisation,
            options.temporal_regularisation,
        )
        if options.count_padding:
            loss = lesson_loss(self.model.logits(decoded.dropped), batch.target)
        else:
            output, steps = self.model.decoder.output, len(decoded.outputs)
            loss = projection_loss(
                self.model.scaled(decoded.dropped),
                output.weight,
                output.bias,
                batch.target[:steps],
                options.label_smoothing,
                decoded.logits,
            )
        return loss, loss + penalty

    def validate(self) -> dict[str, float]:
        """Return forcing of the epoch, and losses and BLEU of the validation pairs."""
        size = int(self.settings.training.batch_size * VALIDATION_SCALE)
        free = greedy_validation(self.validated_model, self.valid_data, size)
        return {
            "forcing": forcing_probability(self.settings.forcing, self.state.epoch),
            "nll": nll_per_token(self.validated_model, self.valid_data, size),
            "free_running_loss": free.loss,
            "bleu": free.bleu,
        }

    def weights(self) -> dict[str, Tensor]:
        """Return copies of the weights of the validated model."""
        return copy_weights(self.validated_model)


def weight_average(model: EncoderDecoder, decay: float) -> AveragedModel:
    """Return a copy of ``model`` whose weights follow the model's (Polyak and Juditsky 1992).

    After each step the averages move by 1 - ``decay`` of the difference. In the first steps the
    decay is smaller, which lowers the weight of the random start.
    """

    def move(averages: Any, weights: Any, steps: Tensor | int) -> None:
        count = int(steps)
        rate = 1 - min(decay, (1 + count) / (10 + count))
        torch._foreach_lerp_(list(averages), list(weights), rate)

    return AveragedModel(model, multi_avg_fn=move)
