"""The project's side of the comparison from the embeddings on: training and translation."""

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from wordbridge.corpus.batches import ParallelData, sortish_batches
from wordbridge.corpus.special_tokens import EOS, UNK
from wordbridge.corpus.vocabulary import read_vocabulary
from wordbridge.tensors import load_weights
from wordbridge.training.loop import TrainState
from wordbridge.translation.decoding import DecodingSettings, greedy
from wordbridge.translation.losses import greedy_validation
from wordbridge.translation.training import TranslatorTrainer, prepare
from wordbridge.translation.translator import Translator

Figures = dict[str, float]
Places = NDArray[np.int64]

_LAST_BATCHES = 50  # whose mean is the port's training loss
_LOOKS = 3  # the port's validation batches when it ends its epochs early


@dataclass(frozen=True)
class Run:
    """How the variants of one preset are trained.

    ``folder`` has ids, vocabularies and the embeddings of ``preset``; ``batches`` above 0 ends
    each epoch after so many; validation batches have ``validation_size`` pairs at most.
    """

    folder: Path
    preset: str
    seed: int
    batches: int
    validation_size: int

    def inputs(self) -> dict[str, str]:
        """Return the files that a training reads."""
        files = {}
        for language in ("fr", "en"):
            files[f"{language}_ids"] = str(self.folder / f"{language}.npz")
            files[f"{language}_embedding"] = str(self.folder / f"{self.preset}.{language}.npy")
        return files


@dataclass
class Recorded(TrainState):
    """The state of a training that keeps the loss of every batch."""

    losses: list[float] = field(default_factory=list)

    def end_step(self, loss: float, items: int, seconds: float) -> None:
        """Count a step with its loss, its target tokens and the time that it took."""
        super().end_step(loss, items, seconds)
        self.losses.append(loss)


def train_variants(run: Run, variants: Mapping[str, Mapping[str, Any]]) -> dict[str, Figures]:
    """Return the figures of each of ``variants``, blocks of the configuration by the port's names.

    Leaves translations (<preset>.<variant>.hyp) and references (<preset>.ref) in the folder.
    """
    return {name: _trained(run, name, block) for name, block in variants.items()}


def _trained(run: Run, name: str, variant: Mapping[str, Any]) -> Figures:
    block = {"variant": variant, "device": "cpu", "threads": 1}
    trainer = prepare(block, run.seed, run.inputs())
    model, settings, valid = trainer.model, trainer.settings, trainer.valid_data
    batches = _validation_batches(valid, run.validation_size)
    looks = batches[:_LOOKS] if run.batches else batches
    trainer.valid_data = _part(valid, np.concatenate(looks))
    trainer.state = standing = Recorded()
    with _first(run.batches):
        load_weights(model, trainer.run())
    last_epoch = standing.losses[-(len(standing.losses) // standing.epoch) :]
    valid_loss = _free_running_loss(model, valid, looks)
    started = time.perf_counter()
    _translate(trainer, valid, batches, run.folder / f"{run.preset}.{name}.hyp")
    return {
        "train_loss": float(np.mean(last_epoch[-_LAST_BATCHES:])),
        "smoothed_loss": standing.epochs[-1]["train_loss"],
        "valid_loss": valid_loss,
        "nll": standing.epochs[standing.best_epoch]["nll"],
        "tokens_per_second": standing.items_per_second,
        "train_seconds": standing.seconds,
        "translate_seconds": time.perf_counter() - started,
        "batch_size": settings.training.batch_size,
    }


def _first(batches: int) -> AbstractContextManager[Any]:
    """Let every epoch end after so many ``batches`` in this context; 0: never early."""

    def few(*arguments: Any) -> list[Places]:
        return sortish_batches(*arguments)[:batches]

    name = "wordbridge.translation.training.sortish_batches"
    return patch(name, few) if batches else nullcontext()


def _part(data: ParallelData, places: Places) -> ParallelData:
    return ParallelData(data.source, data.target, data.rows[places])


def _validation_batches(data: ParallelData, most: int) -> list[Places]:
    """Return the port's batches: by falling target length, in nearly equal parts."""
    order = np.argsort(-data.target_lengths, kind="stable")
    return np.array_split(order, math.ceil(len(data) / most))


def _free_running_loss(model: Translator, data: ParallelData, looks: Sequence[Places]) -> float:
    """Return the mean over the batches ``looks`` weighted by their sizes, as the port has it."""
    losses = [greedy_validation(model, _part(data, places), len(places)).loss for places in looks]
    return float(np.average(losses, weights=[len(places) for places in looks]))


def _translate(
    trainer: TranslatorTrainer, valid: ParallelData, batches: Sequence[Places], path: Path
) -> None:
    """Write greedy translations to ``path`` and references beside it, in the port's form."""
    words = read_vocabulary(path.parent / "en.words.tsv").words
    options = DecodingSettings(
        beam=1,
        max_steps=int(valid.target.lengths.max()),
        length_penalty=0.0,
        no_repeat_ngram_size=0,
        replace_unknown=False,
        batch_size=128,
    )
    trainer.model.eval()
    said, meant = [], []
    for places in batches:
        batch = valid.batch(places)
        found = greedy(trainer.model, batch.source, batch.source_lengths, options)
        said += [_sentence(one.ids.tolist(), words) for one in found]
        meant += [_sentence(ids.tolist(), words) for ids in batch.target.t()]
    _write(path, said)
    _write(path.parent / f"{path.name.split('.')[0]}.ref", meant)


def _sentence(ids: list[int], words: Sequence[str]) -> str:
    """Return the words before the first end of sentence, without padding and start."""
    end = ids.index(EOS) if EOS in ids else len(ids)
    return " ".join(words[number] for number in ids[:end] if number >= UNK)


def _write(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
