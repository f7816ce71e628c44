"""What the blocks of a backbone that stay as they are make of images, in place of features."""

from collections.abc import Sequence
from math import prod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wordbridge.devise.labelled import Floats, Ints
from wordbridge.devise.views import ViewSettings, view
from wordbridge.errors import InputError
from wordbridge.images.backbones import Backbone
from wordbridge.images.decoding import UnreadableImageError
from wordbridge.images.features import Read, in_order, middle
from wordbridge.images.table import ImageRow

PART = 32  # images that go through the network at once
ROOM = 2**29  # bytes of maps of middles that are kept, as these are the same in each epoch


class FrozenMaps:
    """Feature maps of images as rows of numbers, by the row numbers of a store of features.

    Those of many images would fill the memory, so that most are made anew each time they are
    asked for. ``number`` 0 shows the middles of the images, any other one their views with
    this number, if there are ``views``.
    """

    def __init__(
        self,
        rows: Sequence[tuple[str, str]],
        images: Sequence[ImageRow],
        read: Read,
        backbone: Backbone,
        first: nn.Module,
        *,
        views: ViewSettings | None = None,
        threads: int = 1,
    ) -> None:
        self.images = list(rows)
        self.views, self.number = views, 0
        self._known = {(image.set, image.image): image for image in images}
        self._read, self._threads = read, threads
        self._backbone, self._first = backbone, first
        self._cut = backbone.preprocessing.square
        self._kept: dict[int, Floats] = {}
        self.shape = tuple(self._maps([]).shape[1:])
        self.width = prod(self.shape)

    def __len__(self) -> int:
        return len(self.images)

    def features(self, rows: Ints) -> Floats:
        """Return the maps (len(rows), width) of the rows with these numbers.

        Raises InputError when one of the images, which once had features, cannot be read.
        """
        made = np.empty((len(rows), self.width), np.float32)
        known = np.array([self._fixed and int(row) in self._kept for row in rows], bool)
        for place in np.flatnonzero(known):
            made[place] = self._kept[int(rows[place])]
        new = np.flatnonzero(~known)
        for start in range(0, len(new), PART):
            places = new[start : start + PART]
            made[places] = self._made(rows[places])
        return made

    def logits(self, rows: Ints) -> Floats:
        """Return no class scores, which only ConSE would ask for."""
        return np.zeros((len(rows), 0), np.float32)

    @property
    def _fixed(self) -> bool:
        return self.views is None or self.number == 0

    def _made(self, rows: Ints) -> Floats:
        keys = [self.images[row] for row in rows]
        maps = self._maps(list(in_order(self._shown, keys, self._threads)))
        made: Floats = maps[: len(rows)].reshape(len(rows), -1).cpu().numpy()
        if self._fixed and len(self._kept) * made[0].nbytes < ROOM:
            self._kept |= zip(map(int, rows), made, strict=True)
        return made

    @torch.no_grad()
    def _maps(self, squares: Sequence[NDArray[np.uint8]]) -> Tensor:
        # Always as many, since the last bits depend on that, and else not on what is beside.
        shown = np.zeros((PART, self._cut.side, self._cut.side, 3), np.uint8)
        if squares:
            shown[: len(squares)] = squares
        images = torch.from_numpy(shown).to(self._backbone.mean.device)
        maps: Tensor = self._first(self._backbone.normalised(images))
        return maps

    def _shown(self, key: tuple[str, str]) -> NDArray[np.uint8]:
        image = self._known[key]
        try:
            data = self._read(image)
            if self.views is None or self.number == 0:
                return middle(image, data, self._cut)
            return view(self.views, self.number, image, data, self._cut)
        except UnreadableImageError as error:
            raise InputError(
                f"image {image.image} of {image.set}: expected the one that features were "
                f"made of, got another ({error}); run the same command again"
            ) from None
