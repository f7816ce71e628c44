"""Training of one DeViSE head on features extracted before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import BatchNorm1d
from torch.nn.functional import normalize

from wordbridge.devise.dataset import Batch, Ints, TrainingData, TrainingSet, train_and_valid
from wordbridge.devise.head import SAME, Head, draw_negatives, losses
from wordbridge.tensors import SavedModel, copy_weights
from wordbridge.training.checkpoint import locked_state
from wordbridge.training.device import choose_device
from wordbridge.training.loop import Trainer
from wordbridge.training.schedules import LoopSettings, ScheduleSettings

_CHUNK = 1024  # images evaluated at a time
_SETTINGS = ("head", "loss", "schedule", "training")


@dataclass(frozen=True)
class TrainingSettings(LoopSettings):
    """Settings of the optimisation.

    After ``freeze_batch_norm_after`` epochs the batch norms keep their running statistics.
    """

    freeze_batch_norm_after: int | None


def train(
    block: Mapping[str, Any],
    seed: int,
    data: TrainingData,
    files: Sequence[str | Path],
    states: Path,
    code: Mapping[str, Any],
    checkpoint_seconds: float,
) -> tuple[SavedModel, list[dict[str, float]]]:
    """Return the head of ``block`` trained with ``seed``, and one row of metrics per epoch.

    An interrupted training resumes from its state in the folder ``states``, under a digest of all
    that it depends on: ``block`` (see ``HeadTrainer``), ``seed``, ``code`` and the bytes of the
    ``files`` with ``data``. Raises InputError when another process runs the same training.
    """
    inputs = {f"{number:06d}": path for number, path in enumerate(files)}
    with locked_state(states, {"block": block, "seed": seed, "code": code}, inputs) as state:
        trainer = HeadTrainer(block, seed, data, state, checkpoint_seconds)
        weights = trainer.run()
    synsets = [data.nouns.synsets[row] for row in trainer.class_rows]
    description = {
        "kind": "head",
        "space": "classes" if trainer.is_softmax else "words",
        "classes": synsets if trainer.is_softmax else [],
        "seed": seed,
        "settings": {key: block["variant"][key] for key in _SETTINGS},
        "width": data.store.width,
        "outputs": trainer.outputs,
        "parameters": sum(parameter.numel() for parameter in trainer.head.parameters()),
        "points": len(trainer.train_set),
        "epochs": trainer.state.epoch,
        "best_epoch": trainer.state.best_epoch + 1,
    }
    tensors = {f"head.{name}": value for name, value in weights.items()}
    return SavedModel(tensors, description), trainer.state.epochs


class HeadTrainer(Trainer):
    """The training of a new head, which resumes from ``checkpoint`` if the file exists.

    ``block`` has variant (head, loss, schedule, training), device and threads. The head learns
    from ``train_set`` and is validated on ``valid_set`` after each epoch; ``train_eval`` has as
    many training images, so that the losses of both can be compared. ``class_rows`` are the rows of
    the nouns with training images. Raises InputError when a split has no labelled images.
    """

    metrics = ("epoch", "learning_rate", "train_loss", "fit_loss", "valid_loss", "valid_hit5")
    unit = "images"

    def __init__(
        self,
        block: Mapping[str, Any],
        seed: int,
        data: TrainingData,
        checkpoint: Path | None = None,
        checkpoint_seconds: float = 0.0,
    ) -> None:
        variant, device = block["variant"], choose_device(block["device"], block["threads"])
        self.loss, self.seed = variant["loss"], seed
        self.settings = TrainingSettings(**variant["training"])
        train_images, self.valid_set = train_and_valid(data)
        self.train_set = train_images.labelled()
        self.train_eval = self.train_set.subsample(len(self.valid_set))
        self.class_rows: Ints = np.unique(self.train_set.nouns)
        self.is_softmax = self.loss["kind"] == "softmax"
        vectors, epochs = data.nouns.vectors, self.settings.epochs
        self.outputs = len(self.class_rows) if self.is_softmax else vectors.shape[1]
        torch.manual_seed(seed)
        self.head = Head(variant["head"], data.store.width, self.outputs).to(device)
        super().__init__(
            self.head,
            self.settings,
            ScheduleSettings(**variant["schedule"]),
            len(self.batches(0)) * epochs,
            self.head,
            checkpoint,
            checkpoint_seconds,
        )
        self.class_vectors = torch.from_numpy(vectors[self.class_rows]).to(device)
        labels = np.full(len(vectors), -1, np.int64)
        labels[self.class_rows] = np.arange(len(self.class_rows))
        self.label_of = torch.from_numpy(labels).to(device)

    def batches(self, epoch: int) -> list[Ints]:
        """Return the batches of ``epoch``; see ``shuffled_batches``."""
        size = self.settings.batch_size
        return shuffled_batches(len(self.train_set), size, self.seed, epoch)

    def start_epoch(self) -> None:
        """Prepare the head; after some epochs, freeze its batch norms (fastai's bn_freeze)."""
        super().start_epoch()
        freeze_after = self.settings.freeze_batch_norm_after
        if freeze_after is not None and self.state.epoch >= freeze_after:
            for layer in self.head.layers:
                if isinstance(layer, BatchNorm1d):
                    layer.eval()

    def losses(self, indices: Ints) -> tuple[Tensor, Tensor]:
        """Return the mean loss of a batch, reported and minimised."""
        batch = self.train_set.batch(indices, self.device)
        negatives = draw_negatives(self.class_vectors, self.loss["negatives"])
        loss = self._losses(self.head(batch.features), batch, negatives).mean()
        return loss, loss

    def validate(self) -> dict[str, float]:
        """Return the losses on training and validation images, and hit@5 on validation images."""
        train_loss, _ = self.evaluate(self.train_eval)
        valid_loss, hit5 = self.evaluate(self.valid_set)
        return {"fit_loss": train_loss, "valid_loss": valid_loss, "valid_hit5": hit5}

    def weights(self) -> dict[str, Tensor]:
        """Return copies of the head's weights and running statistics."""
        return copy_weights(self.head)

    @torch.no_grad()
    def evaluate(self, images: TrainingSet) -> tuple[float, float]:
        """Return the mean loss, and hit@5 among the nouns with training images.

        All of these nouns are negatives of the loss. The head keeps its mode.
        """
        was_training = self.head.training
        self.head.eval()
        loss = hits = 0.0
        for indices in np.split(np.arange(len(images)), range(_CHUNK, len(images), _CHUNK)):
            batch = images.batch(indices, self.device)
            predicted = self.head(batch.features)
            loss += float(self._losses(predicted, batch, self.class_vectors).sum())
            hits += float(self._hits(predicted, batch).sum())
        self.head.train(was_training)
        return loss / len(images), hits / len(images)

    def _losses(self, predicted: Tensor, batch: Batch, negatives: Tensor) -> Tensor:
        labels = self.label_of[batch.nouns]
        return losses(self.loss, predicted, batch.targets, labels, negatives)

    def _hits(self, predicted: Tensor, batch: Batch) -> Tensor:
        """Return whether fewer than 5 other nouns score higher than the true one (batch,)."""
        if self.is_softmax:
            labels = self.label_of[batch.nouns]
            true_scores = predicted.gather(1, labels.clamp(min=0)[:, None])
            return ((predicted > true_scores).sum(dim=1) < 5) & (labels >= 0)
        unit = normalize(predicted)
        true_scores = (unit * batch.targets).sum(dim=1, keepdim=True)
        is_other = batch.targets @ self.class_vectors.T < SAME
        return ((unit @ self.class_vectors.T > true_scores) & is_other).sum(dim=1) < 5


def shuffled_batches(count: int, size: int, seed: int, epoch: int) -> list[Ints]:
    """Return the shuffled indices of ``count`` images in batches, a function of seed and epoch.

    A last batch of one image, which batch norm cannot normalise, joins the previous one.
    """
    order = np.random.default_rng([seed, epoch]).permutation(count)
    cuts = np.arange(size, count, size)
    if len(cuts) and count - cuts[-1] == 1:
        cuts = cuts[:-1]
    return np.split(order, cuts)
