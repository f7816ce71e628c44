"""Training of one translator: the lesson's loop, resumable at any batch."""

import math
import sys
import time
from pathlib import Path

from numpy.typing import ArrayLike
from torch import Tensor, nn

from wordbridge.corpus.batches import Indices, ParallelData, sortish_batches
from wordbridge.corpus.curriculum import Curriculum
from wordbridge.errors import InputError
from wordbridge.progress import LINE_SECONDS, SCREEN, logs
from wordbridge.translation.averaging import WeightAverage
from wordbridge.translation.forcing import forcing_chance
from wordbridge.translation.optimisation import Optimisation
from wordbridge.translation.resumption import Resumption
from wordbridge.translation.schedules import learning_rate, momentum
from wordbridge.translation.settings import Settings
from wordbridge.translation.standing import Standing
from wordbridge.translation.translator import Translator
from wordbridge.translation.validation import VALIDATION_SCALE, free_run, nll_per_token
from wordbridge.translation.weights import weights_of

# What epochs are chosen by; these are better the larger they are.
RISING = ("epoch", "bleu")


class Training:
    """One training run over ``train`` with a look at ``valid`` after each epoch.

    ``curriculum`` says which of the pairs an epoch takes, all of them where it is None.
    ``state`` is the file that is written every few minutes, on SIGTERM and at the end, and from
    which the run continues with the same bytes.
    """

    def __init__(
        self,
        model: Translator,
        settings: Settings,
        train: ParallelData,
        valid: ParallelData,
        *,
        seed: int,
        state: Path | None = None,
        curriculum: Curriculum | None = None,
    ) -> None:
        self.model, self.settings = model, settings
        self.train_data, self.valid_data = train, valid
        self.seed = seed
        self.curriculum = curriculum or Curriculum(len(train))
        self.optimisation = Optimisation(model, settings)
        decay = settings.training.averaging
        self.average = WeightAverage(model, decay) if decay else None
        options = settings.training
        self.steps = self.curriculum.steps(options.batch_size, options.epochs)
        self.standing = Standing()
        self.best: dict[str, Tensor] = {}
        seconds = settings.training.save_seconds
        optimizer = self.optimisation.optimizer
        self.resumption = Resumption(state, self._weights(), optimizer, seconds)
        self._told = time.monotonic()

    def run(self) -> dict[str, Tensor]:
        """Train to the end, from the saved state if there is one, and return the chosen weights.

        Raises Stopped after SIGTERM, SIGINT or SIGHUP, when the state has been written, and
        InputError when a loss is no number.
        """
        options = self.settings.training
        with self.resumption.stop:
            self._resume()
            while self.standing.goes_on(options.epochs, options.patience):
                self._epoch()
            self.resumption.finish(self.standing, self.best)
        return self.best

    @property
    def chosen_from(self) -> Translator:
        """Return the model that is validated and whose weights are kept."""
        return self.average.model if self.average else self.model

    def _weights(self) -> nn.ModuleDict:
        """Return all modules whose weights belong to the state."""
        average = {"average": self.average.model} if self.average else {}
        return nn.ModuleDict({"model": self.model, **average})

    def _resume(self) -> None:
        self.best = self.resumption.resume(self.standing)
        if self.average:
            self.average.resume(self.standing.step)
        if self.standing.scaler:  # there is none before the first save
            self.optimisation.scaler.load_state_dict(self.standing.scaler)

    def _epoch(self) -> None:
        standing = self.standing
        order = self._order(standing.epoch)
        chance = forcing_chance(self.settings.forcing, standing.epoch)
        # Saved after the last batch but before validation, an epoch has no batch left.
        left = order[standing.batch :]
        self.model.train()
        with SCREEN.bar(left, f"epoch {standing.epoch + 1}", unit="batch") as shown:
            for indices in shown:
                self._batch(indices, chance)
                shown.set_postfix_str(self._now(), refresh=False)
                if logs():
                    self._tell(len(order))
                self._save_if_due()
        self._close_epoch(chance)

    def _order(self, epoch: int) -> list[Indices]:
        places = self.curriculum.places(self.seed, epoch)
        lengths = self.train_data.target_lengths[places]
        size = self.settings.training.batch_size
        return [places[batch] for batch in sortish_batches(lengths, size, self.seed, epoch)]

    def _batch(self, indices: ArrayLike, chance: float) -> None:
        started = time.monotonic()
        batch = self.train_data.batch(indices)
        first = momentum(self.settings.schedule, self.standing.step, self.steps)
        loss = self.optimisation.step(batch, chance, self._rate(self.standing.step), first)
        self._check(loss, "training loss")
        if self.average:
            self.average.update()
        self.standing.count(loss, int(batch.target_lengths.sum()), started)

    def _rate(self, step: int) -> float:
        highest = self.settings.training.learning_rate
        return learning_rate(self.settings.schedule, step, self.steps, highest)

    def _check(self, loss: float, name: str) -> None:
        if not math.isfinite(loss):
            raise InputError(
                f"{name} in epoch {self.standing.epoch + 1}: expected a number, got {loss}; "
                "lower learning_rate or set clip_norm"
            )

    def _close_epoch(self, chance: float) -> None:
        standing, options = self.standing, self.settings.training
        size = int(options.batch_size * VALIDATION_SCALE)
        own = free_run(self.chosen_from, self.valid_data, size)
        row = {
            "epoch": standing.epoch + 1,
            # Not the optimiser's, which has none yet when a run continues right here.
            "learning_rate": self._rate(standing.step - 1),
            "forcing": chance,
            "train_loss": standing.train_loss,
            "nll": nll_per_token(self.chosen_from, self.valid_data, size),
            "free_running_loss": own.loss,
            "bleu": own.bleu,
        }
        for loss in ("nll", "free_running_loss"):  # BLEU is a number whatever they are
            self._check(row[loss], loss)
        chosen = "epoch" if options.select == "last" else options.select
        value = -row[chosen] if chosen in RISING else row[chosen]
        if standing.close_epoch(row, value):
            self.best = weights_of(self.chosen_from)
        print(standing.line(row, self.steps), file=sys.stderr)
        self._save_if_due()

    def _now(self) -> str:
        return f"train {self.standing.train_loss:.4f}  {self.standing.pace(self.steps)}"

    def _tell(self, batches: int) -> None:
        """Say in a log, which has no bar, how far the epoch has come."""
        if time.monotonic() - self._told >= LINE_SECONDS:
            self._told = time.monotonic()
            where = f"epoch {self.standing.epoch + 1:2d}  batch {self.standing.batch}/{batches}"
            print(f"{where}  {self._now()}", file=sys.stderr)

    def _save_if_due(self) -> None:
        if self.resumption.due:
            self.standing.scaler = self.optimisation.scaler.state_dict()
            self.resumption.save(self.standing, self.best)
