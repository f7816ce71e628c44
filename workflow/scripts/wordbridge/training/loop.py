"""Where a training stands: what is counted, what is told, what is kept to continue from."""

import time
from dataclasses import dataclass, field
from typing import Any

SMOOTHING = 0.98  # of the printed training loss, as in the lesson


@dataclass
class Standing:
    """Everything about an unfinished training that is no tensor; all of it is JSON.

    ``smoothed`` and ``seen`` make the debiased running loss over the whole training; ``epochs``
    has one row of figures per finished epoch; ``seconds`` and ``tokens`` are spent on training
    steps alone; ``spent`` is the elapsed time of the job at the last save; ``scaler`` is the
    state of the gradient scaler of float16.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    smoothed: float = 0.0
    seen: int = 0
    best_epoch: int = -1
    best_value: float | None = None
    seconds: float = 0.0
    tokens: int = 0
    spent: float = 0.0
    epochs: list[dict[str, float]] = field(default_factory=list)
    scaler: dict[str, Any] = field(default_factory=dict)

    def count(self, loss: float, tokens: int, started: float) -> None:
        """Take in a step's loss and its target tokens, and the time since ``started``."""
        self.smooth(loss)
        self.batch += 1
        self.step += 1
        self.tokens += tokens
        self.seconds += time.monotonic() - started

    def smooth(self, loss: float) -> None:
        """Take in one batch's loss."""
        self.smoothed = SMOOTHING * self.smoothed + (1 - SMOOTHING) * loss
        self.seen += 1

    @property
    def train_loss(self) -> float:
        """Return the debiased exponential average of the batches' losses."""
        return self.smoothed / (1 - SMOOTHING**self.seen)

    @property
    def tokens_per_second(self) -> float:
        """Return target tokens per second of training; 0 before the clock has moved."""
        return self.tokens / self.seconds if self.seconds else 0.0

    def close_epoch(self, row: dict[str, float], value: float) -> bool:
        """Take in a finished epoch's row; return whether ``value`` is the smallest so far."""
        better = self.best_value is None or value < self.best_value
        if better:
            self.best_value, self.best_epoch = value, self.epoch
        self.epochs.append(row)
        self.epoch, self.batch = self.epoch + 1, 0
        return better

    def goes_on(self, epochs: int, patience: int | None) -> bool:
        """Return whether one more of ``epochs`` comes: not ``patience`` ones after the best."""
        given_up = patience is not None and self.epoch - 1 - self.best_epoch >= patience
        return self.epoch < epochs and not given_up

    def line(self, row: dict[str, float], steps: int) -> str:
        """Return the line about an epoch of a training of ``steps`` steps."""
        return (
            f"epoch {row['epoch']:2d}  train {row['train_loss']:.4f}  "
            f"valid {row['free_running_loss']:.4f}  nll {row['nll']:.4f}  "
            f"bleu {row['bleu']:.2f}  {self.pace(steps)}"
        )

    def pace(self, steps: int) -> str:
        """Return speed and time left (seconds) as text."""
        left = self.seconds / max(self.step, 1) * (steps - self.step)
        return f"{self.tokens_per_second:,.0f} tokens/s  {left:.0f} s left"
