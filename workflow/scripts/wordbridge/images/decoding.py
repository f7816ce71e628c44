"""Decoding of images: upright RGB, center crops, and the reasons why an image is unreadable."""

from contextlib import suppress
from io import BytesIO
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

# Only formats that Pillow decodes itself: its EPS reader, for example, starts another program.
FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "MPO", "PNG", "PPM", "TIFF", "WEBP")
# Of one decoded image: 0.4 GB as RGBA. A large JPEG is decoded at a fraction of its size and may
# have more, up to Pillow's own limit for decompression bombs.
MAX_PIXELS = 100_000_000
# A JPEG is decoded at no less than this multiple of the target size; less changes the result.
MARGIN = 2


class UnreadableImageError(Exception):
    """An image cannot be decoded; the message is the reason, one line without the name."""


class CenterCrop(NamedTuple):
    """A resize of the short side to ``short_side`` pixels, then a central square of ``side``."""

    side: int
    short_side: int
    interpolation: str  # bilinear or bicubic


def open_image(data: bytes, short_side: int = 0) -> Image.Image:
    """Return an encoded image as upright RGB, transparency over white.

    A JPEG may be decoded at a lower resolution, with at least ``MARGIN * short_side`` pixels on
    its short side where it has as many; 0 keeps the resolution. Raises UnreadableImageError.
    """
    if not data:
        raise UnreadableImageError("the file is empty")
    Image.init()
    formats = [name for name in FORMATS if name in Image.OPEN]  # a build may lack some
    try:
        with Image.open(BytesIO(data), formats=formats) as image:
            if short_side:
                image.draft("RGB", (MARGIN * short_side, MARGIN * short_side))
            return _rgb(image)
    except (UnreadableImageError, MemoryError):
        raise
    except UnidentifiedImageError:
        raise UnreadableImageError(
            f"not an image of a known format (it begins with {data[:12]!r})"
        ) from None
    except Exception as error:  # Pillow raises many types for damaged files
        message = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableImageError(f"damaged ({message})") from None


def decode(data: bytes, crop: CenterCrop) -> NDArray[np.uint8]:
    """Return the central square (side, side, 3) of an image; raises UnreadableImageError."""
    image = open_image(data, crop.short_side)
    width, height = image.size
    half = min(width, height) * crop.side / crop.short_side / 2
    # Only the square itself is resized.
    box = (width / 2 - half, height / 2 - half, width / 2 + half, height / 2 + half)
    kernel = Image.Resampling[crop.interpolation.upper()]
    return np.asarray(image.resize((crop.side, crop.side), kernel, box=box))


def _rgb(image: Image.Image) -> Image.Image:
    pixels = image.width * image.height
    if pixels > MAX_PIXELS:
        raise UnreadableImageError(
            f"too large ({ceil(pixels / 1e6)} million pixels, at most {MAX_PIXELS // 10**6})"
        )
    if image.mode in ("I", "F"):
        raise UnreadableImageError(f"numbers without a known range (mode {image.mode})")
    image.load()
    with suppress(Exception):  # an image with damaged metadata is still readable
        ImageOps.exif_transpose(image, in_place=True)
    if image.mode in ("I;16", "I;16B", "I;16L", "I;16N"):  # convert() would make nearly all white
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    rgba = image.convert("RGBA")
    background = Image.new("RGBA", rgba.size, "white")
    return Image.alpha_composite(background, rgba).convert("RGB")
