"""The state of an unfinished training, in one file that appears whole or not at all.

A wish to stop, noted when a signal comes and acted upon when it suits.

A training that is broken off and goes on: when its state is saved, and how it ends early.
"""

import hashlib
import json
import random
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.optim import Optimizer

from wordbridge.errors import InputError, shorten
from wordbridge.files import file_sha256, lock
from wordbridge.job import elapsed
from wordbridge.tensors import copy_weights, load_weights, write_tensors
from wordbridge.training.loop import Standing

PATIENCE = 60.0  # seconds; a training notices that it shall stop after a batch or a validation


def state_key(params: Mapping[str, Any], inputs: Mapping[str, str | Path]) -> str:
    """Return a digest of all that a training depends on: its params and the bytes of its inputs."""
    digest = hashlib.sha256(json.dumps(params, sort_keys=True, default=str).encode())
    for name, path in sorted(inputs.items()):
        digest.update(f"{name} {file_sha256(path)}".encode())
    return digest.hexdigest()[:32]


def state_folder(output: str | Path) -> Path:
    """Return where the states of the trainings that make ``output`` are kept.

    Not beside it, because Snakemake deletes the outputs of failed jobs; it deletes the folder
    when it has recorded the output (workflow/endings.py).
    """
    folder = Path(output).parent
    return Path("resources/state", *folder.parts[bool(folder.anchor) :])


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock beside the state ``path``; raise InputError when another process keeps it.

    One whose Snakemake was killed saves its state and ends: that is waited for.
    """
    with lock(path.with_suffix(".lock"), "runs this training", timeout=PATIENCE):
        yield


def _random_states(device: torch.device) -> dict[str, Tensor]:
    """Return the states of torch's generators and, as bytes of JSON, Python's and numpy's."""
    name, keys, *rest = np.random.get_state(legacy=True)
    others = json.dumps(
        {"python": random.getstate(), "numpy": [name, np.asarray(keys).tolist(), *rest]}
    )
    states = {
        "random.torch": torch.get_rng_state(),
        "random.others": torch.tensor(list(others.encode()), dtype=torch.uint8),
    }
    if device.type == "cuda":
        states["random.cuda"] = torch.cuda.get_rng_state(device)
    return states


def _restore_random(tensors: Mapping[str, Tensor], device: torch.device) -> None:
    try:
        torch.set_rng_state(tensors["random.torch"])
    except RuntimeError as error:
        raise ValueError(shorten(error)) from None
    others = json.loads(bytes(tensors["random.others"].tolist()))
    version, words, gauss = others["python"]
    random.setstate((version, tuple(words), gauss))
    name, keys, *rest = others["numpy"]
    np.random.set_state((name, np.array(keys, dtype=np.uint32), *rest))
    if device.type == "cuda" and "random.cuda" in tensors:
        torch.cuda.set_rng_state(tensors["random.cuda"], device)


def _device_of(model: nn.Module) -> torch.device:
    return next(model.parameters()).device


def save_state(
    path: Path,
    model: nn.Module,
    optimizer: Optimizer,
    best: Mapping[str, Tensor],
    standing: Mapping[str, Any],
) -> None:
    """Write model, optimiser, best weights so far, random states and ``standing`` (JSON)."""
    tensors = {f"model.{name}": value for name, value in copy_weights(model).items()}
    for number, state in optimizer.state_dict()["state"].items():
        for key, value in state.items():
            # clone: safetensors refuses tensors that share memory
            tensors[f"optimizer.{number}.{key}"] = torch.as_tensor(value).cpu().clone()
    tensors |= _random_states(_device_of(model))
    _write(path, tensors, best, standing)


def save_finished(path: Path, best: Mapping[str, Tensor], standing: Mapping[str, Any]) -> None:
    """Write the state of a training that has nothing left to do."""
    _write(path, {}, best, standing)


def _write(
    path: Path,
    tensors: Mapping[str, Tensor],
    best: Mapping[str, Tensor],
    standing: Mapping[str, Any],
) -> None:
    text = json.dumps(standing, allow_nan=False)
    kept = {f"best.{name}": value for name, value in best.items()}
    write_tensors(path, {**tensors, **kept}, {"standing": text})


