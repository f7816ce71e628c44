"""One step of a translator's optimisation: loss, gradients, update.

The running mean of a model's weights, which translates better than the last weights.

Training of one translator: the lesson's loop, resumable at any batch.

One training job: from numbered texts and embeddings to a trained translator.

The table of losses per epoch that stands beside a translator.
"""

import math
import random
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_
from torch.optim.swa_utils import AveragedModel

from wordbridge.arrays import load_matrix
from wordbridge.corpus.batches import (
    AuxiliarySampler,
    Batch,
    Indices,
    ParallelData,
    read_parallel,
    sortish_batches,
)
from wordbridge.corpus.ids import read_ids
from wordbridge.corpus.special_tokens import PAD
from wordbridge.errors import InputError
from wordbridge.files import write_tsv
from wordbridge.progress import LINE_SECONDS, TERMINAL, is_log
from wordbridge.tensors import copy_weights
from wordbridge.training.checkpoint import Resumption, exclusive, state_key
from wordbridge.training.device import choose_device
from wordbridge.training.loop import Standing
from wordbridge.training.schedules import learning_rate, momentum
from wordbridge.translation.forcing import draw_forced, forcing_chance
from wordbridge.translation.losses import (
    VALIDATION_SCALE,
    activation_penalty,
    free_run,
    lesson_loss,
    nll_per_token,
    word_loss,
)
from wordbridge.translation.settings import Settings, TrainingSettings, settings_from
from wordbridge.translation.translator import Translator


class Optimisation:
    """Adam over all of a translator's parameters, in the precision of its settings.

    Raises InputError where the device does not compute in that precision.
    """

    def __init__(self, model: Translator, settings: Settings) -> None:
        self.model, self.settings = model, settings
        options = settings.training
        self.device = next(model.parameters()).device
        _check_precision(options.precision, self.device)
        self.optimizer = torch.optim.Adam(
            model.parameters(),
            lr=options.learning_rate,
            betas=options.betas,
            weight_decay=options.weight_decay,
            fused=True,  # one pass over each tensor, on CPU and GPU alike
        )
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=options.precision == "float16")

    def step(self, batch: Batch, chance: float, rate: float, momentum: float | None) -> float:
        """Return the loss of one batch after one step with this learning rate.

        ``chance`` is that of forcing; ``momentum`` is Adam's first beta, or None to leave it.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = rate
            if momentum is not None:
                group["betas"] = (momentum, group["betas"][1])
        with self._precision():
            loss, penalty = self._losses(batch.to(self.device), chance)
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss + penalty).backward()
        clip = self.settings.training.clip_norm
        if clip is not None:
            self.scaler.unscale_(self.optimizer)
            clip_grad_norm_(self.model.parameters(), clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return float(loss.detach())

    def _precision(self) -> AbstractContextManager[object]:
        precision = self.settings.training.precision
        if precision == "float32":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=getattr(torch, precision))

    def _losses(self, batch: Batch, chance: float) -> tuple[Tensor, Tensor]:
        """Return the mean loss of a batch and the penalty on its states."""
        options, (steps, size) = self.settings.training, batch.target.shape
        forced = draw_forced(self.settings.forcing, chance, steps, size)
        # The lesson runs on beyond the target, but its loss is cut there.
        decoded = self.model(
            batch.source,
            batch.source_lengths.cpu(),
            steps,
            batch.target,
            None if forced is None else forced.to(self.device),
        )
        words = batch.target[: len(decoded.states)] != PAD
        penalty = activation_penalty(
            decoded.recurrent,
            # A readout has the dropout behind it, and the penalties are for the recurrent layer.
            decoded.recurrent if self.model.settings.readout else decoded.dropped,
            words,
            options.activation_regularisation,
            options.temporal_regularisation,
        )
        if options.count_padding:
            return lesson_loss(self.model.logits(decoded.dropped), batch.target), penalty
        logits, target = self.model.logits(decoded.dropped[words]), batch.target[: len(words)]
        return word_loss(logits, target[words], options.label_smoothing), penalty


def _check_precision(precision: str, device: torch.device) -> None:
    """Raise InputError on a processor without this precision, which would only imitate it."""
    if device.type != "cpu" or precision == "float32":
        return
    name = {"bfloat16": "bf16", "float16": "fp16"}[precision]  # as in avx512_bf16, amx_fp16
    if not any(able for ability, able in torch.cpu.get_capabilities().items() if name in ability):
        raise InputError(
            f"training.precision: expected one that this processor computes in, got {precision}; "
            "set it to float32, or use a GPU"
        )


Tensors = tuple[Tensor, ...] | list[Tensor]  # as torch has it


class WeightAverage:
    """A copy of ``model`` whose weights follow the model's (Polyak and Juditsky 1992).

    After each step they move the part 1 - ``decay`` of the way to the model's. In the first
    steps the decay is smaller, so that the random start is soon forgotten.
    """

    def __init__(self, model: Translator, decay: float) -> None:
        self.decay = decay
        self._followed = model
        self._averaged = AveragedModel(model, multi_avg_fn=self._move)

    @property
    def model(self) -> Translator:
        """Return the copy."""
        return cast(Translator, self._averaged.module)

    def update(self) -> None:
        """Take in the model's weights after one more step."""
        self._averaged.update_parameters(self._followed)

    def resume(self, steps: int) -> None:
        """Go on after ``steps`` steps, when the copy's weights have been restored."""
        self._averaged.n_averaged.fill_(steps)

    def _move(self, averages: Tensors, weights: Tensors, steps: Tensor | int) -> None:
        count = int(steps)
        decay = min(self.decay, (1 + count) / (10 + count))
        torch._foreach_lerp_(list(averages), list(weights), 1 - decay)


