"""Compare how fast the translators and a plain reference learn, on the texts of a finished run.

    python -m benchmarks.measure_convergence RUN [--variants NAME ...] [--precision NAME ...]

trains each variant with the settings, batches and epochs of ``RUN`` (such as results/default), and
``plain_translator`` of the same sizes on the same batches in float32, with a constant learning
rate. After each epoch it computes BLEU of greedy translations of the valid split, over tokens. It
prints a table (TSV): the best BLEU and the CPU seconds of all training steps of both, the seconds
until the variant has reached the reference's best BLEU, and how many times less that is than the
reference's seconds. The rows of float32 and bfloat16 also compare the quality of both.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

import torch
from sacrebleu.metrics.bleu import BLEU
from torch import Tensor

from benchmarks.measure_training import (
    SEED,
    VARIANTS,
    build_reference,
    reference_step,
    trainer_of_run,
)
from benchmarks.plain_translator import PlainTranslator
from wordbridge.corpus.batches import sorted_batches
from wordbridge.corpus.special_tokens import EOS
from wordbridge.training.schedules import learning_rate
from wordbridge.translation.training import TranslatorTrainer

COLUMNS = [
    *("variant", "precision", "epochs", "best_bleu", "seconds"),
    *("reference_best_bleu", "reference_seconds", "seconds_to_reference_best", "times_faster"),
]


class Epoch(NamedTuple):
    """BLEU after an epoch, and CPU seconds of all training steps until then."""

    bleu: float
    seconds: float


def main() -> None:
    """Print the table."""
    options = parse_options()
    print("\t".join(COLUMNS))
    for variant in options.variants:
        reference = reference_curve(variant_trainer(options, variant, "float32"))
        for precision in options.precision:
            project = project_curve(variant_trainer(options, variant, precision))
            print("\t".join([variant, precision, *compare(project, reference)]), flush=True)


def parse_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path, help="results of a finished run")
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=VARIANTS)
    precisions = ["float32", "bfloat16"]
    parser.add_argument("--precision", nargs="+", choices=precisions, default=precisions)
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args(arguments)


def variant_trainer(options: argparse.Namespace, variant: str, precision: str) -> TranslatorTrainer:
    """Return the training of a variant of the run, with its settings but for the precision."""
    path = options.run / "translators" / variant / str(SEED) / "settings.json"
    description = json.loads(path.read_text(encoding="utf-8"))
    block: dict[str, Any] = {
        **description["settings"],
        "direction": description["direction"],
        "tag_versions": bool(description["target_versions"]),
    }
    block["training"]["precision"] = precision
    return trainer_of_run(block, options)


def project_curve(trainer: TranslatorTrainer) -> list[Epoch]:
    """Train a variant; return its epochs."""

    def train(epoch: int) -> None:
        trainer.state.epoch = epoch
        trainer.start_epoch()
        for indices in trainer.batches(epoch):
            highest = trainer.options.learning_rate
            rate = learning_rate(trainer.schedule, trainer.state.step, trainer.steps, highest)
            trainer.step(indices, rate, None)
            trainer.state.step += 1

    return curve(train, lambda: trainer.validate()["bleu"], trainer.options.epochs)


def reference_curve(trainer: TranslatorTrainer) -> list[Epoch]:
    """Train the plain reference on the batches of ``trainer``; return its epochs."""
    torch.manual_seed(SEED)
    model = build_reference(trainer.model)
    step = reference_step(trainer, model, "float32")

    def train(epoch: int) -> None:
        model.train()
        for indices in trainer.batches(epoch):
            step(indices, epoch)

    return curve(train, lambda: greedy_bleu(model, trainer), trainer.options.epochs)


def curve(train: Callable[[int], None], validate: Callable[[], float], epochs: int) -> list[Epoch]:
    """Return BLEU and seconds after each epoch; only ``train`` is timed."""
    rows, seconds = [], 0.0
    for epoch in range(epochs):
        started = time.process_time()
        train(epoch)
        seconds += time.process_time() - started
        rows.append(Epoch(validate(), seconds))
    return rows


@torch.no_grad()
def greedy_bleu(model: PlainTranslator, trainer: TranslatorTrainer) -> float:
    """Return BLEU of the reference's greedy translations, as the project computes its own."""
    model.eval()
    hypotheses: list[str] = []
    references: list[str] = []
    data = trainer.valid_data
    for indices in sorted_batches(data.target_lengths, trainer.options.batch_size):
        batch = data.batch(indices).to(trainer.device)
        logits = model(batch.source, batch.source_lengths.cpu(), batch.target, 0.0)
        hypotheses += texts(logits.argmax(dim=2))
        references += texts(batch.target)
    return float(BLEU(tokenize="none", force=True).corpus_score(hypotheses, [references]).score)


def texts(words: Tensor) -> list[str]:
    """Return the ids of each column of ``words`` (time, batch) before the first end."""
    columns = ([str(word) for word in column] for column in words.t().tolist())
    return [" ".join(takewhile(lambda word: word != str(EOS), column)) for column in columns]


def compare(project: Sequence[Epoch], reference: Sequence[Epoch]) -> Iterator[str]:
    """Yield the columns of a variant after its name and precision."""
    best, goal = max(row.bleu for row in project), max(row.bleu for row in reference)
    yield str(len(project))
    for value, rows in ((best, project), (goal, reference)):
        yield f"{value:.1f}"
        yield f"{rows[-1].seconds:.0f}"
    reached = next((row.seconds for row in project if row.bleu >= goal), None)
    yield "never" if reached is None else f"{reached:.0f}"
    yield "" if reached is None else f"{reference[-1].seconds / reached:.2f}"


if __name__ == "__main__":
    main()
