"""Compare the training steps of the translators with those of a plain reference.

    python -m benchmarks.measure_training [--sizes NAME] [--equal] [--precision NAME ...]

takes steps of both, of each precision and in turn, on the same batches in one process, and prints
a table (TSV). The settings are those of config.yaml; the reference is ``plain_translator`` of the
same sizes. Of the median seconds of each batch it computes: target tokens per second of the
project and of the reference, how many times faster the project is than the reference of the same
precision and than that in float32, and seconds of training per epoch next to those of the lesson's
GPU, a K80. Texts are random ids with lengths as in the corpus, or those of ``--run FOLDER``.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from numpy.typing import NDArray
from snakemake.utils import update_config

from benchmarks.plain_translator import PlainSettings, PlainTraining, PlainTranslator
from wordbridge.corpus.batches import Indices, ParallelData
from wordbridge.corpus.ids import TokenIds, pack
from wordbridge.corpus.special_tokens import EOS, SPECIALS
from wordbridge.training.device import choose_device
from wordbridge.translation.decoder import EncoderDecoder
from wordbridge.translation.forcing import forcing_probability
from wordbridge.translation.settings import settings_from
from wordbridge.translation.training import TranslatorTrainer, build_trainer
from wordbridge.translation.translator import Translator
from workflow.config import load_project

COLUMNS = [
    *("variant", "precision", "tokens_per_second", "reference_tokens_per_second"),
    *("times_faster", "times_faster_than_float32"),
    *("epoch_seconds", "reference_epoch_seconds", "k80_epoch_seconds"),
]
VARIANTS = ["baseline", "bidirectional", "forcing", "attention", "all"]
K80 = {"baseline": 109.8, "bidirectional": 115.3, "forcing": 78.6, "attention": 82.4}
CONFIG = "config.yaml"
# Without what the reference leaves out.
EQUAL = {
    "model": {"deep_output": False, "scale_logits": False},
    "training": {"label_smoothing": 0.0, "clip_norm": None, "ema_decay": 0.0},
}
SEED = 1
SHORTEST = 3  # tokens of a text, with the end of sentence
RATIO_DEVIATION = 0.15  # of the logarithm of source length / target length, in the default corpus


@dataclass(frozen=True)
class Sizes:
    """Sizes of a corpus with embeddings of ``width``, and settings that differ from config.yaml.

    Target lengths are log-normal with ``median`` and ``deviation``; a source text is ``ratio``
    times as long as its target.
    """

    pairs: int
    source_words: int
    target_words: int
    median: float
    deviation: float
    ratio: float
    longest_source: int
    longest_target: int
    changes: Mapping[str, Any]
    width: int = 300


SIZES = {
    "default": Sizes(
        pairs=14_309,
        source_words=7_669,
        target_words=3_582,
        median=11.5,
        deviation=0.37,
        ratio=1.1,
        longest_source=28,
        longest_target=29,
        changes={},
    ),
    "lesson": Sizes(
        pairs=45_219,
        source_words=24_793,
        target_words=17_573,
        median=12.2,
        deviation=0.5,
        ratio=1.2,
        longest_source=33,
        longest_target=29,
        changes={"model": {"layers": 2, "hidden": 256}, "training": {"batch_size": 125}},
    ),
}
Step = Callable[[Indices, int], None]  # on the pairs at these indices, as in this epoch (from 0)


def main() -> None:
    """Print the table."""
    options = parse_options()
    blocks = {name: variant_blocks(options, name) for name in {"float32", *options.precision}}
    print("\t".join(COLUMNS))
    for variant in options.variants:
        trainers = {
            name: benchmark_trainer(block[variant], options) for name, block in blocks.items()
        }
        k80 = K80.get(variant, "") if options.sizes == "lesson" else ""
        for line in compare(trainers, options):
            print(f"{variant}\t{line}\t{k80}", flush=True)


def parse_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", choices=SIZES, default="default", help="of texts and network")
    parser.add_argument("--equal", action="store_true", help="equations of the reference for both")
    parser.add_argument("--run", type=Path, help="results of a finished run, for its texts")
    parser.add_argument("--config", nargs="+", default=[], help="files on top of config.yaml")
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=VARIANTS)
    precisions = ["float32", "bfloat16"]
    parser.add_argument("--precision", nargs="+", choices=precisions, default=precisions[:1])
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batches", type=int, default=6, help="spread over all epochs")
    parser.add_argument("--rounds", type=int, default=5, help="the median of these counts")
    return parser.parse_args(arguments)


def variant_blocks(options: argparse.Namespace, precision: str) -> dict[str, dict[str, Any]]:
    """Return the settings of each variant in the configuration, in the chosen sizes."""
    config: dict[str, Any] = {}
    for path in [CONFIG, *options.config]:
        update_config(config, yaml.safe_load(Path(path).read_text(encoding="utf-8")))
    sizes, equal = SIZES[options.sizes].changes, EQUAL if options.equal else {}
    for changes in (sizes, equal, {"training": {"precision": precision}}):
        update_config(config, {"variant_defaults": changes})
    blocks: dict[str, dict[str, Any]] = load_project(config, options.config)["variants"]
    for block in blocks.values():
        del block["training"]["checkpoint_seconds"]
    return blocks


def compare(
    trainers: Mapping[str, TranslatorTrainer], options: argparse.Namespace
) -> Iterator[str]:
    """Yield the columns of one variant, a line per precision; ``trainers`` has float32."""
    trainer = trainers["float32"]
    epochs = [int(epoch) for epoch in np.linspace(0, trainer.options.epochs - 1, options.batches)]
    batches = [trainer.batches(epoch) for epoch in epochs]
    cases = [
        (chosen[number % len(chosen)], epoch)  # the first one has the longest text
        for number, (chosen, epoch) in enumerate(zip(batches, epochs, strict=True), start=1)
    ]
    tokens = sum(trainer.items(indices) for indices, _ in cases)
    epoch_tokens = statistics.mean(trainer.items(np.concatenate(chosen)) for chosen in batches)
    steps = {key: project_step(trainer) for key, trainer in trainers.items()}
    references = {
        f"reference {key}": reference_step(trainer, build_reference(trainer.model), key)
        for key, trainer in trainers.items()
    }
    seconds = median_seconds({**steps, **references}, cases, options.rounds)
    for precision in options.precision:
        project, reference = seconds[precision], seconds[f"reference {precision}"]
        faster = f"{reference / project:.2f}\t{seconds['reference float32'] / project:.2f}"
        speeds = "\t".join(f"{tokens / value:.0f}" for value in (project, reference))
        times = "\t".join(f"{epoch_tokens / tokens * v:.1f}" for v in (project, reference))
        yield f"{precision}\t{speeds}\t{faster}\t{times}"


def benchmark_trainer(block: dict[str, Any], options: argparse.Namespace) -> TranslatorTrainer:
    """Return the training of a variant's ``block`` on synthetic texts or those of a run."""
    if options.run:
        return trainer_of_run(block, options)
    device, settings = choose_device(options.device, options.threads), settings_from(block)
    torch.manual_seed(SEED)
    sizes = SIZES[options.sizes]
    source, target = (
        torch.randn(words, sizes.width) * settings.model.embedding_scale
        for words in (sizes.source_words, sizes.target_words)
    )
    pairs, model = synthetic_pairs(sizes), Translator(settings.model, source, target).to(device)
    return TranslatorTrainer(model, settings, pairs, pairs, seed=SEED)


