"""The epoch loop of all trainings: steps, checks, validation, best epoch, patience, checkpoints."""

import itertools
import math
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from wordbridge.errors import InputError
from wordbridge.files import write_tsv
from wordbridge.progress import LINE_SECONDS, TERMINAL, is_log
from wordbridge.training.checkpoint import Checkpointer
from wordbridge.training.device import resolve_precision
from wordbridge.training.schedules import LoopSettings, ScheduleSettings, learning_rate, momentum

Indices = NDArray[np.int64]

SMOOTHING = 0.98  # of the reported training loss, as in the lesson
HIGHER_IS_BETTER = ("epoch", "bleu")  # metrics that are better the larger they are


@dataclass
class TrainState:
    """The counters and metrics of an unfinished training, all of them JSON.

    ``smoothed`` and ``num_batches`` give the debiased running loss over the whole training;
    ``epochs`` has one row of metrics per finished epoch; ``seconds`` and ``items`` (tokens or
    images) count training steps only; ``precision`` is resolved at the first start, since "auto"
    may resolve otherwise on another machine; ``scaler`` is the state of float16's GradScaler.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    smoothed: float = 0.0
    num_batches: int = 0
    best_epoch: int = -1
    best_value: float | None = None
    seconds: float = 0.0
    items: int = 0
    epochs: list[dict[str, float]] = field(default_factory=list)
    precision: str = ""
    scaler: dict[str, Any] = field(default_factory=dict)

    def smooth(self, loss: float) -> None:
        """Add the loss of one batch to the running loss."""
        self.smoothed = SMOOTHING * self.smoothed + (1 - SMOOTHING) * loss
        self.num_batches += 1

    @property
    def train_loss(self) -> float:
        """Return the debiased exponential average of the losses of the batches."""
        return self.smoothed / (1 - SMOOTHING**self.num_batches)

    @property
    def items_per_second(self) -> float:
        """Return items per second of training; 0 before the clock has moved."""
        return self.items / self.seconds if self.seconds else 0.0

    def end_step(self, loss: float, items: int, seconds: float) -> None:
        """Count a step with its loss, the size of its batch and the time that it took."""
        self.smooth(loss)
        self.batch += 1
        self.step += 1
        self.items += items
        self.seconds += seconds

    def end_epoch(self, row: dict[str, float], value: float) -> bool:
        """Add a finished epoch's metrics; return whether ``value`` is the smallest so far."""
        better = self.best_value is None or value < self.best_value
        if better:
            self.best_value, self.best_epoch = value, self.epoch
        self.epochs.append(row)
        self.epoch, self.batch = self.epoch + 1, 0
        return better

    def should_continue(self, epochs: int, patience: int | None) -> bool:
        """Return whether an epoch remains, and the best epoch is within ``patience`` epochs."""
        is_stale = patience is not None and self.epoch - 1 - self.best_epoch >= patience
        return self.epoch < epochs and not is_stale


