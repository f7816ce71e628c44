"""Hold the project against a port of the lesson's notebook code, in one run on one machine.

    python -m benchmarks.compare_with_lesson EN FR PORT OUT [--epochs N] [--batches N]

EN and FR are line-aligned texts, plain or .gz. PORT is a script that is called with
EN FR EN.bin FR.bin OUT --variants --epochs --bs --batches --device, prints a JSON line per stage
and leaves OUT/<variant>.hyp and OUT/ref. Both sides get the same texts, vectors, epochs and
batches and one thread each. OUT gets comparison.tsv, .md and .html; the Markdown is printed, too.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from sacrebleu.metrics.bleu import BLEU
from snakemake.utils import update_config

from benchmarks.lesson_table import write_comparison
from benchmarks.port_run import PortRun, run_port, variant_figures
from benchmarks.processes import alone
from benchmarks.project_texts import LANGUAGES, embed, learn_vectors, prepare_texts
from benchmarks.project_training import Run, train_variants
from wordbridge.corpus.questions import read_lines
from workflow.config import load

ROOT = Path(__file__).resolve().parents[1]
# The port's names and the configuration's.
VARIANTS = {
    "baseline": "baseline",
    "bidir": "bidirectional",
    "forcing": "forcing",
    "attention": "attention",
}
# In which configurations, one on top of the other, each preset stands.
PRESETS = {"lesson": ["config.yaml", "configs/lesson.yaml"], "corrected": ["config.yaml"]}
VALIDATION_SCALE = 1.6  # the port's validation batches are so much larger


def main(arguments: Sequence[str] | None = None) -> None:
    """Run both sides and write the tables."""
    options = parse_options(arguments)
    os.environ["OMP_NUM_THREADS"] = "1"
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    presets = {name: preset(paths) for name, paths in PRESETS.items()}
    for language in LANGUAGES:
        write_plain(getattr(options, language), out / f"{language}.txt")
    prepared = alone(prepare_texts, out, presets["lesson"])
    bins = vectors(options)
    batch_size = presets["lesson"]["variants"]["baseline"]["training"]["batch_size"]
    port = run_port(options.port, port_arguments(options, bins, batch_size))
    check_same_texts(port, prepared)
    sides = {"port": port_figures(port, prepared, options)}
    for name, config in presets.items():
        run = Run(out, name, options.seed, options.batches, int(batch_size * VALIDATION_SCALE))
        sides[name] = project_figures(run, config, bins, options)
    sides["lesson"] |= {stage: prepared[stage] for stage in ("extraction", "tokenisation")}
    check_same_references(out)
    facts = caption_facts(presets, options.epochs)
    print(write_comparison(sides, out / "comparison", facts, options.batches))


def parse_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("en", type=Path, help="English text, a sentence a line, plain or .gz")
    parser.add_argument("fr", type=Path, help="French text with the same lines")
    parser.add_argument("port", type=Path, help="the port of the lesson's code")
    parser.add_argument("out", type=Path, help="folder for everything that is made")
    parser.add_argument("--epochs", type=int, default=3, help="of every training (default 3)")
    parser.add_argument(
        "--batches", type=int, default=0, help="end each epoch after so many: for times only"
    )
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--seed", type=int, default=0, help="of the project's trainings")
    parser.add_argument(
        "--vectors", nargs=2, type=Path, metavar=("EN.bin", "FR.bin"), help="instead of learning"
    )
    parser.add_argument(
        "--vector-lines",
        type=int,
        default=50_000,
        help="lines that vectors are learned from, beside all questions (default 50,000)",
    )
    parser.add_argument("--vector-epochs", type=int, default=5, help="of learning vectors")
    return parser.parse_args(arguments)


def preset(paths: list[str]) -> dict[str, Any]:
    """Return the complete configuration of the files ``paths``, the later on top."""
    config: dict[str, Any] = {}
    for path in paths:
        update_config(config, yaml.safe_load((ROOT / path).read_text(encoding="utf-8")))
    return load(config, ROOT / "workflow" / "schemas" / "config.schema.yaml")


def blocks(config: Mapping[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """Return the variants to train, by the port's names and with the epochs of this run.

    The texts are lines, which have no versions to tag and no auxiliary text.
    """
    chosen = {}
    for name in options.variants:
        variant = config["variants"][VARIANTS[name]]
        plain = {"auxiliary_pairs": 0, "auxiliary_epochs": 0}
        training = {**variant["training"], **plain, "epochs": options.epochs}
        chosen[name] = {**variant, "tag_versions": False, "training": training}
    return chosen


def caption_facts(presets: Mapping[str, Mapping[str, Any]], epochs: int) -> dict[str, float]:
    """Return the numbers in the caption that are those of the presets, and ``epochs``."""
    corrected, lesson = (presets[name]["variants"]["forcing"] for name in ("corrected", "lesson"))
    forced = (
        corrected["forcing"]["hold_epochs"] + 1
    )  # the epoch in which the descent begins is whole, too
    return {
        "epochs": epochs,
        "layers": corrected["model"]["layers"],
        "lesson_layers": lesson["model"]["layers"],
        "label_smoothing": corrected["training"]["label_smoothing"],
        "ema_decay": corrected["training"]["ema_decay"],
        "forced": forced,
        "forced_here": min(forced, epochs),
    }


def write_plain(source: Path, path: Path) -> None:
    """Write ``source`` as plain text in which only line feeds end lines, for any reader."""
    with path.open("w", encoding="utf-8", newline="\n") as text:
        text.writelines(line.replace("\r", " ") + "\n" for line in read_lines(source))


def vectors(options: argparse.Namespace) -> dict[str, Path]:
    """Return the fastText models by language, after learning them where none are given."""
    if options.vectors:
        return dict(zip(LANGUAGES, options.vectors, strict=True))
    for language in LANGUAGES:
        print(f"learning {language} vectors", file=sys.stderr)
        learn_vectors(options.out, language, options.vector_lines, options.vector_epochs)
    return {language: options.out / f"{language}.bin" for language in LANGUAGES}


def port_arguments(
    options: argparse.Namespace, bins: Mapping[str, Path], batch_size: int
) -> list[str]:
    """Return the port's command line."""
    texts = [str(options.out / f"{language}.txt") for language in LANGUAGES]
    models = [str(bins[language]) for language in LANGUAGES]
    named = {
        "--variants": ",".join(options.variants),
        "--epochs": options.epochs,
        "--bs": batch_size,
        "--batches": options.batches,
        "--device": "cpu",
    }
    given = [str(part) for pair in named.items() for part in pair]
    return [*texts, *models, str(options.out / "port"), *given]