def trainer_of_run(block: dict[str, Any], options: argparse.Namespace) -> TranslatorTrainer:
    """Return the training of a variant's ``block`` on the texts of a run."""
    files = {
        f"{language}_{kind}": str(options.run / folder / f"{language}.{ending}")
        for language in ("fr", "en")
        for kind, folder, ending in (("ids", "ids", "npz"), ("embedding", "embeddings", "npy"))
    }
    job = {"variant": block, "device": options.device, "threads": options.threads}
    return build_trainer(job, SEED, files)


def synthetic_pairs(sizes: Sizes) -> ParallelData:
    """Return pairs of random ids."""
    random = np.random.default_rng(SEED)
    target = sizes.median * np.exp(random.normal(0, sizes.deviation, sizes.pairs))
    source = sizes.ratio * target * np.exp(random.normal(0, RATIO_DEVIATION, sizes.pairs))

    def texts(lengths: NDArray[np.float64], longest: int, words: int) -> TokenIds:
        counts = np.clip(np.rint(lengths), SHORTEST, longest).astype(int)
        ids = [[*random.integers(len(SPECIALS), words, count - 1), EOS] for count in counts]
        return pack(ids, ["train"] * len(ids))

    return ParallelData(
        texts(source, sizes.longest_source, sizes.source_words),
        texts(target, sizes.longest_target, sizes.target_words),
        np.arange(sizes.pairs),
    )


