"""Learning rate and first momentum of each step of a training."""

import math
from collections.abc import Mapping
from typing import Any

from wordbridge.corpus.batches import AuxiliarySampler
from wordbridge.translation.settings import ScheduleSettings, settings_from


def learning_rate(settings: ScheduleSettings, step: int, steps: int, highest: float) -> float:
    """Return the learning rate of ``step`` (from 0) out of ``steps``."""
    if settings.kind == "constant":
        return highest
    if settings.kind == "inverse_sqrt":  # Vaswani et al. 2017, section 5.3, highest at the warm-up
        warmup = settings.warmup
        return highest * min((step + 1) / warmup, math.sqrt(warmup / (step + 1)))
    low = highest / settings.divisor
    if settings.kind == "triangular":
        return low + (highest - low) * _triangle(step, int(steps / settings.cut), steps)
    rise = _rise(settings, steps)
    if step < 2 * rise:
        return low + (highest - low) * _triangle(step, rise, 2 * rise)
    rest = (step - 2 * rise) / max(1.0, steps - 2 * rise)
    return low + (low / 100 - low) * rest


def momentum(settings: ScheduleSettings, step: int, steps: int) -> float | None:
    """Return Adam's first beta: high where the learning rate is low, or None to leave it."""
    high, lowest = settings.momentum_high, settings.momentum_low
    if high is None or lowest is None or settings.kind not in ("triangular", "one_cycle"):
        return None
    if settings.kind == "triangular":
        return high - (high - lowest) * _triangle(step, int(steps / settings.cut), steps)
    rise = _rise(settings, steps)
    if step >= 2 * rise:
        return high
    return high - (high - lowest) * _triangle(step, rise, 2 * rise)


def _rise(settings: ScheduleSettings, steps: int) -> int:
    """Return the steps of one_cycle's way up; as many go down, the rest is the final descent."""
    return int(steps * (1 - settings.final_percent / 100) / 2)


def _triangle(step: int, peak: int, end: int) -> float:
    """Return 0 .. 1 .. 0: up to ``peak`` and down to ``end``, as fastai's use_clr does."""
    if step <= peak:
        return step / peak if peak else 1.0
    return max(0.0, 1 - (step - peak) / (end - peak))


def curves(
    variants: Mapping[str, Mapping[str, Any]], pairs: int, auxiliary: int
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return each variant's learning rates and momenta per step.

    ``variants`` are blocks of the configuration; ``pairs`` and ``auxiliary`` are the sizes of the
    parts that are learned from. Variants whose momentum stays as it is are not among the momenta.
    """
    rates, momenta = {}, {}
    for name, block in variants.items():
        settings = settings_from(block)
        options = settings.training
        sampler = AuxiliarySampler(
            pairs, auxiliary, options.auxiliary_pairs, options.auxiliary_epochs
        )
        steps, highest = sampler.steps(options.batch_size, options.epochs), options.learning_rate
        rates[name] = [learning_rate(settings.schedule, at, steps, highest) for at in range(steps)]
        moving = [momentum(settings.schedule, at, steps) for at in range(steps)]
        known = [value for value in moving if value is not None]
        if known:
            momenta[name] = known
    return rates, momenta