def project_figures(
    run: Run, config: Mapping[str, Any], bins: Mapping[str, Path], options: argparse.Namespace
) -> dict[str, dict[str, float]]:
    """Return the figures of one preset: its vectors and each variant."""
    figures = {"vectors": alone(embed, run.folder, bins, config, run.preset)}
    figures |= alone(train_variants, run, blocks(config, options))
    for variant in options.variants:
        hypotheses = run.folder / f"{run.preset}.{variant}.hyp"
        figures[variant]["bleu"] = bleu(hypotheses, run.folder / f"{run.preset}.ref")
    return figures


def port_figures(
    port: PortRun, prepared: Mapping[str, Mapping[str, float]], options: argparse.Namespace
) -> dict[str, dict[str, float]]:
    """Return the port's figures under the names of ours."""
    # The port's seconds have three digits after the point.
    extracting, cutting = (max(port.stages[s]["seconds"], 5e-4) for s in ("extract", "tokenize"))
    figures = {
        "extraction": {"rows_per_second": prepared["extraction"]["rows"] / extracting},
        "tokenisation": {"tokens_per_second": prepared["tokenisation"]["tokens"] / cutting},
        "vectors": {"seconds": port.stages["vectors"]["seconds"], "memory": port.vector_mb},
    }
    folder = options.out / "port"
    for variant in options.variants:
        score = bleu(folder / f"{variant}.hyp", folder / "ref")
        figures[variant] = {**variant_figures(port, variant), "bleu": score}
    return figures


def bleu(hypotheses: Path, references: Path) -> float:
    """Return sacreBLEU's score in points of two files of tokens."""
    said, meant = (
        path.read_text(encoding="utf-8").split("\n") for path in (hypotheses, references)
    )
    # Both end with a line feed, behind which an empty text stands.
    return float(BLEU(tokenize="none", force=True).corpus_score(said[:-1], [meant[:-1]]).score)


def check_same_texts(port: PortRun, prepared: Mapping[str, Mapping[str, float]]) -> None:
    """Raise RuntimeError when the two sides do not have the same pairs and words."""
    words = port.stages["vocab"]
    theirs = [port.stages["extract"]["pairs"], port.stages["tokenize"]["pairs"]]
    theirs += [words[language] for language in LANGUAGES]
    ours = [prepared["extraction"]["pairs"], prepared["tokenisation"]["pairs"]]
    ours += [prepared["vocabulary"][language] for language in LANGUAGES]
    if theirs != ours:
        raise RuntimeError(
            "expected the same pairs, short pairs, English and French words on both sides, got "
            f"{theirs} in the port and {list(map(int, ours))} here; the comparison is void"
        )


def check_same_references(out: Path) -> None:
    """Raise RuntimeError when the two sides do not translate the same sentences in one order."""
    theirs = (out / "port" / "ref").read_text(encoding="utf-8")
    for name in PRESETS:
        if (out / f"{name}.ref").read_text(encoding="utf-8") != theirs:
            raise RuntimeError(
                f"expected the references of {out / 'port' / 'ref'} in {name}.ref, got others; "
                "the comparison is void"
            )


if __name__ == "__main__":
    main()
