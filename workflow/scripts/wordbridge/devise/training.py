"""How well a head does on images: its loss, and how often the noun is among the first five.

Training of one head over features that were computed before; resumable at any batch.

One training job: from features, split and noun vectors to a trained head.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from wordbridge.devise.dataset import Batch, Points, label_numbers, of_images
from wordbridge.devise.head import SAME, Head, Kept, draw_negatives, kept_weights, losses
from wordbridge.devise.labelled import Features, seen_splits
from wordbridge.devise.settings import LossSettings, Settings, settings_from
from wordbridge.images.feature_store import FeatureStore
from wordbridge.images.table import ImageRow, read_images
from wordbridge.nouns.matrix import NounMatrix, read_noun_matrix
from wordbridge.tensors import SavedModel
from wordbridge.training.checkpoint import locked_state
from wordbridge.training.device import choose_device
from wordbridge.training.loop import Indices, Trainer, set_seed

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


def batches(points: int, size: int, seed: int, epoch: int) -> list[Indices]:
    """Return the shuffled numbers of all points in batches, a function of seed and epoch.

    A last batch of one point, of which batch norm can make nothing, joins the one before.
    """
    order = np.random.default_rng([seed, epoch]).permutation(points)
    cuts = np.arange(size, points, size)
    if len(cuts) and points - cuts[-1] == 1:
        cuts = cuts[:-1]
    return np.split(order, cuts)


class HeadTraining(Trainer):
    """The training of ``head`` on ``train``, validated after each epoch.

    ``looks`` are the images whose metrics are computed: some of the train split (``fit``), so that
    the two losses can be compared, and those of the valid split. ``seen`` (nouns, dim) are the
    unit vectors of the nouns with training points.
    """

    metrics = ("epoch", "learning_rate", "train_loss", "fit_loss", "valid_loss", "valid_hit5")
    unit = "images"

    def __init__(
        self,
        head: Head,
        settings: Settings,
        train: Points,
        looks: tuple[Points, Points],
        seen: Tensor,
        *,
        seed: int,
        checkpoint: Path | None = None,
    ) -> None:
        self.head, self.settings, self.seed = head, settings, seed
        self.train_points, (self.fit, self.valid) = train, looks
        options = settings.training
        steps = len(batches(len(train), options.batch_size, seed, 0)) * options.epochs
        super().__init__(
            head,
            options,
            settings.schedule,
            steps,
            Kept(head),
            checkpoint,
            options.checkpoint_seconds,
        )
        self.seen = seen.to(self.device)

    def batches(self, epoch: int) -> list[Indices]:
        """Return the batches of ``epoch``; see ``batches``."""
        size = self.settings.training.batch_size
        return batches(len(self.train_points), size, self.seed, epoch)

    def start_epoch(self) -> None:
        """Prepare the head; after some epochs its batch norms keep their statistics."""
        super().start_epoch()
        frozen = self.settings.training.freeze_statistics
        if frozen is not None and self.state.epoch >= frozen:
            self.head.freeze_statistics()

    def losses(self, indices: Indices) -> tuple[Tensor, Tensor]:
        """Return the mean loss of a batch, twice: all of it is minimised."""
        batch = self.train_points.batch(indices).to(self.device)
        predicted = self.head(batch.features)
        options = self.settings.loss
        negatives = draw_negatives(self.seen, options.negatives)
        loss = losses(options, predicted, batch.targets, batch.labels, negatives).mean()
        return loss, loss

    def validate(self) -> dict[str, float]:
        """Return losses and hit rate of the images that are not trained on."""
        fit, _ = look(self.head, self.fit, self.settings.loss, self.seen)
        valid, hit5 = look(self.head, self.valid, self.settings.loss, self.seen)
        return {"fit_loss": fit, "valid_loss": valid, "valid_hit5": hit5}

    def weights(self) -> dict[str, Tensor]:
        """Return copies of the head's weights and running statistics."""
        return kept_weights(self.head)


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
        FeatureStore(features),
        read_images(images),
        read_noun_matrix(vectors, nouns),
    )


def prepare(
    settings: Settings, seed: int, sources: Sources, device: torch.device, state: Path | None
) -> tuple[HeadTraining, list[str]]:
    """Return the training of the untrained head, and the synsets of the nouns that are seen.

    Raises InputError when the inputs do not belong together or a split is empty.
    """
    train, valid = seen_splits(sources.store, sources.images, sources.nouns)
    train = train.with_noun()
    seen = np.unique(train.nouns)
    label_of = label_numbers(sources.nouns, seen)
    points, fit, held = (
        of_images(sources.store, sources.nouns, split, label_of)
        for split in (train, train.thinned(len(valid)), valid)
    )
    set_seed(seed)
    vectors = torch.from_numpy(sources.nouns.vectors[seen])
    outputs = len(seen) if settings.loss.kind == "softmax" else vectors.shape[1]
    head = Head(settings.head, sources.store.width, outputs).to(device)
    training = HeadTraining(
        head, settings, points, (fit, held), vectors, seed=seed, checkpoint=state
    )
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
    checkpoint_seconds: float | None = None,
) -> Trained:
    """Return the head of ``block`` trained with ``seed``, continuing a broken-off run.

    ``block`` has variant, device and threads; ``inputs`` are the files that ``sources`` were read
    from. The state lives in ``states`` under a digest of all that the training depends on,
    ``code`` among it, but not on ``checkpoint_seconds``; None takes the block's.
    Raises InputError when another process runs the same training.
    """
    device = choose_device(block["device"], block["threads"])
    settings = settings_from(block["variant"])
    files = {f"{number:06d}": path for number, path in enumerate(inputs)}
    with locked_state(states, {"block": block, "seed": seed, "code": code}, files) as state:
        paced = settings.saving_every(checkpoint_seconds)
        training, seen = prepare(paced, seed, sources, device, state)
        weights = training.run()
    state_of_training, scores = training.state, settings.loss.kind == "softmax"
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
        "epochs": state_of_training.epoch,
        "best_epoch": state_of_training.best_epoch + 1,
    }
    tensors = {f"head.{name}": value for name, value in weights.items()}
    return Trained(tensors, description, state_of_training.epochs)
