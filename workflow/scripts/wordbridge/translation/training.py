"""Training of one translator: the lesson's loop, resumable at any batch."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from wordbridge.corpus.batches import Batch, ParallelData, sortish_batches
from wordbridge.corpus.specials import PAD
from wordbridge.errors import InputError
from wordbridge.translation.checkpoint import load_state, save_state, weights_of
from wordbridge.translation.forcing import draw_forced, forcing_chance
from wordbridge.translation.loss import activation_penalty, lesson_loss, word_loss
from wordbridge.translation.schedules import learning_rate, momentum
from wordbridge.translation.settings import Settings
from wordbridge.translation.translator import Decoded, Translator
from wordbridge.translation.validation import free_running_losses, nll_per_token

SMOOTHING = 0.98  # of the printed training loss, as in the lesson
VALIDATION_SCALE = 1.6  # validation batches are so much larger, as in the lesson


@dataclass
class Progress:
    """Where a training stands; all of it is JSON.

    ``smoothed`` and ``seen`` make the debiased running loss over the whole training; ``epochs``
    has one row of figures per finished epoch; ``seconds`` and ``tokens`` are spent on training
    steps alone.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    smoothed: float = 0.0
    seen: int = 0
    best_epoch: int = -1
    best_value: float = float("inf")
    seconds: float = 0.0
    tokens: int = 0
    epochs: list[dict[str, float]] = field(default_factory=list)

    def smooth(self, loss: float) -> float:
        """Take in one batch's loss and return the debiased exponential average."""
        self.smoothed = SMOOTHING * self.smoothed + (1 - SMOOTHING) * loss
        self.seen += 1
        return self.smoothed / (1 - SMOOTHING**self.seen)


class Stopped(Exception):
    """Training was asked to stop by a signal; its state is saved."""


