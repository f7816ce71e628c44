"""Settings of the epoch loop, and the learning rate and momentum of each step."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class LoopSettings:
    """Settings of every training: epochs, Adam, and which epoch's weights are kept.

    ``keep_epoch`` is the metric that selects the epoch, or "last"; ``patience`` ends a training
    after this many epochs without a better value.
    """

    epochs: int
    learning_rate: float
    batch_size: int
    betas: Sequence[float]
    weight_decay: float
    keep_epoch: str
    patience: int | None


@dataclass(frozen=True)
class ScheduleSettings:
    """How learning rate and momentum (Adam's first beta) change over a training.

    ``triangular`` rises from 1/``divisor`` of the highest rate during 1/``cut`` of the steps and
    falls back; ``one_cycle`` rises and falls symmetrically and descends during the last
    ``final_percent`` of the steps; ``inverse_sqrt`` is highest after ``warmup`` steps.
    """

    kind: Literal["triangular", "one_cycle", "inverse_sqrt", "constant"]
    divisor: float
    cut: float
    final_percent: float
    warmup: int
    momentum_high: float | None
    momentum_low: float | None


def learning_rate(settings: ScheduleSettings, step: int, steps: int, highest: float) -> float:
    """Return the learning rate of ``step`` (from 0) out of ``steps``."""
    if settings.kind == "constant":
        return highest
    if settings.kind == "inverse_sqrt":  # Vaswani et al. 2017, section 5.3, highest at the warm-up
        warmup = settings.warmup
        return highest * min((step + 1) / warmup, math.sqrt(warmup / (step + 1)))
    low, (peak, end) = highest / settings.divisor, _cycle(settings, steps)
    if settings.kind == "one_cycle" and step >= end:
        return low + (low / 100 - low) * ((step - end) / max(1.0, steps - end))
    return low + (highest - low) * _triangle(step, peak, end)


def momentum(settings: ScheduleSettings, step: int, steps: int) -> float | None:
    """Return Adam's first beta, high where the learning rate is low, or None to keep it."""
    high, low = settings.momentum_high, settings.momentum_low
    if high is None or low is None or settings.kind not in ("triangular", "one_cycle"):
        return None
    return high - (high - low) * _triangle(step, *_cycle(settings, steps))


def _triangle(step: int, peak: int, end: int) -> float:
    """Return a value that rises from 0 to 1 at ``peak`` and falls to 0 at ``end`` (use_clr)."""
    if step >= end:
        return 0.0
    if step <= peak:
        return step / peak if peak else 1.0
    return 1 - (step - peak) / (end - peak)


def _cycle(settings: ScheduleSettings, steps: int) -> tuple[int, int]:
    """Return the steps at which the rise and the fall of triangular or one_cycle end."""
    if settings.kind == "triangular":
        return int(steps / settings.cut), steps
    rise = int(steps * (1 - settings.final_percent / 100) / 2)
    return rise, 2 * rise
