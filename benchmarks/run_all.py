"""Run all benchmarks and write benchmarks/README.md: commands, tables, machine and versions.

    python -m benchmarks.run_all [--photos FOLDER] [--weights FILE] [--note TEXT]

runs one benchmark after the other; ``--only`` chooses some and leaves out the other sections. The
benchmark of features needs a folder of photographs and the backbone's weights, that of a GPU a GPU
that torch sees: where they are absent, its section has the reason in place of a table.
"""

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from io import StringIO
from itertools import chain
from pathlib import Path

import pandas as pd
import torch

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ["torch", "torchvision", "numpy", "pillow", "fasttext-community", "snakemake"]
MATRIX_UNITS = {  # flags of /proc/cpuinfo
    "amx_bf16": "AMX bf16",
    "amx_fp16": "AMX fp16",
    "avx512_bf16": "AVX-512 bf16",
    "avx512f": "AVX-512",
    "avx2": "AVX2",
}


@dataclass(frozen=True)
class Benchmark:
    """A section of the page; FOLDER and WEIGHTS in ``arguments`` are those of the options."""

    title: str
    text: str
    module: str
    arguments: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """Return the command as the page shows it."""
        return " ".join([".venv/bin/python -m", f"benchmarks.{self.module}", *self.arguments])


BENCHMARKS = {
    "training": Benchmark(
        "Training steps, default sizes",
        "Target tokens per second of one thread, beside a plain reference in torch "
        "(`plain_translator.py`) of equal sizes on equal batches. The reference leaves out deep "
        "output, label smoothing, clipping and averaged weights, which the default has.",
        "measure_training",
        ("--device", "cpu", "--precision", "float32", "bfloat16"),
    ),
    "lesson": Benchmark(
        "Training steps, the lesson's sizes",
        "The same with vocabularies of 24,793 and 17,573 words, two layers and batches of 125.",
        "measure_training",
        ("--sizes", "lesson", "--device", "cpu", "--batches", "3", "--rounds", "3"),
    ),
    "gpu": Benchmark(
        "Training steps on a GPU, the lesson's sizes",
        "The same on a GPU; the last column has the seconds of the lesson's K80.",
        "measure_training",
        ("--sizes", "lesson", "--device", "cuda", "--precision", "float32", "bfloat16"),
    ),
    "bin_reader": Benchmark(
        "Word vectors of a fastText .bin",
        "20,000 words of a file of random numbers: the project's reader, and the lesson's "
        "dictionary of all vectors.",
        "measure_bin_reader",
    ),
    "extraction": Benchmark(
        "Features of photographs",
        "EfficientNet-Lite0: the project's extraction, a plain torchvision loop, and the same "
        "loop with processes that decode.",
        "measure_extraction",
        ("FOLDER", "WEIGHTS", "--threads", "2"),
    ),
}


def main() -> None:
    """Write the page."""
    options = parse_options()
    head = "\n".join(introduction(options))  # before the page changes, and with it git's state
    with options.out.open("w", encoding="utf-8") as page:
        for text in chain([head], sections(options)):
            print(text, file=page, flush=True)


def parse_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    weights = Path("resources/files/efficientnet_lite0")
    parser.add_argument("--photos", type=Path, help="folder of photographs, for `extraction`")
    parser.add_argument("--weights", type=Path, default=weights, help=f"default: {weights}")
    parser.add_argument("--note", help="what readers need to know of the machine at that time")
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, default=list(BENCHMARKS))
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/README.md")
    return parser.parse_args(arguments)


def introduction(options: argparse.Namespace) -> list[str]:
    """Return the first lines of the page."""
    return [
        "# Benchmarks\n",
        "`make benchmark PHOTOS=FOLDER` writes this page; each command prints one table.\n",
        *(f"* {line}" for line in [*machine(), *([options.note] if options.note else [])]),
    ]


def sections(options: argparse.Namespace) -> Iterator[str]:
    """Run the benchmarks; yield the section of each."""
    for name in options.only:
        benchmark = BENCHMARKS[name]
        print(f"{name}: {benchmark.command}", file=sys.stderr)
        result = obstacle(name, options) or table(benchmark, options)
        yield (
            f"\n## {benchmark.title}\n\n{benchmark.text}\n\n"
            f"```\n{benchmark.command}\n```\n\n{result}"
        )


def machine() -> list[str]:
    """Return lines on the date, the machine and the versions."""
    libraries = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    commit = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    described = subprocess.run(commit, capture_output=True, text=True).stdout.strip()
    gpus = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    return [
        f"Date: {datetime.now(UTC):%Y-%m-%d}, commit {described or 'unknown'}",
        f"CPU: {processor()}, {os.cpu_count()} cores; GPU: {', '.join(gpus) or 'none'}",
        f"Python {platform.python_version()}, {libraries}",
    ]


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Return the CPU's model and its units for matrices and vectors."""
    if not cpuinfo.exists():
        return platform.processor() or platform.machine()
    fields = dict(line.split(":", 1) for line in cpuinfo.read_text().splitlines() if ":" in line)
    values = {name.strip(): value.strip() for name, value in fields.items()}
    flags = values.get("flags", "").split()
    units = ", ".join(unit for flag, unit in MATRIX_UNITS.items() if flag in flags)
    return f"{values.get('model name', platform.machine())} ({units or 'no vector units known'})"


def obstacle(name: str, options: argparse.Namespace) -> str | None:
    """Return why a benchmark cannot run, or None."""
    if name == "gpu" and not torch.cuda.is_available():
        return "Not run: torch sees no GPU."
    if name == "extraction" and options.photos is None:
        return "Not run: no folder of photographs; run `make benchmark PHOTOS=FOLDER`."
    if name == "extraction" and not options.weights.exists():
        return f"Not run: no {options.weights}; run `make` first, or set `--weights`."
    return None


def table(benchmark: Benchmark, options: argparse.Namespace) -> str:
    """Run a benchmark; return its table in Markdown."""
    values = {"FOLDER": str(options.photos), "WEIGHTS": str(options.weights)}
    arguments = [values.get(argument, argument) for argument in benchmark.arguments]
    command = [sys.executable, "-m", f"benchmarks.{benchmark.module}", *arguments]
    process = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    rows = pd.read_csv(StringIO(process.stdout), sep="\t", dtype=str, keep_default_na=False)
    rows.columns = rows.columns.str.replace("_", " ")
    markdown: str = rows.to_markdown(index=False, tablefmt="github", disable_numparse=True)
    return markdown


if __name__ == "__main__":
    main()