# What epochs are chosen by; these are better the larger they are.
RISING = ("epoch", "bleu")


class Training:
    """One training run over ``train`` with a look at ``valid`` after each epoch.

    ``sampler`` says which of the pairs an epoch takes, all of them where it is None.
    ``state`` is the file that is written every few minutes, on SIGTERM and at the end, and from
    which the run continues with the same bytes.
    """

    def __init__(
        self,
        model: Translator,
        settings: Settings,
        train: ParallelData,
        valid: ParallelData,
        *,
        seed: int,
        state: Path | None = None,
        sampler: AuxiliarySampler | None = None,
    ) -> None:
        self.model, self.settings = model, settings
        self.train_data, self.valid_data = train, valid
        self.seed = seed
        self.sampler = sampler or AuxiliarySampler(len(train))
        self.optimisation = Optimisation(model, settings)
        decay = settings.training.averaging
        self.average = WeightAverage(model, decay) if decay else None
        options = settings.training
        self.steps = self.sampler.steps(options.batch_size, options.epochs)
        self.standing = Standing()
        self.best: dict[str, Tensor] = {}
        seconds = settings.training.save_seconds
        optimizer = self.optimisation.optimizer
        self.resumption = Resumption(state, self._weights(), optimizer, seconds)
        self._told = time.monotonic()

    def run(self) -> dict[str, Tensor]:
        """Train to the end, from the saved state if there is one, and return the chosen weights.

        Raises Stopped after SIGTERM, SIGINT or SIGHUP, when the state has been written, and
        InputError when a loss is no number.
        """
        options = self.settings.training
        with self.resumption.stop:
            self._resume()
            while self.standing.goes_on(options.epochs, options.patience):
                self._epoch()
            self.resumption.finish(self.standing, self.best)
        return self.best

    @property
    def chosen_from(self) -> Translator:
        """Return the model that is validated and whose weights are kept."""
        return self.average.model if self.average else self.model

    def _weights(self) -> nn.ModuleDict:
        """Return all modules whose weights belong to the state."""
        average = {"average": self.average.model} if self.average else {}
        return nn.ModuleDict({"model": self.model, **average})

    def _resume(self) -> None:
        self.best = self.resumption.resume(self.standing)
        if self.average:
            self.average.resume(self.standing.step)
        if self.standing.scaler:  # there is none before the first save
            self.optimisation.scaler.load_state_dict(self.standing.scaler)

    def _epoch(self) -> None:
        standing = self.standing
        order = self._order(standing.epoch)
        chance = forcing_chance(self.settings.forcing, standing.epoch)
        # Saved after the last batch but before validation, an epoch has no batch left.
        left = order[standing.batch :]
        self.model.train()
        with TERMINAL.bar(left, f"epoch {standing.epoch + 1}", unit="batch") as shown:
            for indices in shown:
                self._batch(indices, chance)
                shown.set_postfix_str(self._now(), refresh=False)
                if is_log():
                    self._tell(len(order))
                self._save_if_due()
        self._close_epoch(chance)

    def _order(self, epoch: int) -> list[Indices]:
        places = self.sampler.indices(self.seed, epoch)
        lengths = self.train_data.target_lengths[places]
        size = self.settings.training.batch_size
        return [places[batch] for batch in sortish_batches(lengths, size, self.seed, epoch)]

    def _batch(self, indices: ArrayLike, chance: float) -> None:
        started = time.monotonic()
        batch = self.train_data.batch(indices)
        first = momentum(self.settings.schedule, self.standing.step, self.steps)
        loss = self.optimisation.step(batch, chance, self._rate(self.standing.step), first)
        self._check(loss, "training loss")
        if self.average:
            self.average.update()
        self.standing.count(loss, int(batch.target_lengths.sum()), started)

    def _rate(self, step: int) -> float:
        highest = self.settings.training.learning_rate
        return learning_rate(self.settings.schedule, step, self.steps, highest)

    def _check(self, loss: float, name: str) -> None:
        if not math.isfinite(loss):
            raise InputError(
                f"{name} in epoch {self.standing.epoch + 1}: expected a number, got {loss}; "
                "lower learning_rate or set clip_norm"
            )

    def _close_epoch(self, chance: float) -> None:
        standing, options = self.standing, self.settings.training
        size = int(options.batch_size * VALIDATION_SCALE)
        own = free_run(self.chosen_from, self.valid_data, size)
        row = {
            "epoch": standing.epoch + 1,
            # Not the optimiser's, which has none yet when a run continues right here.
            "learning_rate": self._rate(standing.step - 1),
            "forcing": chance,
            "train_loss": standing.train_loss,
            "nll": nll_per_token(self.chosen_from, self.valid_data, size),
            "free_running_loss": own.loss,
            "bleu": own.bleu,
        }
        for loss in ("nll", "free_running_loss"):  # BLEU is a number whatever they are
            self._check(row[loss], loss)
        chosen = "epoch" if options.select == "last" else options.select
        value = -row[chosen] if chosen in RISING else row[chosen]
        if standing.close_epoch(row, value):
            self.best = copy_weights(self.chosen_from)
        print(standing.line(row, self.steps), file=sys.stderr)
        self._save_if_due()

    def _now(self) -> str:
        return f"train {self.standing.train_loss:.4f}  {self.standing.pace(self.steps)}"

    def _tell(self, batches: int) -> None:
        """Say in a log, which has no bar, how far the epoch has come."""
        if time.monotonic() - self._told >= LINE_SECONDS:
            self._told = time.monotonic()
            where = f"epoch {self.standing.epoch + 1:2d}  batch {self.standing.batch}/{batches}"
            print(f"{where}  {self._now()}", file=sys.stderr)

    def _save_if_due(self) -> None:
        if self.resumption.due:
            self.standing.scaler = self.optimisation.scaler.state_dict()
            self.resumption.save(self.standing, self.best)


