"""The dropouts of AWD-LSTM beside the ordinary one.

In Merity et al. 2017 DropConnect on recurrent weights is section 2, the others are in section 4.
"""

import torch
from torch import Tensor


def dropout_mask(shape: tuple[int, ...], chance: float, like: Tensor) -> Tensor:
    """Return 0 with ``chance``, else 1 / (1 - chance), of ``shape``, on the device of ``like``."""
    # torch's Bernoulli numbers, and so its dropout, take a processor three times as long.
    kept = torch.rand(shape, device=like.device) >= chance
    mask = kept.to(like.dtype)
    return mask / (1.0 - chance) if chance < 1.0 else mask


def dropout(values: Tensor, chance: float, training: bool) -> Tensor:
    """Return ``values`` with single numbers dropped."""
    if not training or chance == 0.0:
        return values
    return values * dropout_mask(tuple(values.shape), chance, values)


def locked_dropout(values: Tensor, chance: float, training: bool) -> Tensor:
    """Return ``values`` (time, batch, width) with one mask for all time steps."""
    if not training or chance == 0.0:
        return values
    return values * dropout_mask((1, *values.shape[1:]), chance, values)


def word_dropout(weight: Tensor, chance: float, training: bool) -> Tensor:
    """Return an embedding matrix (words, width) with whole rows dropped."""
    if not training or chance == 0.0:
        return weight
    return weight * dropout_mask((weight.shape[0], 1), chance, weight)


def weight_dropout(weight: Tensor, chance: float, training: bool) -> Tensor:
    """Return recurrent weights with single connections dropped (DropConnect), one mask a batch."""
    return dropout(weight, chance, training)


def activation_dropout(values: Tensor, chance: float, training: bool, locked: bool) -> Tensor:
    """Return ``values`` (time, batch, width) with a mask per step, or a locked one."""
    if locked:
        return locked_dropout(values, chance, training)
    return dropout(values, chance, training)
