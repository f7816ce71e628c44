"""Measure how time and memory of each stage of the workflow grow with its input.

    python -m benchmarks.measure_growth [--stages NAME ...] [--scale SHARE] [--rounds COUNT]

runs each stage on 1, 2, 4 and 8 times an input that is generated from a seed, each size in a
process of its own, and prints a table (TSV): CPU seconds on one thread (the least of all rounds),
their exponent, which is the slope of log seconds over log size by least squares (1: linear, 2:
quadratic), and the peak memory of the smallest and largest input. Stages call the functions of
their rule's script with the settings of config.yaml, files read and written included; libraries
are imported, and a small input is processed, before the clock starts.
"""

import argparse
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from benchmarks.growth_stages import STAGES

FACTORS = (1, 2, 4, 8)
COLUMNS = [
    *("stage", "unit", "smallest_input", *(f"seconds_{factor}x" for factor in FACTORS)),
    *("exponent", *(f"peak_mb_{factor}x" for factor in (FACTORS[0], FACTORS[-1]))),
]
CONFIG = Path("config.yaml")


def main() -> None:
    """Print the table."""
    from snakemake.utils import update_config
    from yaml import safe_load

    from workflow.config import load_project

    options = parse_options()
    config: dict[str, Any] = {}
    update_config(config, safe_load(CONFIG.read_text(encoding="utf-8")))
    project = load_project(config, [CONFIG])
    print("\t".join(COLUMNS))
    for name in options.stages:
        print(row(project, name, options.scale, options.rounds), flush=True)


def parse_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=list(STAGES))
    parser.add_argument("--scale", type=float, default=1.0, help="of all inputs (default 1)")
    parser.add_argument("--rounds", type=int, default=1, help="the best of these counts")
    return parser.parse_args(arguments)


def row(config: dict[str, Any], name: str, scale: float, rounds: int) -> str:
    """Return the line of a stage."""
    unit, smallest, _ = STAGES[name]
    sizes = [round(smallest * scale) * factor for factor in FACTORS]
    with get_context("spawn").Pool(1, maxtasksperchild=1) as pool:  # a process for each size
        figures = [
            [pool.apply(measure, (config, name, size)) for size in sizes] for _ in range(rounds)
        ]
    best, peaks = np.min(figures, axis=0)[:, 0], np.max(figures, axis=0)[:, 1]
    seconds = [f"{value:.3f}" for value in best]
    memory = f"{peaks[0]:.0f}\t{peaks[-1]:.0f}"
    return "\t".join([name, unit, str(sizes[0]), *seconds, f"{exponent(sizes, best):.2f}", memory])


def exponent(sizes: ArrayLike, seconds: ArrayLike) -> float:
    """Return the slope of log ``seconds`` over log ``sizes``, by least squares."""
    slope, _ = np.polyfit(np.log(sizes), np.log(seconds), 1)
    return float(slope)


def measure(config: dict[str, Any], name: str, size: int) -> tuple[float, float]:
    """Return the CPU seconds of a stage, and the peak memory of this process meanwhile in MB."""
    with tempfile.TemporaryDirectory() as folder:
        runs = []
        for part in (max(size // 16, 16), size):  # the first is the warm-up
            path = Path(folder, str(part))
            path.mkdir(exist_ok=True)
            runs.append(STAGES[name].prepare(config, part, path))
        runs[0]()
        Path("/proc/self/clear_refs").write_text("5")  # sets the peak to the memory of now
        started = time.process_time()
        runs[1]()
        seconds = time.process_time() - started
    peak = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
    return seconds, int(peak) * 1024 / 1e6


if __name__ == "__main__":
    main()