class Trainer(ABC):
    """One training of ``model``, resumable at any batch with the same bytes.

    A subclass defines the batches of an epoch, the loss of a batch and the validation after each
    epoch; ``metrics`` are the columns of an epoch's row, ``unit`` is the unit of a batch's size.
    ``steps`` is the number of steps of all epochs. The state of the training, which includes the
    parameters of ``saved``, is written to ``checkpoint`` every ``checkpoint_seconds``, on SIGTERM
    and at the end.
    """

    metrics: ClassVar[tuple[str, ...]]
    unit: ClassVar[str]

    def __init__(
        self,
        model: nn.Module,
        options: LoopSettings,
        schedule: ScheduleSettings,
        steps: int,
        saved: nn.Module,
        checkpoint: Path | None,
        checkpoint_seconds: float,
        clip_norm: float | None = None,
        precision: str = "float32",
    ) -> None:
        self.model, self.options, self.schedule, self.steps = model, options, schedule, steps
        self.device = next(model.parameters()).device
        self.clip_norm, self.precision = clip_norm, resolve_precision(precision, self.device)
        self.optimizer = torch.optim.Adam(
            model.parameters(),
            lr=options.learning_rate,
            betas=(options.betas[0], options.betas[1]),
            weight_decay=options.weight_decay,
            fused=True,  # one pass over each tensor, on CPU and GPU alike
        )
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self.precision == "float16")
        self.state, self.best = TrainState(), dict[str, Tensor]()
        self.checkpointer = Checkpointer(checkpoint, saved, self.optimizer, checkpoint_seconds)
        self._last_line = self._last_shown = time.monotonic()

    @abstractmethod
    def batches(self, epoch: int) -> list[Indices]:
        """Return the batches of ``epoch`` (from 0): a pure function of seed and epoch."""

    @abstractmethod
    def losses(self, indices: Indices) -> tuple[Tensor, Tensor]:
        """Return the loss of a batch to report, and the loss to minimise."""

    @abstractmethod
    def validate(self) -> dict[str, float]:
        """Return the remaining metrics of the epoch that has just ended."""

    @abstractmethod
    def weights(self) -> dict[str, Tensor]:
        """Return copies of the weights that the training would return now."""

    def items(self, indices: Indices) -> int:
        """Return the size of a batch in ``unit``."""
        return len(indices)

    def start_epoch(self) -> None:
        """Prepare the model for the batches of the epoch ``state.epoch``."""
        self.model.train()

    def run(self) -> dict[str, Tensor]:
        """Train to the end, from the saved state if there is one; return the best weights.

        Raises Stopped after SIGTERM, SIGINT or SIGHUP, when the state has been written, and
        InputError when a loss is not finite.
        """
        with self.checkpointer.deferred_signals():
            self.resume()
            while self.state.should_continue(self.options.epochs, self.options.patience):
                self._train_epoch()
            self.checkpointer.finish(asdict(self.state), self.best)
        return self.best

    def resume(self) -> None:
        """Restore the saved state of this training, if there is one."""
        self.best, values = self.checkpointer.load()
        vars(self.state).update(values)
        self.precision = self.state.precision = self.state.precision or self.precision
        if self.state.scaler:
            self.scaler.load_state_dict(self.state.scaler)

    def step(self, indices: Indices, rate: float, beta: float | None) -> float:
        """Return the loss of one batch after one step with the learning rate ``rate``.

        ``beta`` is Adam's first beta, or None to keep it.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = rate
            if beta is not None:
                group["betas"] = (beta, group["betas"][1])
        with self._autocast():
            loss, objective = self.losses(indices)
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(objective).backward()
        if self.clip_norm is not None:
            self.scaler.unscale_(self.optimizer)
            clip_grad_norm_(self.model.parameters(), self.clip_norm)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return float(loss.detach())

    def range_test_step(self) -> Callable[[float], float]:
        """Return a function that trains on the next batch with a learning rate, for lr_finder."""
        self.model.train()
        batches = (batch for epoch in itertools.count() for batch in self.batches(epoch))
        return lambda rate: self.step(next(batches), rate, None)

    def _autocast(self) -> AbstractContextManager[object]:
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=getattr(torch, self.precision))

    def _train_epoch(self) -> None:
        batches = self.batches(self.state.epoch)
        self.start_epoch()
        # Of an epoch that was saved between its last batch and validation, no batch remains.
        remaining = batches[self.state.batch :]
        with TERMINAL.bar(remaining, f"epoch {self.state.epoch + 1}", unit="batch") as bar:
            for indices in bar:
                started, step = time.monotonic(), self.state.step
                beta = momentum(self.schedule, step, self.steps)
                loss = self.step(indices, self._rate(step), beta)
                self._check_finite("training loss", loss)
                self.state.end_step(loss, self.items(indices), time.monotonic() - started)
                bar.set_postfix_str(self._progress(), refresh=False)
                self._log_progress(len(batches))
                self._save_if_due()
        self._end_epoch()

    def _end_epoch(self) -> None:
        state = self.state
        values = {
            "epoch": state.epoch + 1,
            # The optimizer's rate is not set yet when a training resumes here.
            "learning_rate": self._rate(state.step - 1),
            "train_loss": state.train_loss,
            **self.validate(),
        }
        for name, value in values.items():
            self._check_finite(name, value)
        row = {name: values[name] for name in self.metrics}
        # The last epoch is the one with the highest number.
        metric = "epoch" if self.options.keep_epoch == "last" else self.options.keep_epoch
        value = -row[metric] if metric in HIGHER_IS_BETTER else row[metric]
        if state.end_epoch(row, value):
            self.best = self.weights()
        figures = "  ".join(f"{name} {value:.5g}" for name, value in row.items())
        print(f"{figures}  {self._speed()}", file=sys.stderr)
        shown = "train_loss" if metric == "epoch" else metric
        self._show_epoch(f"{shown} {row[shown]:.4g}")
        self._save_if_due()

    def _show_epoch(self, result: str) -> None:
        """Show how far the training is, at most once in LINE_SECONDS."""
        if time.monotonic() - self._last_shown >= LINE_SECONDS:
            self._last_shown = time.monotonic()
            epoch = f"epoch {self.state.epoch} of {self.options.epochs}"
            minutes = math.ceil(self._seconds_left() / 60)
            TERMINAL.show(f"{epoch}, {result}, {minutes} min left")

    def _rate(self, step: int) -> float:
        return learning_rate(self.schedule, step, self.steps, self.options.learning_rate)

    def _check_finite(self, name: str, value: float) -> None:
        if not math.isfinite(value):
            raise InputError(
                f"{name} in epoch {self.state.epoch + 1}: expected a finite number, got {value}; "
                "lower learning_rate, or set clip_norm where there is one"
            )

    def _progress(self) -> str:
        return f"train_loss {self.state.train_loss:.4f}  {self._speed()}"

    def _speed(self) -> str:
        speed = f"{self.state.items_per_second:,.0f} {self.unit}/s"
        return f"{speed}  {self._seconds_left():.0f} s left"

    def _seconds_left(self) -> float:
        return self.state.seconds / max(self.state.step, 1) * (self.steps - self.state.step)

    def _log_progress(self, batches: int) -> None:
        """Print how far the epoch is to a log, which has no bar."""
        if is_log() and time.monotonic() - self._last_line >= LINE_SECONDS:
            self._last_line = time.monotonic()
            position = f"epoch {self.state.epoch + 1}  batch {self.state.batch}/{batches}"
            print(f"{position}  {self._progress()}", file=sys.stderr)

    def _save_if_due(self) -> None:
        if self.checkpointer.due:
            self.state.scaler = self.scaler.state_dict()
            self.checkpointer.save(asdict(self.state), self.best)


def write_metrics(path: str | Path, epochs: Sequence[dict[str, float]]) -> None:
    """Write one row per epoch; the figures read back exactly."""
    write_tsv(path, epochs[0], ([repr(value) for value in row.values()] for row in epochs))