@dataclass(frozen=True)
class Trained:
    """What a training gives: weights, the JSON beside them, a row per epoch, and its times."""

    weights: dict[str, Tensor]
    description: dict[str, Any]
    epochs: list[dict[str, float]]
    times: dict[str, Any]


@dataclass(frozen=True)
class Prepared:
    """A model on its device and the data it is for."""

    model: Translator
    settings: Settings
    train: ParallelData
    valid: ParallelData
    sampler: AuxiliarySampler


def prepare(block: Mapping[str, Any], seed: int, inputs: Mapping[str, str]) -> Prepared:
    """Return the untrained model of a variant's ``block`` and its data.

    ``block`` has variant, device and threads; ``inputs`` are fr_ids, en_ids, fr_embedding and
    en_embedding. Raises InputError when these do not belong together.
    """
    device = choose_device(block["device"], block["threads"])
    variant = block["variant"]
    settings = settings_from(variant)
    source, target = (
        _embedding(inputs, language) * settings.model.embedding_scale
        for language in variant["direction"].split("-")
    )
    first_tag = len(source) if variant["tag_versions"] else None
    train, valid, *others = (
        read_parallel(inputs["fr_ids"], inputs["en_ids"], split, variant["direction"], first_tag)
        for split in _splits(settings.training)
    )
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    if first_tag is not None:
        tags = torch.randn(len(train.target.versions), source.shape[1])
        source = torch.cat([source, tags * settings.model.embedding_scale])
    model = Translator(settings.model, source, target)
    return Prepared(
        model.to(device),
        settings,
        train.followed_by(*others),
        valid,
        _curriculum(settings.training, train, *others),
    )


