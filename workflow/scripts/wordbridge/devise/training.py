"""How well a head does on images: its loss, and how often the noun is among the first five.

Training of one head over features that were computed before; resumable at any batch.

One training job: from features, split and noun vectors to a trained head.
"""

import math
import random
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import normalize

from wordbridge.devise.dataset import Batch, Points, label_numbers, of_images
from wordbridge.devise.head import SAME, Head, Kept, draw_negatives, kept_weights, losses
from wordbridge.devise.labelled import Features, seen_parts
from wordbridge.devise.settings import LossSettings, Settings, settings_from
from wordbridge.errors import InputError
from wordbridge.files import write_tsv
from wordbridge.images.feature_store import FeatureStore
from wordbridge.images.table import ImageRow, read_images
from wordbridge.nouns.matrix import NounMatrix, read_noun_matrix
from wordbridge.tensors import SavedModel
from wordbridge.training.checkpoint import Resumption, exclusive, state_key
from wordbridge.training.device import choose_device
from wordbridge.training.loop import Standing
from wordbridge.training.schedules import learning_rate, momentum

CHUNK = 1024  # images at once


@torch.no_grad()
def look(head: Head, points: Points, settings: LossSettings, seen: Tensor) -> tuple[float, float]:
    """Return the mean loss over ``points`` and the part whose noun is among the first 5.

    ``seen`` (nouns, dim) are the unit vectors of the nouns that are looked among; they are all
    negatives of the hinge rank loss. The head keeps its mode.
    """
    was_training, device = head.training, seen.device
    head.eval()
    loss = hits = 0.0
    for start in range(0, len(points), CHUNK):
        batch = points.batch(np.arange(start, min(start + CHUNK, len(points)))).to(device)
        said = head(batch.features)
        loss += float(losses(settings, said, batch.targets, batch.labels, seen).sum())
        hits += float(_hits(said, batch, settings, seen).sum())
    head.train(was_training)
    return loss / len(points), hits / len(points)


def _hits(said: Tensor, batch: Batch, settings: LossSettings, seen: Tensor) -> Tensor:
    """Return whether fewer than 5 other nouns suit each image better than its own."""
    if settings.kind == "softmax":
        right = said.gather(1, batch.labels.clamp(min=0)[:, None])
        return ((said > right).sum(dim=1) < 5) & (batch.labels >= 0)
    unit = normalize(said)
    right = (unit * batch.targets).sum(dim=1, keepdim=True)
    others = batch.targets @ seen.T < SAME
    return ((unit @ seen.T > right) & others).sum(dim=1) < 5


COLUMNS = ("epoch", "learning_rate", "train_loss", "fit_loss", "valid_loss", "valid_hit5")


def batches(points: int, size: int, seed: int, epoch: int) -> list[NDArray[np.int64]]:
    """Return the shuffled numbers of all points in batches, a function of seed and epoch.

    A last batch of one point, of which batch norm can make nothing, joins the one before.
    """
    order = np.random.default_rng([seed, epoch]).permutation(points)
    cuts = np.arange(size, points, size)
    if len(cuts) and points - cuts[-1] == 1:
        cuts = cuts[:-1]
    return np.split(order, cuts)


class HeadTraining:
    """One training of ``head`` over ``train`` with a look at ``valid`` after each epoch.

    ``fit`` are images of the train part that are looked at in the same way, so that the two
    losses can be compared: where they part, the head overfits. ``seen`` (nouns, dim) are the
    unit vectors of the nouns with training points. ``state`` is the file that is written every
    few minutes, on SIGTERM and at the end, and from which the run continues with the same bytes.
    """

    def __init__(
        self,
        head: Head,
        settings: Settings,
        train: Points,
        looks: tuple[Points, Points],
        seen: Tensor,
        *,
        seed: int,
        state: Path | None = None,
    ) -> None:
        self.head, self.settings = head, settings
        self.train_points, (self.fit, self.valid) = train, looks
        self.device = next(head.parameters()).device
        self.seen = seen.to(self.device)
        self.seed = seed
        options = settings.training
        self.optimizer = torch.optim.Adam(
            head.parameters(),
            lr=options.learning_rate,
            betas=options.betas,
            weight_decay=options.weight_decay,
            fused=True,  # one pass over each tensor, on CPU and GPU alike
        )
        self.steps = len(batches(len(train), options.batch_size, seed, 0)) * options.epochs
        self.standing = Standing()
        self.best: dict[str, Tensor] = {}
        self.resumption = Resumption(state, Kept(head), self.optimizer, options.save_seconds)

    def run(self) -> dict[str, Tensor]:
        """Train to the end, from the saved state if there is one, and return the chosen weights.

        Raises Stopped after SIGTERM, SIGINT or SIGHUP, when the state has been written, and
        InputError when a loss is no number.
        """
        options = self.settings.training
        with self.resumption.stop:
            self.best = self.resumption.resume(self.standing)
            while self.standing.goes_on(options.epochs, options.patience):
                self._epoch()
            self.resumption.finish(self.standing, self.best)
        return self.best

    def _epoch(self) -> None:
        standing, options = self.standing, self.settings.training
        order = batches(len(self.train_points), options.batch_size, self.seed, standing.epoch)
        self.head.train()
        frozen = options.freeze_statistics
        if frozen is not None and standing.epoch >= frozen:
            self.head.freeze_statistics()
        # Saved after the last batch but before validation, an epoch has no batch left.
        for indices in order[standing.batch :]:
            self._batch(indices)
            self._save_if_due()
        self._close_epoch()

    def _batch(self, indices: NDArray[np.int64]) -> None:
        started, step = time.monotonic(), self.standing.step
        first = momentum(self.settings.schedule, step, self.steps)
        loss = self.step(indices, self._rate(step), first)
        self._check(loss, "training loss")
        self.standing.count(loss, len(indices), started)

    def step(self, indices: NDArray[np.int64], rate: float, first: float | None) -> float:
        """Return the loss of one batch after one step with the learning rate ``rate``.

        ``first`` is Adam's first beta, or None to leave it.
        """
        batch = self.train_points.batch(indices).to(self.device)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
            if first is not None:
                group["betas"] = (first, group["betas"][1])
        said = self.head(batch.features)
        options = self.settings.loss
        negatives = draw_negatives(self.seen, options.negatives)
        loss = losses(options, said, batch.targets, batch.labels, negatives).mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())

    def _rate(self, step: int) -> float:
        highest = self.settings.training.learning_rate
        return learning_rate(self.settings.schedule, step, self.steps, highest)

    def _check(self, loss: float, name: str) -> None:
        if not math.isfinite(loss):
            raise InputError(
                f"{name} in epoch {self.standing.epoch + 1}: expected a number, got {loss}; "
                "lower learning_rate"
            )

    def _close_epoch(self) -> None:
        standing = self.standing
        fit, _ = look(self.head, self.fit, self.settings.loss, self.seen)
        valid, hit5 = look(self.head, self.valid, self.settings.loss, self.seen)
        row = {
            "epoch": standing.epoch + 1,
            "learning_rate": self._rate(standing.step - 1),
            "train_loss": standing.train_loss,
            "fit_loss": fit,
            "valid_loss": valid,
            "valid_hit5": hit5,
        }
        self._check(valid, "valid_loss")
        last = self.settings.training.select == "last"
        if standing.close_epoch(row, -row["epoch"] if last else valid):
            self.best = kept_weights(self.head)
        print("  ".join(f"{name} {row[name]:.4g}" for name in COLUMNS), file=sys.stderr)
        self._save_if_due()

    def _save_if_due(self) -> None:
        if self.resumption.due:
            self.resumption.save(self.standing, self.best)


