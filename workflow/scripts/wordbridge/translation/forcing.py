"""Teacher forcing: its settings, its probability per epoch, and the draws for a batch."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor


@dataclass(frozen=True)
class ForcingSettings:
    """How the probability of reading the true previous word changes over the epochs.

    ``linear`` falls from ``rate`` to 0, after epoch ``hold_epochs`` (from 0) and until ``epochs``;
    ``constant`` is ``rate``; ``exponential`` and ``inverse_sigmoid`` are those of Bengio et al.
    2015, section 2.4, with k = ``rate``. ``sampling_unit`` is what one draw decides for.
    """

    schedule: Literal["none", "linear", "constant", "exponential", "inverse_sigmoid"]
    epochs: int
    hold_epochs: int
    rate: float
    sampling_unit: Literal["batch", "sequence", "token"]


def forcing_probability(settings: ForcingSettings, epoch: int) -> float:
    """Return the probability of forcing in ``epoch`` (from 0).

    The lesson's linear descent is 1, .9, ... .1, 0 over 10 epochs; in epoch i the exponential is
    k^i and the inverse sigmoid k / (k + exp(i / k)).
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


def draw_forcing(settings: ForcingSettings, probability: float, steps: int, batch: int) -> Tensor:
    """Return a mask (steps, batch), true at forced words; nothing is drawn for a probability of 0.

    "batch" draws once per step for the whole batch, as the lesson does; "sequence" draws once per
    sentence for all its steps, "token" for each word.
    """
    if probability <= 0.0:
        return torch.zeros(steps, batch, dtype=torch.bool)
    shape = {"batch": (steps, 1), "sequence": (1, batch), "token": (steps, batch)}[
        settings.sampling_unit
    ]
    return (torch.rand(shape) < probability).expand(steps, batch)
