"""The trained numbers of a model, by name."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    """Return copies of the trained tensors by name, tied ones once."""
    return {
        name: parameter.detach().cpu().clone().contiguous()
        for name, parameter in model.named_parameters()
    }


def load_weights(model: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Put ``weights`` as made by ``weights_of`` into ``model``.

    Raises ValueError when names or shapes are not the model's.
    """
    parameters = dict(model.named_parameters())
    wanted = {name: tuple(value.shape) for name, value in parameters.items()}
    given = {name: tuple(value.shape) for name, value in weights.items()}
    if wanted != given:
        # copy_ alone would spread a smaller tensor over a larger one
        other = min(name for name, _ in wanted.items() ^ given.items())
        raise ValueError(f"{other}: expected shape {wanted.get(other)}, got {given.get(other)}")
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(weights[name])
