"""Views of an image: random cuts out of it, some of them mirrored, that repeat to the bit."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wordbridge.images.decoding import FILTERS, Square, open_image
from wordbridge.images.table import ImageRow


@dataclass(frozen=True)
class ViewSettings:
    """How views are drawn (the cuts are those of Szegedy et al. 2015, section 6).

    A cut has from the share ``smallest`` to all of the area of the largest square in an image,
    and one side is at most ``stretch`` times as long as the other. With ``flips`` half of the
    views are mirrored.
    """

    seed: int
    smallest: float
    stretch: float
    flips: bool

    @classmethod
    def parse(cls, block: Mapping[str, Any]) -> "ViewSettings":
        """Return the settings in a block of the config, which may say more."""
        names = ("seed", "smallest", "stretch", "flips")
        return cls(**{name: block[name] for name in names})


def view(
    settings: ViewSettings, number: int, image: ImageRow, data: bytes, cut: Square
) -> NDArray[np.uint8]:
    """Return the view ``number`` of an image with the bytes ``data``, (side, side, 3).

    It depends on the seed, the image's set and id, and the number alone. Raises
    UnreadableImageError.
    """
    # So that the smallest cut still has as many pixels as the view.
    image = open_image(data, ceil(cut.side / sqrt(settings.smallest)))
    area, shape, left, top, mirrored = _draws(settings.seed, number, image)
    side = min(image.size) * sqrt(settings.smallest + (1 - settings.smallest) * area)
    wider = sqrt(settings.stretch ** (2 * shape - 1))
    width, height = min(side * wider, image.width), min(side / wider, image.height)
    x, y = left * (image.width - width), top * (image.height - height)
    box = (x, y, x + width, y + height)
    shown = image.resize((cut.side, cut.side), FILTERS[cut.interpolation], box=box)
    if settings.flips and mirrored < 1 / 2:
        shown = shown.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return np.asarray(shown)


def _draws(seed: int, number: int, image: ImageRow) -> list[float]:
    """Return five numbers from 0 to below 1."""
    key = f"{seed}\0{image.set}\0{image.image}\0{number}".encode()
    own = int.from_bytes(hashlib.sha256(key).digest())
    draws: list[float] = np.random.default_rng(own).random(5).tolist()
    return draws
