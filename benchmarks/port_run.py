"""The port of the lesson's notebook code: one run of it, and what it printed."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import peak_mb

Stage = Mapping[str, Any]

# Before the second of these is printed, the vectors are loaded.
BEFORE_VECTORS, VECTORS = "vocab", "vectors"


@dataclass(frozen=True)
class PortRun:
    """What the port printed: a stage by name, the epochs of each variant, and memory in MB.

    ``vector_mb`` is how much the peak of its memory grew while it loaded the vectors.
    """

    stages: Mapping[str, Stage]
    epochs: Mapping[str, Sequence[Stage]]
    vector_mb: float


def run_port(script: Path, arguments: Sequence[str]) -> PortRun:
    """Return the figures of ``script`` run with ``arguments``; its lines are shown as they come.

    Raises RuntimeError when it fails or leaves out a stage.
    """
    stages: dict[str, Stage] = {}
    epochs: dict[str, list[Stage]] = {}
    peaks: dict[str, float] = {}
    command = [sys.executable, str(script), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as port:
        for line in port.stdout or ():
            print(f"port: {line}", end="", file=sys.stderr, flush=True)
            if not line.startswith("{"):
                continue
            stage = json.loads(line)
            kind, _, variant = stage["stage"].partition(".")
            if kind == "train":
                epochs.setdefault(variant, []).append(stage)
            stages[stage["stage"]] = stage
            if kind in (BEFORE_VECTORS, VECTORS):
                peaks[kind] = peak_mb(port.pid)
    missing = {"extract", "tokenize", BEFORE_VECTORS, VECTORS} - stages.keys()
    if port.returncode or missing:
        raise RuntimeError(
            f"{script}: expected the stages of the lesson's port, got exit code {port.returncode} "
            f"without {', '.join(sorted(missing)) or 'the end'}; see its messages above"
        )
    return PortRun(stages, epochs, peaks[VECTORS] - peaks[BEFORE_VECTORS])


def variant_figures(run: PortRun, variant: str) -> dict[str, float]:
    """Return the losses after the last epoch of ``variant``, and the speed over all of them."""
    epochs = run.epochs[variant]
    seconds = sum(epoch["train_seconds"] for epoch in epochs)
    tokens = sum(epoch["tokens_per_s"] * epoch["train_seconds"] for epoch in epochs)
    return {
        "train_loss": epochs[-1]["trn_loss"],
        "valid_loss": epochs[-1]["val_loss"],
        "tokens_per_second": tokens / seconds,
        "train_seconds": seconds,
        "translate_seconds": run.stages[f"translate.{variant}"]["seconds"],
    }
