"""The trained numbers of a model, by name.

Named tensors in a safetensors file that appears whole or not at all.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor, nn

from wordbridge.files import replacing


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


def write_tensors(
    path: str | Path, tensors: Mapping[str, Tensor], metadata: dict[str, str] | None = None
) -> None:
    """Write ``tensors`` and texts about them; equal ones give equal bytes."""
    with replacing(path) as partial:
        # Not save_file: that writes to a file of its own, which only its owner may read and which
        # stays behind when the process is killed.
        partial.write_bytes(save(dict(tensors), metadata))