class Training:
    """One training run over ``train`` with a look at ``valid`` after each epoch.

    ``max_steps`` is the longest output, the lesson's out_sl; ``state`` the file that is written
    every few minutes and on SIGTERM, and from which the run continues with the same bytes.
    """

    def __init__(
        self,
        model: Translator,
        settings: Settings,
        train: ParallelData,
        valid: ParallelData,
        *,
        seed: int,
        max_steps: int,
        state: Path | None = None,
    ) -> None:
        self.model, self.settings = model, settings
        self.train_data, self.valid_data = train, valid
        self.seed, self.max_steps, self.state = seed, max_steps, state
        options = settings.training
        self.device = next(model.parameters()).device
        self.optimizer = torch.optim.Adam(
            model.parameters(),
            lr=options.learning_rate,
            betas=options.betas,
            weight_decay=options.weight_decay,
            fused=True,  # one pass over each tensor, on CPU and GPU alike
        )
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=options.precision == "float16")
        self.per_epoch = -(-len(train) // options.batch_size)
        self.progress = Progress()
        self.best: dict[str, Tensor] = {}
        self._stop = False
        self._saved = time.monotonic()

    def run(self) -> dict[str, Tensor]:
        """Train to the end, from the saved state if there is one, and return the chosen weights.

        Raises Stopped after SIGTERM or SIGINT, when the state has been written.
        """
        self._resume()
        with _on_signal(self._ask_to_stop):
            while self.progress.epoch < self.settings.training.epochs and not self._given_up():
                self._epoch()
        return self.best

    def _resume(self) -> None:
        found = None
        if self.state is not None:
            found = load_state(self.state, self.model, self.optimizer)
        if found is not None:
            self.best, progress = found
            self.progress = Progress(**progress)
            where = f"epoch {self.progress.epoch + 1}, batch {self.progress.batch}"
            print(f"continuing at {where}", file=sys.stderr)

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._stop = True

    def _given_up(self) -> bool:
        patience = self.settings.training.patience
        waited = self.progress.epoch - 1 - self.progress.best_epoch
        return patience is not None and self.progress.epoch > 0 and waited >= patience

    def _epoch(self) -> None:
        progress, options = self.progress, self.settings.training
        order = sortish_batches(
            self.train_data.target_lengths, options.batch_size, self.seed, progress.epoch
        )
        chance = forcing_chance(self.settings.forcing, progress.epoch)
        left = order[progress.batch :]
        shown = tqdm(left, desc=f"epoch {progress.epoch + 1}", unit="batch", disable=None)
        self.model.train()
        for indices in shown:
            started = time.monotonic()
            batch = self.train_data.batch(indices)
            self._set_rates()
            loss = self._step(batch.to(self.device), chance)
            if loss != loss:  # not a number
                raise InputError(
                    f"the training loss is not a number in epoch {progress.epoch + 1}; "
                    "lower learning_rate or set clip_norm"
                )
            train_loss = progress.smooth(loss)
            progress.tokens += int(batch.target_lengths.sum())
            progress.seconds += time.monotonic() - started
            progress.batch += 1
            progress.step += 1
            shown.set_postfix(loss=f"{train_loss:.3f}")
            self._save_if_due()
        self._close_epoch(chance)

    def step_at(self, batch: Batch, rate: float) -> float:
        """Return the loss of one batch after a step with this learning rate, in epoch 0."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        return self._step(batch.to(self.device), forcing_chance(self.settings.forcing, 0))

    def _step(self, batch: Batch, chance: float) -> float:
        """Return the loss of one batch after one step of the optimiser."""
        with self._precision():
            loss, penalty = self._losses(batch, chance)
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss + penalty).backward()
        clip = self.settings.training.clip_norm
        if clip is not None:
            self.scaler.unscale_(self.optimizer)
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return float(loss.detach())

    def _precision(self) -> Any:
        precision = self.settings.training.precision
        if precision == "float32":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=getattr(torch, precision))

    def _set_rates(self) -> None:
        step, steps = self.progress.step, self.per_epoch * self.settings.training.epochs
        highest, schedule = self.settings.training.learning_rate, self.settings.schedule
        first = momentum(schedule, step, steps)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(schedule, step, steps, highest)
            if first is not None:
                group["betas"] = (first, group["betas"][1])

    def _losses(self, batch: Batch, chance: float) -> tuple[Tensor, Tensor]:
        options = self.settings.training
        # The lesson's model has no end of its own and may run on beyond the target.
        steps = len(batch.target) if self.model.settings.stop_at_eos else self.max_steps
        size = batch.target.shape[1]
        forced = draw_forced(self.settings.forcing, chance, steps, size)
        decoded: Decoded = self.model(
            batch.source,
            batch.source_lengths.cpu(),
            steps,
            batch.target,
            None if forced is None else forced.to(self.device),
        )
        penalty = activation_penalty(
            decoded.states,
            decoded.dropped,
            options.activation_regularisation,
            options.temporal_regularisation,
        )
        if options.count_padding:
            return lesson_loss(self.model.logits(decoded.dropped), batch.target), penalty
        words = batch.target != PAD
        logits = self.model.logits(decoded.dropped[words])
        return word_loss(logits, batch.target[words], options.label_smoothing), penalty

    def _close_epoch(self, chance: float) -> None:
        progress, options = self.progress, self.settings.training
        size = int(options.batch_size * VALIDATION_SCALE)
        row = {
            "epoch": progress.epoch + 1,
            "learning_rate": self.optimizer.param_groups[0]["lr"],
            "forcing": chance,
            "train_loss": progress.smoothed / (1 - SMOOTHING**progress.seen),
            "nll": nll_per_token(self.model, self.valid_data, size),
            "free_running_loss": free_running_losses(self.model, self.valid_data, size),
        }
        value = row[options.select] if options.select != "last" else -row["epoch"]
        if value < progress.best_value:
            progress.best_value, progress.best_epoch = value, progress.epoch
            self.best = weights_of(self.model)
        progress.epochs.append(row)
        progress.epoch, progress.batch = progress.epoch + 1, 0
        self._print(row)
        self._save_if_due()

    def _print(self, row: dict[str, float]) -> None:
        progress = self.progress
        pace = progress.seconds / progress.step
        left = pace * (self.per_epoch * self.settings.training.epochs - progress.step)
        print(
            f"epoch {row['epoch']:2d}  train {row['train_loss']:.4f}  "
            f"valid {row['free_running_loss']:.4f}  nll {row['nll']:.4f}  "
            f"{progress.tokens / progress.seconds:,.0f} tokens/s  {left:.0f} s left",
            file=sys.stderr,
        )

    def _save_if_due(self) -> None:
        due = time.monotonic() - self._saved > self.settings.training.save_seconds
        if self.state is not None and (due or self._stop):
            save_state(self.state, self.model, self.optimizer, self.best, asdict(self.progress))
            self._saved = time.monotonic()
        if self._stop:
            raise Stopped


@contextmanager
def _on_signal(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Call ``handler`` on SIGTERM and SIGINT while the block runs."""
    before = {number: signal.signal(number, handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
