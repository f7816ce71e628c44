"""The learning-rate range test (Smith 2017, section 3.3) of any training, as fastai's lr_find.

The learning-rate range test of a translator.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from wordbridge.corpus.batches import sortish_batches
from wordbridge.errors import InputError
from wordbridge.files import write_tsv
from wordbridge.training.loop import Standing
from wordbridge.translation.forcing import forcing_chance
from wordbridge.translation.training import Optimisation, Prepared

GIVE_UP = 4.0  # times the smallest loss so far
FIRST_BEST = 10  # the smallest loss is looked for only after so many steps


@dataclass(frozen=True)
class RangeTest:
    """Learning rates and smoothed losses, one per step, and the suggested highest rate."""

    rates: list[float]
    losses: list[float]
    suggestion: float


def range_test(
    step: Callable[[int, float], float], steps: int, lowest: float, highest: float, cause: str
) -> RangeTest:
    """Return losses while the rate grows by an equal factor in each of ``steps``.

    ``step`` does the one of a number with a rate and returns its loss. Stops when the loss is
    four times its smallest value or no number. Raises InputError, which names a likely ``cause``,
    when already the first loss is no number.
    """
    rates, losses, standing, best = list[float](), list[float](), Standing(), float("inf")
    for number in range(steps):
        rate = lowest * (highest / lowest) ** (number / steps)
        loss = step(number, rate)
        standing.smooth(loss)
        if not math.isfinite(loss) or standing.train_loss > GIVE_UP * best:
            break
        rates.append(rate)
        losses.append(standing.train_loss)
        if number > FIRST_BEST:
            best = min(best, standing.train_loss)
    if not rates:
        raise InputError(
            f"the loss of the first batch: expected a number, got {loss}; "
            f"lower the range test's lowest rate, or look at the {cause}"
        )
    return RangeTest(rates, losses, suggested(rates, losses))


def suggested(rates: list[float], losses: list[float]) -> float:
    """Return the rate at the steepest fall of the loss against the logarithm of the rate."""
    if len(rates) < 3:
        return rates[0]
    logs = torch.tensor(rates, dtype=torch.float64).log()
    (slopes,) = torch.gradient(torch.tensor(losses, dtype=torch.float64), spacing=(logs,))
    lowest = int(torch.tensor(losses).argmin())
    return rates[int(slopes[: lowest + 1].argmin())]


def write_range_test(path: str | Path, found: RangeTest) -> None:
    """Write a row per step; the suggested rate is marked in the last column."""
    rows = (
        (repr(rate), repr(loss), str(rate == found.suggestion).lower())
        for rate, loss in zip(found.rates, found.losses, strict=True)
    )
    write_tsv(path, ("learning_rate", "loss", "suggested"), rows)


def find_learning_rate(prepared: Prepared, seed: int, lowest: float, highest: float) -> RangeTest:
    """Return losses while the rate grows in each step of one epoch; see ``range_test``.

    The model is changed.
    """
    optimisation = Optimisation(prepared.model, prepared.settings)
    chance = forcing_chance(prepared.settings.forcing, 0)
    size = prepared.settings.training.batch_size
    places = prepared.sampler.indices(seed, 0)
    order = sortish_batches(prepared.train.target_lengths[places], size, seed, 0)
    prepared.model.train()

    def step(number: int, rate: float) -> float:
        batch = prepared.train.batch(places[order[number]])
        return optimisation.step(batch, chance, rate, None)

    return range_test(step, len(order), lowest, highest, "embeddings")
