"""Decoding of images: upright RGB, center crops, and the reasons why an image is unreadable."""

import re
from collections.abc import Callable
from contextlib import nullcontext, suppress
from io import BytesIO
from math import ceil
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, PngImagePlugin, TiffImagePlugin, UnidentifiedImageError

# Only formats that Pillow decodes itself: its EPS reader, for example, starts another program.
FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "QOI", "TIFF", "WEBP")
# Other formats by the first bytes; browsers and telephones name some of them .jpg.
_OTHER_FORMATS = {
    rb"....ftyp(hei|hev|mif|msf)": "HEIC; convert it to JPEG",
    rb"....ftyp": "a video",
    rb"\xff\x0a|....JXL ": "JPEG XL; convert it to JPEG",
    rb"8BPS": "Photoshop; convert it to JPEG",
    rb"%PDF": "PDF",
    rb"version https://git-lfs": "a pointer of Git LFS; run git lfs pull",
    rb"\s*<(!doctype |html)": "a web page; fetch the image again",
    rb"II[*+]\0|MM\0[*+]": "a TIFF of an unusual kind; convert it to JPEG",
}
# Pixels of a decoded image; a JPEG is decoded at a fraction of its size. Images above LARGE (0.4 GB
# as RGBA) are decoded one at a time and reduced at once, with a peak of 8 to 16 bytes per pixel.
LARGE = 100_000_000
MAX_PIXELS = 200_000_000  # fit into the 4 GB of a job; equal on all machines, as results must be
_LARGE_LOCK = Lock()
_STRIP = 1 << 22  # pixels whose numbers are scaled at once
Image.MAX_IMAGE_PIXELS = None  # Pillow's limit has no fractions
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY  # editors store long histories
# Tags of a TIFF. The sample values are those of black and white, as integers or of any type.
_BITS, _PHOTOMETRIC, _ORIENTATION, _PLANAR = 258, 262, 274, 284
_MIN_SAMPLE, _MAX_SAMPLE, _S_MIN_SAMPLE, _S_MAX_SAMPLE = 280, 281, 340, 341
_WHOLE = (0.0, 65535.0)  # the range of 16 bits
# A JPEG is decoded at no less than this multiple of the target size; less changes the result.
MARGIN = 2

