"""Training of a backbone's last blocks, together with a linear map from its features to words."""

from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn

from wordbridge.devise.dataset import Points
from wordbridge.devise.frozen_maps import PART, FrozenMaps
from wordbridge.devise.head import Head
from wordbridge.devise.settings import HeadSettings, Settings
from wordbridge.devise.training import HeadTraining
from wordbridge.images.backbones import pooled


class TunedHead(Head):
    """A head over the last ``blocks`` of a backbone, which learn as well.

    The blocks are as in use, without dropout and with fixed statistics, in training too.
    """

    def __init__(
        self,
        settings: HeadSettings,
        sizes: tuple[int, int],
        blocks: nn.Sequential,
        shape: tuple[int, ...],
        pooling: str,
    ) -> None:
        super().__init__(settings, *sizes)
        # Not channels last: Adam's fused step goes by the order in memory, and a state that is
        # loaded has the plain one.
        self.blocks = blocks.to(memory_format=torch.contiguous_format).requires_grad_()
        self.shape, self.pooling = shape, pooling

    def forward(self, features: Tensor) -> Tensor:
        """Return vectors (batch, outputs) for the maps before the blocks (batch, numbers)."""
        if self.training:
            return super().forward(self._pooled(features))
        # A look at many images is not to take more memory than training does.
        return super().forward(torch.cat([self._pooled(part) for part in features.split(PART)]))

    def train(self, mode: bool = True) -> Self:
        """Return this after the map alone has changed its mode."""
        super().train(mode)
        self.blocks.eval()
        return self

    def _pooled(self, features: Tensor) -> Tensor:
        maps = features.view(-1, *self.shape).contiguous(memory_format=torch.channels_last)
        return pooled(self.blocks(maps), self.pooling)


class Tuning(HeadTraining):
    """The training of a ``TunedHead``; ``maps`` are those of ``train``, seen anew in each epoch."""

    def __init__(
        self,
        head: TunedHead,
        settings: Settings,
        train: Points,
        looks: tuple[Points, Points],
        seen: Tensor,
        maps: FrozenMaps,
        *,
        seed: int,
        state: Path | None = None,
    ) -> None:
        super().__init__(head, settings, train, looks, seen, seed=seed, state=state)
        self.maps = maps

    def _epoch(self) -> None:
        self.maps.number = self.standing.epoch + 1
        super()._epoch()
