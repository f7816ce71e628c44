"""Where a model runs: the processor with a fixed number of threads, or a claimed GPU."""

import fcntl
import os
import sys
import tempfile
from pathlib import Path
from typing import IO

import torch

from wordbridge.errors import InputError

_claims: dict[int, IO[str]] = {}  # open lock files; the claim lasts as long as the process


def choose_device(wanted: str, threads: int) -> torch.device:
    """Return the device for ``wanted`` ("cpu", "cuda" or "auto") and fix torch's threads.

    On a machine with several GPUs the first one that no other job has claimed is taken.
    Raises InputError when "cuda" is wanted and there is none.
    """
    torch.set_num_threads(threads)
    if wanted == "cpu" or (wanted == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise InputError(
            "device: cuda is configured, but torch finds no usable GPU; "
            "set `device: auto` or `device: cpu` in the configuration"
        )
    # cuBLAS repeats its sums exactly only with a fixed workspace.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    return torch.device("cuda", _claim(torch.cuda.device_count()))


def _claim(count: int) -> int:
    """Return the first of ``count`` devices that no process holds, else one that is shared."""
    for claimed in _claims:
        return claimed  # this process has one
    for number, name in enumerate(_names(count)):
        path = Path(tempfile.gettempdir()) / f"wordbridge-gpu-{os.getuid()}-{name}.lock"
        lock = path.open("a")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            continue
        _claims[number] = lock
        return number
    shared = os.getpid() % count
    print(f"no GPU is free: GPU {shared} is shared with another job", file=sys.stderr)
    return shared


def _names(count: int) -> list[str]:
    """Return names of the devices that are the same whichever of them a process can see."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = [] if visible is None else [name.strip() for name in visible.split(",")]
    return names if len(names) == count else [str(number) for number in range(count)]