def project_step(trainer: TranslatorTrainer) -> Step:
    """Return the step of the project's training."""
    trainer.start_epoch()

    def step(indices: Indices, epoch: int) -> None:
        trainer.state.epoch = epoch
        trainer.step(indices, trainer.options.learning_rate, None)

    return step


def reference_step(trainer: TranslatorTrainer, model: PlainTranslator, precision: str) -> Step:
    """Return the step of the plain ``model`` with the texts and forcing of ``trainer``."""
    first, second = trainer.options.betas
    dtype = None if precision == "float32" else getattr(torch, precision)
    training = PlainTraining(model, trainer.options.learning_rate, (first, second), dtype)

    def step(indices: Indices, epoch: int) -> None:
        batch = trainer.train_data.batch(indices).to(trainer.device)
        forcing = forcing_probability(trainer.settings.forcing, epoch)
        training.step(batch.source, batch.source_lengths.cpu(), batch.target, forcing)

    return step


def build_reference(model: EncoderDecoder) -> PlainTranslator:
    """Return the plain translator of the sizes, dropouts and initial embeddings of ``model``."""
    options = model.settings
    settings = PlainSettings(
        layers=options.layers,
        hidden=options.hidden,
        bidirectional=options.bidirectional == "all",
        attention=options.attention,
        tied=options.output_weights == "tied",
        source_dropout=options.source_dropout,
        encoder_dropout=options.encoder_dropout,
        bridge_dropout=options.bridge_dropout,
        decoder_dropout=options.decoder_dropout,
        output_dropout=options.output_dropout,
    )
    source, target = (
        model.encoder.embedding.weight.detach(),
        model.decoder.embedding.weight.detach(),
    )
    return PlainTranslator(settings, source, target).to(source.device)


def median_seconds(
    steps: Mapping[str, Step], cases: Sequence[tuple[Indices, int]], rounds: int
) -> dict[str, float]:
    """Return the seconds of each kind of step over all ``cases``, each the median of the rounds."""
    deterministic = torch.are_deterministic_algorithms_enabled()  # on a GPU; a student's are not
    seconds: dict[str, list[list[float]]] = {key: [[] for _ in cases] for key in steps}
    for counts in [False, *[True] * rounds]:  # the first round warms up
        for number, case in enumerate(cases):
            for key, step in steps.items():
                torch.use_deterministic_algorithms(
                    deterministic and not key.startswith("reference"), warn_only=True
                )
                started = time.perf_counter()
                step(*case)
                if torch.cuda.is_available():
                    torch.cuda.synchronize()
                if counts:
                    seconds[key][number].append(time.perf_counter() - started)
    torch.use_deterministic_algorithms(deterministic, warn_only=True)
    return {key: sum(map(statistics.median, values)) for key, values in seconds.items()}


if __name__ == "__main__":
    main()
