"""What the blocks of a backbone that stay as they are make of pictures, in place of features."""

from collections.abc import Sequence
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wordbridge.devise.backbones import Backbone
from wordbridge.devise.decoding import UnreadablePictureError
from wordbridge.devise.extraction import Read, in_order, middle
from wordbridge.devise.labelled import Floats, Ints
from wordbridge.devise.picture_table import Picture
from wordbridge.devise.views import ViewSettings, view
from wordbridge.errors import InputError

PART = 32  # pictures that go through the network at once


class FrozenMaps:
    """Feature maps of pictures as rows of numbers, by the row numbers of a store of features.

    They are made anew each time they are asked for, as those of all pictures would fill the
    memory. ``number`` 0 shows the middles of the pictures, any other one their views with this
    number, if there are ``views``.
    """

    def __init__(
        self,
        rows: Sequence[tuple[str, str]],
        pictures: Sequence[Picture],
        read: Read,
        backbone: Backbone,
        first: nn.Module,
        *,
        views: ViewSettings | None = None,
        threads: int = 1,
    ) -> None:
        self.pictures = list(rows)
        self.views, self.number = views, 0
        self._known = {(picture.set, picture.picture): picture for picture in pictures}
        self._read, self._threads = read, threads
        self._backbone, self._first = backbone, first
        self._cut = backbone.preprocessing.square
        blank = np.zeros((1, self._cut.side, self._cut.side, 3), np.uint8)
        self.shape = tuple(self._maps(blank).shape[1:])
        self.width = prod(self.shape)

    def __len__(self) -> int:
        return len(self.pictures)

    def features(self, rows: Ints) -> Floats:
        """Return the maps (len(rows), width) of the rows with these numbers.

        Raises InputError when one of the pictures, which once had features, cannot be read.
        """
        made = np.empty((len(rows), self.width), np.float32)
        for start in range(0, len(rows), PART):
            part = [self.pictures[row] for row in rows[start : start + PART]]
            squares = np.stack(list(in_order(self._shown, part, self._threads)))
            made[start : start + PART] = self._maps(squares).reshape(len(part), -1).cpu().numpy()
        return made

    def logits(self, rows: Ints) -> Floats:
        """Return no class scores, which only ConSE would ask for."""
        return np.zeros((len(rows), 0), np.float32)

    @torch.no_grad()
    def _maps(self, squares: NDArray[np.uint8]) -> Tensor:
        pictures = torch.from_numpy(squares).to(self._backbone.mean.device)
        maps: Tensor = self._first(self._backbone.normalised(pictures))
        return maps

    def _shown(self, key: tuple[str, str]) -> NDArray[np.uint8]:
        picture = self._known[key]
        try:
            data = self._read(picture)
            if self.views is None or self.number == 0:
                return middle(picture, data, self._cut)
            return view(self.views, self.number, picture, data, self._cut)
        except UnreadablePictureError as error:
            raise InputError(
                f"picture {picture.picture} of {picture.set}: expected the one that features were "
                f"made of, got another ({error}); run the same command again"
            ) from None
