"""A training that is broken off and goes on: when its state is saved, and how it ends early."""

import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from torch import Tensor, nn
from torch.optim import Optimizer

from wordbridge.attempts import go_on, so_far
from wordbridge.errors import InputError
from wordbridge.translation.checkpoint import load_state, save_finished, save_state
from wordbridge.translation.signals import StopSignal
from wordbridge.translation.standing import Standing


class Stopped(InputError):
    """Training was asked to stop by a signal."""


class Resumption:
    """The state of one training in the file ``path``, or nowhere if that is None.

    ``modules`` and ``optimizer`` are what the state is made of, beside the best weights so far
    and the standing. It is ``due`` when ``seconds`` have passed since the last time, and when a
    signal has come while ``stop`` was entered::

        with resumption.stop:
            best = resumption.resume(standing)
            ...  # after each batch and epoch: if resumption.due: resumption.save(standing, best)
            resumption.finish(standing, best)
    """

    def __init__(
        self, path: Path | None, modules: nn.Module, optimizer: Optimizer, seconds: float
    ) -> None:
        self.path, self.seconds = path, seconds
        self._modules, self._optimizer = modules, optimizer
        self.stop = StopSignal()
        self._saved = time.monotonic()

    @property
    def due(self) -> bool:
        """Return whether it is time to save, or a signal asks to stop."""
        late = time.monotonic() - self._saved >= self.seconds
        return late or self.stop.name is not None

    def resume(self, standing: Standing) -> dict[str, Tensor]:
        """Return the best weights of the saved state, none without one.

        ``standing`` and all else that the state holds are restored.
        """
        if self.path is None or not self.path.exists():
            return {}
        best, kept = load_state(self.path, self._modules, self._optimizer)
        vars(standing).update(kept)
        go_on(standing.spent, standing.attempts)
        where = f"epoch {standing.epoch + 1}, batch {standing.batch}, step {standing.step}"
        print(f"continuing at {where}", file=sys.stderr)
        return best

    def save(self, standing: Standing, best: Mapping[str, Tensor]) -> None:
        """Write the state; raises Stopped when a signal has asked to stop."""
        if self.path is not None:
            standing.spent, standing.attempts = so_far()
            save_state(self.path, self._modules, self._optimizer, best, asdict(standing))
            self._saved = time.monotonic()
        if self.stop.name is not None:
            kept = "its state is saved" if self.path else "nothing is saved"
            raise Stopped(
                f"training was stopped by {self.stop.name} in epoch {standing.epoch + 1}, "
                f"{kept}; run the same command again to continue"
            )

    def finish(self, standing: Standing, best: Mapping[str, Tensor]) -> None:
        """Keep what the training gave, without what only its continuation needs."""
        if self.path is not None:
            standing.spent, standing.attempts = so_far()
            save_finished(self.path, best, asdict(standing))
