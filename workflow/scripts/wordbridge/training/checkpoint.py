"""Checkpoints of an unfinished training: one file, written atomically, and its lock.

A training that is killed resumes from its checkpoint and ends with the same bytes: the file has
the weights, the optimizer, torch's random generators and the counters of the loop.
"""

import hashlib
import json
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.optim import Optimizer

from wordbridge.errors import InputError, shorten
from wordbridge.files import file_sha256, lock
from wordbridge.job import elapsed
from wordbridge.tensors import copy_weights, load_weights, write_tensors

PATIENCE = 60.0  # seconds; a training reacts to a signal only after a batch or a validation

Values = dict[str, Any]  # counters of the loop, as JSON


class Stopped(InputError):
    """A signal has stopped the training."""


class Checkpointer:
    """Writes the state of one training to ``path``, or nowhere if ``path`` is None.

    The state consists of the weights of ``modules``, the ``optimizer``, the random generators, the
    best weights so far and the values of the loop. Saving is ``due`` every ``seconds``, and when a
    signal has come::

        with checkpointer.deferred_signals():
            best, values = checkpointer.load()
            ...  # after each batch and epoch: if checkpointer.due: checkpointer.save(values, best)
            checkpointer.finish(values, best)
    """

    def __init__(
        self, path: Path | None, modules: nn.Module, optimizer: Optimizer, seconds: float
    ) -> None:
        self.path, self.seconds = path, seconds
        self._modules, self._optimizer = modules, optimizer
        self._signal: str | None = None  # the latest
        self._saved = time.monotonic()

    @contextmanager
    def deferred_signals(self) -> Iterator[None]:
        """Record SIGTERM, SIGINT and SIGHUP during the block instead of ending the process.

        An ignored SIGHUP, as under nohup, stays ignored.
        """
        numbers = [signal.SIGTERM, signal.SIGINT]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            numbers.append(signal.SIGHUP)
        handlers = {number: signal.signal(number, self._record) for number in numbers}
        try:
            yield
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _record(self, number: int, frame: FrameType | None) -> None:
        self._signal = signal.Signals(number).name

    @property
    def due(self) -> bool:
        """Return whether it is time to save, or a signal has come."""
        return time.monotonic() - self._saved >= self.seconds or self._signal is not None

    def load(self) -> tuple[dict[str, Tensor], Values]:
        """Restore a saved state; return its best weights and values, both empty without a file.

        The file of a finished training has these only, and restores nothing. Raises InputError when
        the file is damaged or belongs to another model.
        """
        if self.path is None or not self.path.exists():
            return {}, {}
        try:
            with safe_open(self.path, framework="pt") as file:
                tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
                values: Values = json.loads(file.metadata()["values"])
            best = _select(tensors, "best.")
            if len(best) < len(tensors):
                self._restore(tensors)
            elapsed.continue_from(values.pop("elapsed"))
            position = ", ".join(f"{name} {values[name]}" for name in ("epoch", "batch", "step"))
        except (
            SafetensorError,
            OSError,
            LookupError,
            RuntimeError,
            TypeError,
            ValueError,
        ) as error:
            raise InputError(
                f"{self.path}: expected the state of this training, got {shorten(error)}; "
                "delete the file to start the training again"
            ) from None
        print(f"resuming after {position}", file=sys.stderr)
        return best, values

    def save(self, values: Values, best: Mapping[str, Tensor]) -> None:
        """Write the state; raise Stopped when a signal has come."""
        if self.path is not None:
            write_state(self.path, self._tensors(), best, values)
            self._saved = time.monotonic()
        if self._signal is not None:
            outcome = "its state is saved" if self.path else "nothing is saved"
            raise Stopped(
                f"training was stopped by {self._signal} in epoch {values['epoch'] + 1}, "
                f"{outcome}; run the same command again to continue"
            )

    def finish(self, values: Values, best: Mapping[str, Tensor]) -> None:
        """Write the best weights and values of a finished training, without its state."""
        if self.path is not None:
            write_state(self.path, {}, best, values)

    def _tensors(self) -> dict[str, Tensor]:
        """Return the tensors of weights, optimizer and torch's generators."""
        tensors = {f"model.{name}": value for name, value in copy_weights(self._modules).items()}
        for number, state in self._optimizer.state_dict()["state"].items():
            for key, value in state.items():
                # clone: safetensors rejects tensors that share memory
                tensors[f"optimizer.{number}.{key}"] = torch.as_tensor(value).cpu().clone()
        tensors["random.torch"] = torch.get_rng_state()
        device = next(self._modules.parameters()).device
        if device.type == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state(device)
        return tensors

    def _restore(self, tensors: Mapping[str, Tensor]) -> None:
        load_weights(self._modules, _select(tensors, "model."))
        content: dict[str, Any] = {**self._optimizer.state_dict(), "state": {}}
        for key, value in _select(tensors, "optimizer.").items():
            number, name = key.split(".", 1)
            content["state"].setdefault(int(number), {})[name] = value
        self._optimizer.load_state_dict(content)
        torch.set_rng_state(tensors["random.torch"])
        device = next(self._modules.parameters()).device
        if device.type == "cuda" and "random.cuda" in tensors:
            torch.cuda.set_rng_state(tensors["random.cuda"], device)


@contextmanager
def locked_state(
    folder: Path, params: Mapping[str, Any], inputs: Mapping[str, str | Path]
) -> Iterator[Path]:
    """Yield the path in ``folder`` of the state of one training, under an exclusive lock.

    ``params`` and the bytes of ``inputs`` are all that the training depends on. Raises InputError
    when another process holds the lock for longer than ``PATIENCE``: one whose Snakemake was
    killed saves its state and ends.
    """
    path = folder / f"{state_key(params, inputs)}.safetensors"
    with lock(path.with_suffix(".lock"), "runs this training", timeout=PATIENCE):
        yield path


def state_key(params: Mapping[str, Any], inputs: Mapping[str, str | Path]) -> str:
    """Return a digest of the params of a training and of the bytes of its inputs."""
    digest = hashlib.sha256(json.dumps(params, sort_keys=True, default=str).encode())
    for name, path in sorted(inputs.items()):
        digest.update(f"{name} {file_sha256(path)}".encode())
    return digest.hexdigest()[:32]


def state_folder(output: str | Path) -> Path:
    """Return the folder for states of the trainings that make ``output``.

    This is not the folder of the output, because Snakemake deletes the outputs of failed jobs.
    """
    folder = Path(output).parent
    parts = folder.parts[1:] if folder.is_absolute() else folder.parts
    return Path("resources/state", *parts)


def write_state(
    path: Path, tensors: Mapping[str, Tensor], best: Mapping[str, Tensor], values: Values
) -> None:
    """Write named tensors (none of a finished training), best weights, values and elapsed time."""
    named_best = {f"best.{name}": value for name, value in best.items()}
    text = json.dumps({**values, "elapsed": elapsed.total()}, allow_nan=False)
    write_tensors(path, {**tensors, **named_best}, {"values": text})


def _select(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose keys have ``prefix``, by the keys without the prefix."""
    return {
        key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)
    }
