"""The running mean of a model's weights, which translates better than the last weights."""

from typing import cast

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from wordbridge.translation.translator import Translator

Tensors = tuple[Tensor, ...] | list[Tensor]  # as torch has it


class WeightAverage:
    """A copy of ``model`` whose weights follow the model's (Polyak and Juditsky 1992).

    After each step they move the part 1 - ``decay`` of the way to the model's. In the first
    steps the decay is smaller, so that the random start is soon forgotten.
    """

    def __init__(self, model: Translator, decay: float) -> None:
        self.decay = decay
        self._followed = model
        self._averaged = AveragedModel(model, multi_avg_fn=self._move)

    @property
    def model(self) -> Translator:
        """Return the copy."""
        return cast(Translator, self._averaged.module)

    def update(self) -> None:
        """Take in the model's weights after one more step."""
        self._averaged.update_parameters(self._followed)

    def resume(self, steps: int) -> None:
        """Go on after ``steps`` steps, when the copy's weights have been restored."""
        self._averaged.n_averaged.fill_(steps)

    def _move(self, averages: Tensors, weights: Tensors, steps: Tensor | int) -> None:
        count = int(steps)
        decay = min(self.decay, (1 + count) / (10 + count))
        torch._foreach_lerp_(list(averages), list(weights), 1 - decay)
