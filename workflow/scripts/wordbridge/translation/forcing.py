"""Teacher forcing: how often the decoder reads the true previous word."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor


@dataclass(frozen=True)
class ForcingSettings:
    """The probability that the decoder reads the true previous word, per epoch.

    The linear descent starts from the first epoch, or after ``hold_epochs``, and reaches 0 after
    ``epochs``; ``rate`` is the constant's value, the exponential's base and the inverse sigmoid's
    k (Bengio et al. 2015, section 2.4). One draw is for a whole batch, a sequence or a token.
    """

    schedule: Literal["none", "linear", "constant", "exponential", "inverse_sigmoid"]
    epochs: int
    hold_epochs: int
    rate: float
    sampling_unit: Literal["batch", "sequence", "token"]


def forcing_chance(settings: ForcingSettings, epoch: int) -> float:
    """Return the probability of forcing in ``epoch`` (from 0).

    The lesson's linear descent is 1, .9, ... .1, 0 over 10 epochs; exponential k^i and
    inverse sigmoid k / (k + exp(i / k)) are those of Bengio et al. 2015, section 2.4.
    """
    rate = settings.rate
    if settings.schedule == "none":
        return 0.0
    if settings.schedule == "constant":
        return rate
    if settings.schedule == "linear":
        descent = (settings.epochs - epoch) / (settings.epochs - settings.hold_epochs)
        return rate * min(1.0, max(0.0, descent))
    if settings.schedule == "exponential":
        return float(rate**epoch)
    return rate / (rate + math.exp(min(epoch / rate, 700.0)))  # exp(710) is too large for a float


def draw_forced(settings: ForcingSettings, chance: float, steps: int, batch: int) -> Tensor | None:
    """Return which words are forced (steps, batch), or None where none is.

    The lesson draws once per step for the whole batch; "sequence" draws once per sentence for
    all its steps, "token" for each word.
    """
    if chance <= 0.0:
        return None
    shape = {"batch": (steps, 1), "sequence": (1, batch), "token": (steps, batch)}[
        settings.sampling_unit
    ]
    return (torch.rand(shape) < chance).expand(steps, batch)
