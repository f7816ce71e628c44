"""Run all benchmarks and write benchmarks/README.md: commands, tables, machine and versions.

    python -m benchmarks.run_all [--only NAME ...] [--photos FOLDER] [--weights FILE] [--note TEXT]

runs one benchmark after the other and replaces its section of the page; the others stay, so that
each may come from another machine. The benchmark of features needs a folder of photographs and the
backbone's weights, that of a GPU a GPU that torch sees: where they are absent, its section stays.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from io import StringIO
from pathlib import Path

import pandas as pd
import torch

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ["torch", "torchvision", "numpy", "pillow", "fasttext-community", "snakemake"]
HEAD = """# Benchmarks

`make benchmark PHOTOS=FOLDER` writes this page. Each command prints one table; below it are date,
machine and versions.
"""
MATRIX_UNITS = {  # flags of /proc/cpuinfo
    "amx_bf16": "AMX bf16",
    "amx_fp16": "AMX fp16",
    "avx512_bf16": "AVX-512 bf16",
    "avx512f": "AVX-512",
    "avx2": "AVX2",
}


@dataclass(frozen=True)
class Benchmark:
    """A section of the page; FOLDER, WEIGHTS and RUN in ``arguments`` are those of the options."""

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
        "Target tokens per second of one thread, next to a plain reference in torch "
        "(`plain_translator.py`) of equal sizes on equal batches. The reference leaves out deep "
        "output, label smoothing, clipping and averaged weights, which the default has.",
        "measure_training",
        ("--device", "cpu", "--precision", "float32", "bfloat16"),
    ),
    "equal": Benchmark(
        "Training steps, equal equations",
        "The same without what the reference leaves out.",
        "measure_training",
        ("--equal", "--device", "cpu", "--precision", "float32", "bfloat16"),
    ),
    "lesson": Benchmark(
        "Training steps, the lesson's sizes",
        "The equal equations with vocabularies of 24,793 and 17,573 words, two layers and batches "
        "of 125.",
        "measure_training",
        ("--sizes", "lesson", "--equal", "--device", "cpu", "--batches", "3", "--rounds", "3"),
    ),
    "convergence": Benchmark(
        "BLEU over time",
        "Whole trainings of the default, and of the plain reference in float32 on the same batches "
        "with a constant learning rate. BLEU is that of greedy translations of the valid split, "
        "the best of all epochs; seconds are CPU seconds of the training steps.",
        "measure_convergence",
        ("RUN", "--device", "cpu", "--variants", "attention", "all", "--precision", "bfloat16"),
    ),
    "gpu": Benchmark(
        "Training steps on a GPU, the lesson's sizes",
        "The same on a GPU; the last column has the seconds of the lesson's K80.",
        "measure_training",
        ("--sizes", "lesson", "--equal", "--device", "cuda", "--precision", "float32", "bfloat16"),
    ),
    "bin_reader": Benchmark(
        "Word vectors of a fastText .bin",
        "20,000 words of a file of random numbers: the project's reader, and the lesson's "
        "dictionary of all vectors.",
        "measure_bin_reader",
    ),
    "growth": Benchmark(
        "Growth of time and memory",
        "Each stage of the workflow on 1, 2, 4 and 8 times an input, on one thread: CPU seconds, "
        "the exponent of their growth (1: linear), and peak memory. Inputs are generated; the "
        "models are of the default's sizes. Each row that is added to the graph of an index is "
        "first searched in it, which takes longer in a larger graph.",
        "measure_growth",
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
    """Run the chosen benchmarks and write the page after each."""
    options = parse_options()
    circumstances = " ".join([machine(), *([options.note] if options.note else [])])
    texts = read_sections(options.out)
    for name in options.only:
        benchmark, reason = BENCHMARKS[name], obstacle(name, options)
        print(f"{name}: {reason or benchmark.command}", file=sys.stderr)
        if not reason:
            texts[name] = section(benchmark, f"{table(benchmark, options)}\n\n{circumstances}")
        elif name not in texts:
            texts[name] = section(benchmark, reason)
        body = "\n".join(texts[name] for name in BENCHMARKS if name in texts)
        options.out.write_text(f"{HEAD}\n{body}", encoding="utf-8")


def parse_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    weights = Path("resources/files/efficientnet_lite0")
    parser.add_argument("--photos", type=Path, help="folder of photographs, for `extraction`")
    parser.add_argument("--weights", type=Path, default=weights, help=f"default: {weights}")
    run = Path("results/default")
    parser.add_argument("--run", type=Path, default=run, help=f"finished run; default: {run}")
    parser.add_argument("--note", help="what readers need to know of the machine at that time")
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, default=list(BENCHMARKS))
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/README.md")
    return parser.parse_args(arguments)


def read_sections(page: Path) -> dict[str, str]:
    """Return the sections of the page by the name of their benchmark."""
    if not page.exists():
        return {}
    _, *texts = re.split("^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    titles = {benchmark.title: name for name, benchmark in BENCHMARKS.items()}
    sections = {text.partition("\n")[0]: f"## {text.rstrip()}\n" for text in texts}
    return {titles[title]: text for title, text in sections.items() if title in titles}


def section(benchmark: Benchmark, result: str) -> str:
    """Return the section of a benchmark."""
    command = f"```\n{benchmark.command}\n```"
    return f"## {benchmark.title}\n\n{benchmark.text}\n\n{command}\n\n{result}\n"


def machine() -> str:
    """Return the date, the commit, the machine and the versions."""
    libraries = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    commit = subprocess.run(command, capture_output=True, text=True).stdout.strip() or "unknown"
    gpus = [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, commit {commit}, {processor()}, {os.cpu_count()} cores, "
        f"GPU: {', '.join(gpus) or 'none'}; Python {platform.python_version()}, {libraries}."
    )


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
    if name == "convergence" and not (options.run / "translators").is_dir():
        return f"Not run: no translators in {options.run}; run `make` first, or set `--run`."
    if name == "extraction" and options.photos is None:
        return "Not run: no folder of photographs; run `make benchmark PHOTOS=FOLDER`."
    if name == "extraction" and not options.weights.exists():
        return f"Not run: no {options.weights}; run `make` first, or set `--weights`."
    return None


def table(benchmark: Benchmark, options: argparse.Namespace) -> str:
    """Run a benchmark; return its table in Markdown."""
    values = {
        "FOLDER": str(options.photos),
        "WEIGHTS": str(options.weights),
        "RUN": str(options.run),
    }
    arguments = [values.get(argument, argument) for argument in benchmark.arguments]
    command = [sys.executable, "-m", f"benchmarks.{benchmark.module}", *arguments]
    process = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    rows = pd.read_csv(StringIO(process.stdout), sep="\t", dtype=str, keep_default_na=False)
    rows.columns = rows.columns.str.replace("_", " ")
    markdown: str = rows.to_markdown(index=False, tablefmt="github", disable_numparse=True)
    return markdown


if __name__ == "__main__":
    main()