Box = tuple[int, int, int, int]


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
            return _rgb(image, data, MARGIN * short_side)
    except (UnreadableImageError, MemoryError):
        raise
    except UnidentifiedImageError:
        kinds = (
            kind for start, kind in _OTHER_FORMATS.items() if re.match(start, data, re.S | re.I)
        )
        raise UnreadableImageError(
            f"not an image of a known format ({next(kinds, f'it begins with {data[:12]!r}')})"
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


def _rgb(image: Image.Image, data: bytes, short_side: int) -> Image.Image:
    pixels = image.width * image.height
    is_large = pixels > LARGE
    if pixels > MAX_PIXELS:
        raise UnreadableImageError(
            f"too large ({ceil(pixels / 1e6)} million pixels, at most {MAX_PIXELS // 10**6}); save "
            "it as JPEG, which is decoded at a fraction of its size"
        )
    with _LARGE_LOCK if is_large else nullcontext():
        image.load()
        image = _scaled(image, data)
        if is_large and (scale := short_side / min(image.size)):
            if image.mode in ("1", "P", "PA"):  # cannot be averaged
                image = image.convert("RGBA" if image.has_transparency_data else "RGB")
            image.thumbnail((ceil(scale * image.width), ceil(scale * image.height)))
    with suppress(Exception):  # an image with damaged metadata is still readable
        ImageOps.exif_transpose(image, in_place=True)
    if not image.has_transparency_data:
        return image.convert("RGB")
    rgba = image.convert("RGBA")
    background = Image.new("RGBA", rgba.size, "white")
    return Image.alpha_composite(background, rgba).convert("RGB")


def _scaled(image: Image.Image, data: bytes) -> Image.Image:
    """Return an image with 8 bits per channel, scaled from the range that the file states.

    Pillow keeps the high byte of colours with 16 bits: of 12 bits in 16 that is only 16 levels.
    """
    is_grey = image.mode in ("I", "F") or image.mode.startswith("I;16")
    tags = getattr(image, "tag_v2", {})
    if not is_grey and tags.get(_PLANAR) == 2 and tags.get(_BITS, (1,))[0] > 8:
        raise UnreadableImageError("a TIFF with planes of more than 8 bits; convert it to JPEG")
    low, high = _stated_range(image, data)
    if not is_grey and (low, high) == _WHOLE:
        return image
    if not np.isfinite(high - low) or high == low:
        raise UnreadableImageError(f"numbers without a known range (mode {image.mode})")
    low_bytes = None if is_grey else _low_bytes(image, data)
    if image.mode != "F":
        high += np.sign(high - low)  # with integers the last step is white too
    scaled = Image.new("L" if is_grey else image.mode, image.size)
    height = max(_STRIP // image.width, 1)
    for top in range(0, image.height, height):
        box = (0, top, image.width, min(top + height, image.height))
        numbers = np.asarray(image.crop(box), np.float32)
        if low_bytes:
            numbers = 256 * numbers + low_bytes(box)
        pixels = (np.nan_to_num(numbers) - low) * (256 / (high - low))
        size, pixels = (image.width, len(pixels)), pixels.clip(0, 255).astype(np.uint8)
        scaled.paste(Image.frombytes(scaled.mode, size, pixels.tobytes()), box)
    if scaled.mode == "RGBA" and 256 * np.max(image.getextrema()[-1]) > high:  # its range is whole
        scaled.putalpha(image.getchannel("A"))
    with suppress(Exception):
        scaled.getexif()[_ORIENTATION] = image.getexif()[_ORIENTATION]
    return scaled


def _low_bytes(image: Image.Image, data: bytes) -> Callable[[Box], NDArray[np.uint8]]:
    """Return the low bytes of colours with 16 bits: a raw mode of the other byte order has them."""

    def swapped(arguments: Any) -> Any:
        if isinstance(arguments, tuple):
            return swapped(arguments[0]), *arguments[1:]
        if arguments == "LA;16B":
            return "RGBA"  # both bytes of both channels
        return arguments[:-1] + ("L" if arguments.endswith("B") else "B")

    low = Image.open(BytesIO(data), formats=[image.format or ""])
    channels = [1, 1, 1, 3] if low.tile[0].args == "LA;16B" else slice(None)
    low.tile = [tile._replace(args=swapped(tile.args)) for tile in low.tile]
    low.load()
    return lambda box: np.asarray(low.crop(box))[..., channels]


def _stated_range(image: Image.Image, data: bytes) -> tuple[float, float]:
    """Return the numbers of black and white: those of 16 bits unless the file states others."""
    low, high = (0.0, np.nan) if image.mode == "F" else _WHOLE
    is_white_zero = False
    if image.format == "PNG" and data[24] == 16:
        start = data.find(b"sBIT", 0, data.find(b"IDAT"))
        count = int.from_bytes(data[max(start - 4, 0) : max(start, 0)])
        count -= bool(data[25] & 4)  # the last channel is alpha
        high = 2.0 ** max(data[start + 4 : start + 4 + count], default=16) - 1
    elif isinstance(image, TiffImagePlugin.TiffImageFile) and image.tag_v2.get(_BITS, (1,))[0] > 8:
        tags = image.tag_v2
        highest = np.nan if image.mode in ("I", "F") else 2.0 ** tags[_BITS][0] - 1
        low = min(tags.get(_S_MIN_SAMPLE) or tags.get(_MIN_SAMPLE) or (0.0,))
        high = max(tags.get(_S_MAX_SAMPLE) or tags.get(_MAX_SAMPLE) or (highest,))
        is_white_zero = tags.get(_PHOTOMETRIC) == 0
    if high < _WHOLE[1] and image.mode not in ("I", "F"):
        if image.mode.startswith("I;16"):  # no extrema of numbers with the other byte order
            largest = np.max(np.asarray(image))
        else:
            largest = 256 * np.max(image.getextrema()[:3])
        low, high = _WHOLE if largest > high else (low, high)  # PNG demands shifted numbers
    return (high, low) if is_white_zero else (low, high)
