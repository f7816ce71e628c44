"""A fitted method on disk: numbers as safetensors, everything else as JSON beside them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from wordbridge.errors import InputError, brief
from wordbridge.files import read_object, write_object
from wordbridge.tensors import write_tensors


@dataclass(frozen=True)
class Fitted:
    """The numbers of a method by name, and the description that tells what to do with them.

    The description has at least kind, space ("words" or "classes"), classes (synsets, in the
    space "classes") and seed.
    """

    tensors: Mapping[str, Tensor]
    description: Mapping[str, Any]


def write_fitted(fitted: Fitted, model_path: str | Path, settings_path: str | Path) -> None:
    """Write the numbers of a method and its description; equal ones give equal bytes."""
    write_tensors(model_path, fitted.tensors)
    write_object(settings_path, fitted.description)


def read_fitted(model_path: str | Path, settings_path: str | Path) -> Fitted:
    """Return what ``write_fitted`` wrote. Raises InputError when a file is damaged."""
    description = read_object(settings_path, "the settings of a fitted method", "train it again")
    try:
        return Fitted(load_file(model_path), description)
    except (SafetensorError, OSError, ValueError) as error:
        raise InputError(
            f"{model_path}: expected the numbers of a fitted method, got {brief(error)}; "
            "train it again"
        ) from None