def load_state(
    path: Path, model: nn.Module, optimizer: Optimizer
) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Restore what was saved; return the best weights so far and the standing.

    A finished state has nothing else to restore. Raises InputError when the file is damaged or
    of another model.
    """
    try:
        tensors, standing = _read(path)
        best = _under("best.", tensors)
        if len(best) < len(tensors):
            load_weights(model, _under("model.", tensors))
            _load_optimizer(optimizer, _under("optimizer.", tensors))
            _restore_random(tensors, _device_of(model))
    except (SafetensorError, OSError, LookupError, TypeError, ValueError, OverflowError) as error:
        raise InputError(
            f"{path}: expected the state of this training, got {shorten(error)}; "
            "delete the file to start the training again"
        ) from None
    return best, standing


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    with safe_open(path, framework="pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        return tensors, json.loads(file.metadata()["standing"])


def _load_optimizer(optimizer: Optimizer, tensors: Mapping[str, Tensor]) -> None:
    described = optimizer.state_dict()
    described["state"] = {}
    for key, value in tensors.items():
        number, name = key.split(".", 1)
        described["state"].setdefault(int(number), {})[name] = value
    optimizer.load_state_dict(described)


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {key[len(prefix) :]: value for key, value in tensors.items() if key.startswith(prefix)}


class StopSignal:
    """While entered, notes SIGTERM, SIGINT and SIGHUP instead of ending the process.

    ``name`` is the signal that came last, or None. A SIGHUP that is ignored, as nohup has it,
    stays so.
    """

    def __init__(self) -> None:
        self.name: str | None = None

    def __enter__(self) -> "StopSignal":
        numbers = [signal.SIGTERM, signal.SIGINT]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            numbers.append(signal.SIGHUP)
        self._before = {number: signal.signal(number, self._note) for number in numbers}
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.name = signal.Signals(number).name


class Stopped(InputError):
    """Training was asked to stop by a signal."""


class Resumption:
    """The state of one training in the file ``path``, or nowhere if that is None.

    ``modules`` and ``optimizer`` are what the state is made of, beside the best weights so far
    and the standing. It is ``due`` when ``seconds`` have passed since the last time, and when a
    signal has come while ``stop`` was entered::

        with resumption.stop:
            best = resumption.resume(standing)
            ...  # after each batch and epoch: if resumption.due: resumption.save(standing, best)
            resumption.finish(standing, best)
    """

    def __init__(
        self, path: Path | None, modules: nn.Module, optimizer: Optimizer, seconds: float
    ) -> None:
        self.path, self.seconds = path, seconds
        self._modules, self._optimizer = modules, optimizer
        self.stop = StopSignal()
        self._saved = time.monotonic()

    @property
    def due(self) -> bool:
        """Return whether it is time to save, or a signal asks to stop."""
        late = time.monotonic() - self._saved >= self.seconds
        return late or self.stop.name is not None

    def resume(self, standing: Standing) -> dict[str, Tensor]:
        """Return the best weights of the saved state, none without one.

        ``standing`` and all else that the state holds are restored.
        """
        if self.path is None or not self.path.exists():
            return {}
        best, kept = load_state(self.path, self._modules, self._optimizer)
        vars(standing).update(kept)
        elapsed.continue_from(standing.spent)
        where = f"epoch {standing.epoch + 1}, batch {standing.batch}, step {standing.step}"
        print(f"continuing at {where}", file=sys.stderr)
        return best

    def save(self, standing: Standing, best: Mapping[str, Tensor]) -> None:
        """Write the state; raises Stopped when a signal has asked to stop."""
        if self.path is not None:
            standing.spent = elapsed.total()
            save_state(self.path, self._modules, self._optimizer, best, asdict(standing))
            self._saved = time.monotonic()
        if self.stop.name is not None:
            kept = "its state is saved" if self.path else "nothing is saved"
            raise Stopped(
                f"training was stopped by {self.stop.name} in epoch {standing.epoch + 1}, "
                f"{kept}; run the same command again to continue"
            )

    def finish(self, standing: Standing, best: Mapping[str, Tensor]) -> None:
        """Keep what the training gave, without what only its continuation needs."""
        if self.path is not None:
            standing.spent = elapsed.total()
            save_finished(self.path, best, asdict(standing))
