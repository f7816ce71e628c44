"""The learning-rate range test (Smith 2017, section 3.3) as fastai's lr_find does it."""

import math
from dataclasses import dataclass
from pathlib import Path

import torch

from wordbridge.corpus.batches import sortish_batches
from wordbridge.errors import InputError
from wordbridge.table_file import write_table
from wordbridge.translation.forcing import forcing_chance
from wordbridge.translation.job import Prepared
from wordbridge.translation.optimisation import Optimisation
from wordbridge.translation.standing import SMOOTHING

GIVE_UP = 4.0  # times the smallest loss so far
FIRST_BEST = 10  # the smallest loss is looked for only after so many steps


@dataclass(frozen=True)
class RangeTest:
    """Learning rates and smoothed losses, one per step, and the suggested highest rate."""

    rates: list[float]
    losses: list[float]
    suggestion: float


def find_learning_rate(prepared: Prepared, seed: int, lowest: float, highest: float) -> RangeTest:
    """Return losses while the rate grows by an equal factor each step of one epoch.

    Stops when the loss is four times its smallest value or no number. The model is changed.
    Raises InputError when already the first loss is no number.
    """
    optimisation = Optimisation(prepared.model, prepared.settings)
    chance = forcing_chance(prepared.settings.forcing, 0)
    size = prepared.settings.training.batch_size
    places = prepared.curriculum.places(seed, 0)
    order = sortish_batches(prepared.train.target_lengths[places], size, seed, 0)
    rates, losses, average, best = [], [], 0.0, float("inf")
    prepared.model.train()
    for step, chosen in enumerate(order):
        rate = lowest * (highest / lowest) ** (step / len(order))
        loss = optimisation.step(prepared.train.batch(places[chosen]), chance, rate, None)
        average = SMOOTHING * average + (1 - SMOOTHING) * loss
        smoothed = average / (1 - SMOOTHING ** (step + 1))
        if not math.isfinite(smoothed) or smoothed > GIVE_UP * best:
            break
        rates.append(rate)
        losses.append(smoothed)
        if step > FIRST_BEST:
            best = min(best, smoothed)
    if not rates:
        raise InputError(
            f"the loss of the first batch: expected a number, got {loss}; "
            "lower the range test's lowest rate, or look at the embeddings"
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
    write_table(path, ("learning_rate", "loss", "suggested"), rows)
