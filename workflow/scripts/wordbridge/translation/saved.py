"""A trained translator on disk: weights as safetensors, everything else as JSON."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from wordbridge.errors import InputError, brief
from wordbridge.json_file import read_object, write_object
from wordbridge.translation.settings import settings_from
from wordbridge.translation.tensor_file import write_tensors
from wordbridge.translation.translator import Translator
from wordbridge.translation.weights import load_weights

# What sizes and settings of the wrong kind raise, in torch and on the way to it.
_MISFITS = (KeyError, RuntimeError, TypeError, ValueError)


def write_translator(
    weights: Mapping[str, Tensor],
    description: Mapping[str, Any],
    model_path: str | Path,
    settings_path: str | Path,
) -> None:
    """Write ``weights`` by name and the ``description`` that ``read_translator`` needs."""
    write_tensors(model_path, weights)
    write_object(settings_path, description)


def read_description(settings_path: str | Path) -> dict[str, Any]:
    """Return the JSON beside a translator's weights. Raises InputError when it is another."""
    return read_object(settings_path, "a translator's settings", "train it again")


def read_translator(
    model_path: str | Path, settings_path: str | Path, device: torch.device
) -> tuple[Translator, dict[str, Any]]:
    """Return the translator on ``device``, ready to translate, and its description.

    Raises InputError when a file is damaged or the two do not belong together.
    """
    description = read_description(settings_path)
    try:
        source, target = (torch.zeros(*description[side]) for side in ("source", "target"))
        model = Translator(settings_from(description["settings"]).model, source, target)
        load_weights(model, load_file(model_path))
    except (SafetensorError, OSError, AttributeError, *_MISFITS) as error:
        raise InputError(
            f"{model_path}: not the weights that {settings_path} describes ({brief(error)}); "
            "train the translator again"
        ) from None
    return model.to(device).eval(), description
