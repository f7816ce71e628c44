"""The device of a model: the CPU with a fixed number of threads, or a claimed GPU."""

import fcntl
import os
import sys
import tempfile
from pathlib import Path
from typing import IO

import torch

from wordbridge.errors import InputError

_claims: dict[int, IO[str]] = {}  # open lock files; the claim lasts as long as the process


def choose_device(name: str, threads: int) -> torch.device:
    """Return the device for ``name`` ("cpu", "cuda" or "auto") and fix torch's threads.

    On a machine with several GPUs the first one that no other job has claimed is used.
    Raises InputError for "cuda" without a usable GPU.
    """
    torch.set_num_threads(threads)
    if name == "cpu" or (name == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise InputError(
            "device: expected a GPU that torch can use, got none; set device to auto or cpu"
        )
    # cuBLAS repeats its sums exactly only with a fixed workspace.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    return torch.device("cuda", _claim_gpu(torch.cuda.device_count()))


def resolve_precision(precision: str, device: torch.device) -> str:
    """Return ``precision``; for "auto" bfloat16 on a CPU that computes in it, float32 elsewhere.

    Raises InputError for a CPU that would only emulate ``precision``.
    """
    if precision == "auto":
        return "bfloat16" if device.type == "cpu" and _computes_in("bf16") else "float32"
    if device.type != "cpu" or precision == "float32":
        return precision
    if not _computes_in({"bfloat16": "bf16", "float16": "fp16"}[precision]):
        raise InputError(
            f"training.precision: expected one that this CPU computes in, got {precision}; "
            "set it to float32, or use a GPU"
        )
    return precision


def _computes_in(name: str) -> bool:
    """Return whether the CPU has an instruction set for the format, such as avx512_bf16."""
    capabilities = torch.cpu.get_capabilities()
    return any(available for key, available in capabilities.items() if name in key)


def _claim_gpu(count: int) -> int:
    """Return the first of ``count`` GPUs that no process has claimed, else a shared one."""
    if _claims:  # of this process
        return next(iter(_claims))
    for number, name in enumerate(_gpu_names(count)):
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


def _gpu_names(count: int) -> list[str]:
    """Return a name of each GPU that is the same in processes that see other GPUs."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = [] if visible is None else [name.strip() for name in visible.split(",")]
    return names if len(names) == count else [str(number) for number in range(count)]
