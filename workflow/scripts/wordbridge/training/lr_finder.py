"""The learning-rate range test (Smith 2017, section 3.3) of any training, as fastai's lr_find."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch

from wordbridge.errors import InputError
from wordbridge.files import write_tsv
from wordbridge.training.loop import TrainState

EXPLOSION = 4.0  # the test ends at this multiple of the smallest loss so far
FIRST_BEST = 10  # the smallest loss counts only after this many steps


class RangeTest(NamedTuple):
    """Learning rates and smoothed losses, one per step, and the suggested peak learning rate."""

    rates: list[float]
    losses: list[float]
    suggestion: float


def range_test(
    step: Callable[[float], float], steps: int, lowest: float, highest: float
) -> RangeTest:
    """Return rates and losses while the learning rate grows by a constant factor per step.

    ``step`` trains on the next batch with a learning rate and returns the loss, as
    ``Trainer.range_test_step`` does. Ends early when the smoothed loss is four times its smallest
    value or not finite. Raises InputError when the first loss is not finite.
    """
    rates: list[float] = []
    losses: list[float] = []
    state, best = TrainState(), math.inf
    for number in range(steps):
        rate = lowest * (highest / lowest) ** (number / steps)
        loss = step(rate)
        state.smooth(loss)
        if not math.isfinite(loss) or state.train_loss > EXPLOSION * best:
            break
        rates.append(rate)
        losses.append(state.train_loss)
        if number > FIRST_BEST:
            best = min(best, state.train_loss)
    if not rates:
        raise InputError(
            f"loss of the first batch: expected a finite number, got {loss}; lower "
            "range_test.lowest, or check the inputs of the training"
        )
    return RangeTest(rates, losses, suggest_rate(rates, losses))


def suggest_rate(rates: list[float], losses: list[float]) -> float:
    """Return the rate at the steepest fall of the loss against the logarithm of the rate."""
    if len(rates) < 3:
        return rates[0]
    logs = torch.tensor(rates, dtype=torch.float64).log()
    (slopes,) = torch.gradient(torch.tensor(losses, dtype=torch.float64), spacing=(logs,))
    lowest = int(torch.tensor(losses).argmin())
    return rates[int(slopes[: lowest + 1].argmin())]


def write_range_test(path: str | Path, result: RangeTest) -> None:
    """Write a row per step; the last column marks the suggested rate."""
    rows = (
        (repr(rate), repr(loss), str(rate == result.suggestion).lower())
        for rate, loss in zip(result.rates, result.losses, strict=True)
    )
    write_tsv(path, ("learning_rate", "loss", "suggested"), rows)