def _splits(options: TrainingSettings) -> list[str]:
    return ["train", "valid", *["auxiliary"] * bool(options.auxiliary_pairs)]


def _curriculum(
    options: TrainingSettings, train: ParallelData, *others: ParallelData
) -> AuxiliarySampler:
    auxiliary = sum(map(len, others))
    return AuxiliarySampler(
        len(train), auxiliary, options.auxiliary_pairs, options.auxiliary_epochs
    )


def _embedding(inputs: Mapping[str, str], language: str) -> Tensor:
    """Return a language's matrix (words, width). Raises InputError when it lacks a word."""
    path, texts = inputs[f"{language}_embedding"], read_ids(inputs[f"{language}_ids"])
    matrix, highest = load_matrix(path), int(texts.ids.max(initial=0))
    if len(matrix) <= highest:
        raise InputError(
            f"{path}: expected rows for {highest + 1} words at least, got {len(matrix)}; "
            "build the embeddings again"
        )
    return torch.from_numpy(matrix)


def train(
    block: Mapping[str, Any],
    seed: int,
    inputs: Mapping[str, str],
    states: Path,
    code: Mapping[str, Any],
    save_seconds: float | None = None,
) -> Trained:
    """Return the translator of ``block`` trained with ``seed``, continuing a broken-off run.

    The state lives in ``states`` under a digest of all that the training depends on, ``code``
    among it. ``save_seconds``, how often it is saved, is no part of that; None takes the block's.
    Raises InputError when another process runs the same training.
    """
    key = state_key({"block": block, "seed": seed, "code": code}, inputs)
    state = states / f"{key}.safetensors"
    with exclusive(state):
        prepared = prepare(block, seed, inputs)
        training = Training(
            prepared.model,
            prepared.settings.saving_every(save_seconds),
            prepared.train,
            prepared.valid,
            seed=seed,
            state=state,
            sampler=prepared.sampler,
        )
        weights = training.run()
    standing = training.standing
    model = prepared.model
    tagged = prepared.train.first_tag is not None
    description = {
        "direction": block["variant"]["direction"],
        "target_versions": prepared.train.target.versions if tagged else [],
        "seed": seed,
        "settings": prepared.settings.as_dict(),
        "source": list(model.encoder.embedding.weight.shape),
        "target": list(model.decoder.embedding.weight.shape),
        "parameters": model.parameter_count(),
        "epochs": standing.epoch,
        "best_epoch": standing.best_epoch + 1,
    }
    times = {
        "train_seconds": round(standing.seconds, 3),
        "epochs": standing.epoch,
        "target_tokens_per_second": round(standing.tokens_per_second, 1),
        "device": training.optimisation.device.type,
        "threads": block["threads"],
    }
    return Trained(weights, description, standing.epochs, times)


COLUMNS = (
    "epoch",
    "learning_rate",
    "forcing",
    "train_loss",
    "nll",
    "free_running_loss",
    "bleu",
)


def write_metrics(path: str | Path, epochs: Sequence[Mapping[str, float]]) -> None:
    """Write one row per epoch; figures are written so that they read back exactly."""
    write_tsv(path, COLUMNS, ([repr(row[name]) for name in COLUMNS] for row in epochs))
