"""Teacher forcing: how often the decoder is fed the true previous word."""

import math

import torch
from torch import Tensor

from wordbridge.translation.settings import ForcingSettings


def forcing_chance(settings: ForcingSettings, epoch: int) -> float:
    """Return the chance of forcing in ``epoch`` (from 0).

    The lesson's linear descent is 1, .9, ... .1, 0 over 10 epochs; exponential k^i and
    inverse sigmoid k / (k + exp(i / k)) are those of Bengio et al. 2015, section 2.4.
    """
    rate = settings.rate
    if settings.schedule == "none":
        return 0.0
    if settings.schedule == "constant":
        return rate
    if settings.schedule == "linear":
        left = (settings.epochs - epoch) / (settings.epochs - settings.hold_epochs)
        return rate * min(1.0, max(0.0, left))
    if settings.schedule == "exponential":
        return float(rate**epoch)
    return rate / (rate + math.exp(min(epoch / rate, 700.0)))  # exp(710) is too large for a float


def draw_forced(settings: ForcingSettings, chance: float, steps: int, batch: int) -> Tensor | None:
    """Return which words are forced (steps, batch), or None where none is.

    The lesson tosses one coin per step for the whole batch; "sequence" tosses one per
    sentence for all its steps, "token" one for each word.
    """
    if chance <= 0.0:
        return None
    shape = {"batch": (steps, 1), "sequence": (1, batch), "token": (steps, batch)}[
        settings.sampling_unit
    ]
    return (torch.rand(shape) < chance).expand(steps, batch)
