"""Weights of models: copied, loaded, and saved as safetensors with a JSON of settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from wordbridge.errors import InputError, shorten
from wordbridge.files import atomic_write, read_json, write_json


def _weights(model: nn.Module) -> dict[str, Tensor]:
    """Return the parameters and buffers by name, tied ones once."""
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


def copy_weights(model: nn.Module) -> dict[str, Tensor]:
    """Return copies of the parameters and buffers by name, on the CPU; tied ones once."""
    weights = _weights(model)
    return {name: value.detach().cpu().clone().contiguous() for name, value in weights.items()}


def load_weights(model: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Copy ``weights``, as ``copy_weights`` returns them, into ``model``.

    Raises ValueError when names or shapes are not the model's.
    """
    tensors = _weights(model)
    expected = {name: tuple(value.shape) for name, value in tensors.items()}
    got = {name: tuple(value.shape) for name, value in weights.items()}
    if expected != got:
        # copy_ alone would broadcast a smaller tensor to a larger one
        name = min(name for name, _ in expected.items() ^ got.items())
        raise ValueError(f"{name}: expected shape {expected.get(name)}, got {got.get(name)}")
    with torch.no_grad():
        for name, value in tensors.items():
            value.copy_(weights[name])


def write_tensors(
    path: str | Path, tensors: Mapping[str, Tensor], metadata: dict[str, str] | None = None
) -> None:
    """Write ``tensors`` and ``metadata`` as safetensors; equal ones give equal bytes."""
    with atomic_write(path) as partial:
        # Not save_file: it writes to a file of its own, readable by its owner alone, which stays
        # behind when the process is killed.
        partial.write_bytes(save(dict(tensors), metadata))


@dataclass(frozen=True)
class SavedModel:
    """A model on disk: its tensors by name, and the settings to rebuild it."""

    tensors: Mapping[str, Tensor]
    settings: Mapping[str, Any]


def write_model(model: SavedModel, model_path: str | Path, settings_path: str | Path) -> None:
    """Write tensors as safetensors and settings as JSON; equal models give equal bytes."""
    write_tensors(model_path, model.tensors)
    write_json(settings_path, model.settings)


def read_model(model_path: str | Path, settings_path: str | Path) -> SavedModel:
    """Return what ``write_model`` wrote. Raises InputError when a file is missing or damaged."""
    settings = read_json(settings_path, "the settings of a model", "train it again")
    try:
        return SavedModel(load_file(model_path), settings)
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(
            f"{model_path}: expected the weights of a model, got {shorten(error)}; train it again"
        ) from None
