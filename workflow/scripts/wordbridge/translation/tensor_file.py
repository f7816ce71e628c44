"""Named tensors in a safetensors file that appears whole or not at all."""

from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save
from torch import Tensor

from wordbridge.atomic import replacing


def write_tensors(
    path: str | Path, tensors: Mapping[str, Tensor], metadata: dict[str, str] | None = None
) -> None:
    """Write ``tensors`` and texts about them; equal ones give equal bytes."""
    with replacing(path) as partial:
        # Not save_file: that writes to a file of its own, which only its owner may read and which
        # stays behind when the process is killed.
        partial.write_bytes(save(dict(tensors), metadata))
