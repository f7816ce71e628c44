"""Which pairs an epoch learns from: all of the train part, and at first auxiliary ones as well."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Curriculum:
    """The sizes of the ``train`` part and of the ``auxiliary`` text that stands behind it.

    Each of the first ``epochs`` epochs draws ``drawn`` auxiliary pairs.
    """

    train: int
    auxiliary: int = 0
    drawn: int = 0
    epochs: int = 0

    def places(self, seed: int, epoch: int) -> NDArray[np.int64]:
        """Return the places of the pairs of ``epoch`` (from 0), the train part's first.

        The auxiliary ones go round in one order per seed, so that none comes again before all
        have come. A pure function of its arguments.
        """
        own = np.arange(self.train, dtype=np.int64)
        if not self._drawn(epoch):
            return own
        # RandomState's stream is frozen for good; that of numpy's newer Generator is not.
        order = np.random.RandomState([seed, self.auxiliary]).permutation(self.auxiliary)
        turn = np.arange(epoch * self.drawn, (epoch + 1) * self.drawn) % self.auxiliary
        return np.concatenate([own, self.train + order[turn]])

    def steps(self, batch_size: int, epochs: int) -> int:
        """Return the batches of a training of ``epochs`` epochs."""
        sizes = [self.train + self._drawn(epoch) for epoch in range(epochs)]
        return sum(-(-size // batch_size) for size in sizes)

    def _drawn(self, epoch: int) -> int:
        return self.drawn if epoch < self.epochs and self.auxiliary else 0
