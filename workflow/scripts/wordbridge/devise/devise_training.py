"""Training of one head over features that were computed before; resumable at any batch."""

import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wordbridge.devise.head import Head, Kept, kept_weights
from wordbridge.devise.head_settings import Settings
from wordbridge.devise.head_validation import look
from wordbridge.devise.losses import draw_negatives, losses
from wordbridge.devise.targets import Points
from wordbridge.errors import InputError
from wordbridge.table_file import write_table
from wordbridge.translation.resumption import Resumption
from wordbridge.translation.schedules import learning_rate, momentum
from wordbridge.translation.standing import Standing

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

    ``fit`` are pictures of the train part that are looked at in the same way, so that the two
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
        each = losses(options, said, batch.targets, batch.labels, negatives)
        loss = (each * batch.weights).sum() / batch.weights.sum()
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
    write_table(path, COLUMNS, ([repr(row[name]) for name in COLUMNS] for row in epochs))