def write_metrics(path: str | Path, epochs: Sequence[dict[str, float]]) -> None:
    """Write one row per epoch; figures are written so that they read back exactly."""
    write_tsv(path, COLUMNS, ([repr(row[name]) for name in COLUMNS] for row in epochs))


@dataclass(frozen=True)
class Sources:
    """What a head is trained on: features, the split's images, nouns."""

    store: Features
    images: Sequence[ImageRow]
    nouns: NounMatrix


def read_sources(
    features: Sequence[str | Path],
    images: str | Path,
    vectors: str | Path,
    nouns: str | Path,
) -> Sources:
    """Return what a rule's input files hold.

    Raises InputError when a file is damaged, or the files do not belong together.
    """
    return Sources(
        FeatureStore.open(features),
        read_images(images),
        read_noun_matrix(vectors, nouns),
    )


def prepare(
    settings: Settings, seed: int, sources: Sources, device: torch.device, state: Path | None
) -> tuple[HeadTraining, list[str]]:
    """Return the training of the untrained head, and the synsets of the nouns that are seen.

    Raises InputError when the inputs do not belong together or a part is empty.
    """
    train, valid = seen_parts(sources.store, sources.images, sources.nouns)
    train = train.with_noun()
    seen = np.unique(train.nouns)
    label_of = label_numbers(sources.nouns, seen)
    points, fit, held = (
        of_images(sources.store, sources.nouns, part, label_of)
        for part in (train, train.thinned(len(valid)), valid)
    )
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
    vectors = torch.from_numpy(sources.nouns.vectors[seen])
    outputs = len(seen) if settings.loss.kind == "softmax" else vectors.shape[1]
    head = Head(settings.head, sources.store.width, outputs).to(device)
    training = HeadTraining(head, settings, points, (fit, held), vectors, seed=seed, state=state)
    return training, [sources.nouns.synsets[row] for row in seen]


@dataclass(frozen=True)
class Trained(SavedModel):
    """A trained head and a row per epoch."""

    epochs: list[dict[str, float]]


def train(
    block: Mapping[str, Any],
    seed: int,
    sources: Sources,
    inputs: Sequence[str | Path],
    states: Path,
    code: Mapping[str, Any],
    save_seconds: float | None = None,
) -> Trained:
    """Return the head of ``block`` trained with ``seed``, continuing a broken-off run.

    ``block`` has variant, device and threads; ``inputs`` are the files that ``sources`` were read
    from. The state lives in ``states`` under a digest of all that the training depends on,
    ``code`` among it. ``save_seconds``, how often it is saved, is no part of that; None takes the
    block's. Raises InputError when another process runs the same training.
    """
    device = choose_device(block["device"], block["threads"])
    settings = settings_from(block["variant"])
    files = {f"{number:06d}": path for number, path in enumerate(inputs)}
    key = state_key({"block": block, "seed": seed, "code": code}, files)
    state = states / f"{key}.safetensors"
    with exclusive(state):
        paced = settings.saving_every(save_seconds)
        training, seen = prepare(paced, seed, sources, device, state)
        weights = training.run()
    standing, scores = training.standing, settings.loss.kind == "softmax"
    description = {
        "kind": "head",
        "space": "classes" if scores else "words",
        "classes": seen if scores else [],
        "seed": seed,
        "settings": settings.as_dict(),
        "width": sources.store.width,
        "outputs": len(seen) if scores else sources.nouns.vectors.shape[1],
        "parameters": sum(p.numel() for p in training.head.parameters()),
        "points": len(training.train_points),
        "epochs": standing.epoch,
        "best_epoch": standing.best_epoch + 1,
    }
    tensors = {f"head.{name}": value for name, value in weights.items()}
    return Trained(tensors, description, standing.epochs)
