"""Encoded images as upright RGB, whatever they were, or the reason why they cannot be."""

from io import BytesIO
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

# Only what is an image by itself: PIL's EPS reader, for one, starts another program.
FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "MPO", "PNG", "PPM", "TIFF", "WEBP")
# Of one image as it is decoded: 0.4 GB as RGBA. A large JPEG is decoded at a fraction of its
# size, so that it passes as long as PIL itself takes it for no bomb.
MOST_PIXELS = 100_000_000
# A JPEG is decoded at least so many times as large as it will be used; less shows in the result.
MARGIN = 2

# By the value of the EXIF tag: what makes the image upright.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


class UnreadableImageError(Exception):
    """An image cannot be decoded; the message is the reason, one line without the name."""


class Square(NamedTuple):
    """The square that is cut out of the middle of an image, and how.

    The image's short side is made ``short_side`` pixels long, the square has ``side`` pixels.
    """

    side: int
    short_side: int
    interpolation: str  # a key of FILTERS


def open_image(data: bytes, short_side: int = 0) -> Image.Image:
    """Return an encoded image as upright RGB, transparent parts over white.

    A JPEG may come smaller than it is, but with at least ``MARGIN * short_side`` pixels on its
    short side where it has as many; 0 asks for all. Raises UnreadableImageError.
    """
    if not data:
        raise UnreadableImageError("the file is empty")
    try:
        with Image.open(BytesIO(data), formats=_formats()) as image:
            if short_side:
                image.draft("RGB", (MARGIN * short_side, MARGIN * short_side))
            _check_size(image)
            return _upright(_rgb(image), _orientation(image))
    except (UnreadableImageError, MemoryError):
        raise
    except UnidentifiedImageError:
        raise UnreadableImageError(f"no image of a known format ({_start(data)})") from None
    except Exception as error:  # PIL's readers raise of every kind when bytes are damaged
        words = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableImageError(f"damaged ({words})") from None


def square(image: Image.Image, cut: Square) -> NDArray[np.uint8]:
    """Return the square ``cut`` of an RGB image, shape (side, side, 3)."""
    width, height = image.size
    half = min(width, height) * cut.side / cut.short_side / 2
    # Only what is inside the square is resized.
    box = (width / 2 - half, height / 2 - half, width / 2 + half, height / 2 + half)
    resized = image.resize((cut.side, cut.side), FILTERS[cut.interpolation], box=box)
    return np.asarray(resized)


def decode(data: bytes, cut: Square) -> NDArray[np.uint8]:
    """Return the square ``cut`` of an encoded image, shape (side, side, 3), RGB.

    Raises UnreadableImageError.
    """
    return square(open_image(data, cut.short_side), cut)


def _formats() -> list[str]:
    """Return those of ``FORMATS`` that this Pillow was built with."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _check_size(image: Image.Image) -> None:
    pixels = image.width * image.height
    if pixels > MOST_PIXELS:
        raise UnreadableImageError(
            f"too large ({ceil(pixels / 1e6)} million pixels, at most {MOST_PIXELS // 10**6})"
        )


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("I;16", "I;16B", "I;16L", "I;16N"):  # convert() would make nearly all white
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.mode in ("I", "F"):
        raise UnreadableImageError(f"numbers without a known range (mode {image.mode})")
    if not image.has_transparency_data:
        return image.convert("RGB")
    shown = image.convert("RGBA")
    page = Image.new("RGBA", shown.size, "white")
    return Image.alpha_composite(page, shown).convert("RGB")


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # damaged notes beside an image do not make it unreadable
        return 1


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    turn = TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def _start(data: bytes) -> str:
    return f"it begins with {data[:12]!r}"
