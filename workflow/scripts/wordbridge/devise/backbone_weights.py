"""The weights of a backbone, from a file to the names of its network."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from wordbridge.errors import InputError


def read_weights(path: str | Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file or of a state dict that ``torch.save`` wrote.

    Nothing is unpickled but tensors. Raises InputError when there are none to read.
    """
    try:
        with Path(path).open("rb") as file:
            safe = file.read(9)[8:] == b"{"  # after eight bytes of length comes JSON
        if safe:
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises of every kind when bytes are damaged
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise _fault(path, f"no weights can be read ({first})") from None
    if not isinstance(state, Mapping) or not all(isinstance(v, Tensor) for v in state.values()):
        raise _fault(path, "expected a dictionary of tensors, got other objects")
    return dict(state)


def by_name(
    given: Mapping[str, Tensor], wanted: Mapping[str, Tensor], what: str
) -> dict[str, Tensor]:
    """Return ``given`` after a check that names and shapes are those ``wanted``.

    Raises InputError with ``what`` in front.
    """
    given = _without_counts(given)
    wanted = _without_counts(wanted)
    for name in sorted(given.keys() | wanted.keys()):
        shapes = [tuple(t[name].shape) if name in t else None for t in (wanted, given)]
        if shapes[0] != shapes[1]:
            raise _fault(what, f"{name}: expected shape {shapes[0]}, got {shapes[1]}")
    return dict(given)


def by_position(
    given: Mapping[str, Tensor], wanted: Mapping[str, Tensor], what: str
) -> dict[str, Tensor]:
    """Return ``given`` under the names ``wanted``, in their order.

    Number, shapes and the last parts of the names ("weight", "running_mean") must agree: files
    whose tensors were sorted are refused. Raises InputError with ``what`` in front.
    """
    given = _without_counts(given)
    wanted = _without_counts(wanted)
    if len(given) != len(wanted):
        raise _fault(what, f"expected {len(wanted)} tensors, got {len(given)}")
    pairs = zip(wanted.items(), given.items(), strict=True)
    for (name, like), (other, tensor) in pairs:
        if like.shape != tensor.shape or _last(name) != _last(other):
            expected = f"{name} of shape {tuple(like.shape)}"
            raise _fault(what, f"expected {expected}, got {other} of {tuple(tensor.shape)}")
    return dict(zip(wanted, given.values(), strict=True))


def _without_counts(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    # Old files lack them, and only training uses them.
    return {n: t for n, t in tensors.items() if _last(n) != "num_batches_tracked"}


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _fault(what: str | Path, reason: str) -> InputError:
    return InputError(f"{what}: {reason}; name the weights of the configured backbone")
