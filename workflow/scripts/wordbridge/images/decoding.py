"""Decoding of images: upright RGB, center crops, and the reasons why an image is unreadable."""

import re
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from io import BytesIO
from math import ceil
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, PngImagePlugin, TiffImagePlugin, UnidentifiedImageError
from PIL.ExifTags import Base as Tag

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
Image.MAX_IMAGE_PIXELS = None  # Pillow's limit has no fractions
PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY  # editors store long histories
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

    A JPEG may be decoded at a lower resolution, its short side not shorter than
    ``MARGIN * short_side`` pixels if the image has as many; 0 keeps the resolution. Raises
    UnreadableImageError.
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
        flags = re.DOTALL | re.IGNORECASE
        kinds = [kind for start, kind in _OTHER_FORMATS.items() if re.match(start, data, flags)]
        kind = kinds[0] if kinds else f"it begins with {data[:12]!r}"
        raise UnreadableImageError(f"not an image of a known format ({kind})") from None
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
    """Return an open image as upright RGB, a large one reduced to ``short_side`` unless 0."""
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
        if is_large and short_side:
            scale = short_side / min(image.size)
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


# ---- Images with more than 8 bits per channel ----------------------------------------------------

# Pillow keeps 16 bits of grey, but only the high byte of colours.
_WHOLE = (0.0, 65535.0)  # black and white where all 16 bits are in use
_STRIP = 1 << 22  # pixels that are scaled at once


def _scaled(image: Image.Image, data: bytes) -> Image.Image:
    """Return an image with 8 bits per channel, scaled from the range that the file states.

    Of 12 bits in 16, the high byte has only 16 levels; colours get their low bytes back.
    """
    is_grey = image.mode in ("I", "F") or image.mode.startswith("I;16")
    if not is_grey and _tags(image).get(Tag.PlanarConfiguration) == 2:
        raise UnreadableImageError("a TIFF with planes of more than 8 bits; convert it to JPEG")
    black, white = _stated_range(image, data)
    if not is_grey and (black, white) == _WHOLE:
        return image
    if not np.isfinite(white - black) or white == black:
        raise UnreadableImageError(f"numbers without a known range (mode {image.mode})")
    low_bytes = None if is_grey else _low_bytes(image, data)
    if image.mode != "F":
        white += np.sign(white - black)  # with integers the last step is white too
    scaled = Image.new("L" if is_grey else image.mode, image.size)
    rows = max(_STRIP // image.width, 1)
    for top in range(0, image.height, rows):
        box = (0, top, image.width, min(top + rows, image.height))
        numbers = np.asarray(image.crop(box), np.float32)
        if low_bytes:
            numbers = 256 * numbers + np.asarray(low_bytes.crop(box))
        levels = (np.nan_to_num(numbers) - black) * (256 / (white - black))
        pixels = levels.clip(0, 255).astype(np.uint8)
        size = (image.width, len(pixels))
        scaled.paste(Image.frombytes(scaled.mode, size, pixels.tobytes()), box)
    if scaled.mode == "RGBA" and _largest(image.getchannel("A")) > white:
        scaled.putalpha(image.getchannel("A"))  # the range is that of the colours alone
    with suppress(Exception):  # the file has no orientation, or damaged metadata
        scaled.getexif()[Tag.Orientation] = image.getexif()[Tag.Orientation]
    return scaled


def _low_bytes(image: Image.Image, data: bytes) -> Image.Image:
    """Return the low bytes of the colours: Pillow reads them in the opposite byte order.

    The arguments of Pillow's decoders begin with a raw mode, such as "RGB;16B". Its last letter is
    the byte order: B for big-endian, L for little-endian, N for this machine's (little-endian).
    """
    low = Image.open(BytesIO(data), formats=[image.format or ""])
    tiles = []
    for tile in low.tile:
        args: Any = tile.args
        raw_mode, *rest = args if isinstance(args, tuple) else (args,)
        opposite = raw_mode[:-1] + ("L" if raw_mode.endswith("B") else "B")
        tiles.append(tile._replace(args=(opposite, *rest)))
    low.tile = tiles
    low.load()
    return low


def _stated_range(image: Image.Image, data: bytes) -> tuple[float, float]:
    """Return the numbers of black and white: 0 and 65535 unless the file states others.

    White is NaN where a range of floats, or of 32 bits in a TIFF, is not stated.
    """
    is_png_16 = image.format == "PNG" and data[_PNG_BIT_DEPTH] == 16
    is_16 = image.mode not in ("I", "F")
    tags = _tags(image)
    black, white = (0.0, np.nan) if image.mode == "F" else _WHOLE
    if is_png_16 and data[_PNG_COLOUR_TYPE] != _GREY_ALPHA:  # Pillow reads no low bytes of these
        white = 2.0 ** _significant_bits(data) - 1
    elif tags:
        limit = 2.0 ** tags[Tag.BitsPerSample][0] - 1 if is_16 else np.nan
        black = min(tags.get(Tag.SMinSampleValue) or tags.get(Tag.MinSampleValue) or [0.0])
        white = max(tags.get(Tag.SMaxSampleValue) or tags.get(Tag.MaxSampleValue) or [limit])
    # The standard of PNG demands that fewer bits are shifted: then they use the whole range.
    if is_16 and white < _WHOLE[1] and _largest(image) > white:
        black, white = _WHOLE
    is_white_zero = tags.get(Tag.PhotometricInterpretation) == 0
    return (white, black) if is_white_zero else (black, white)


def _tags(image: Image.Image) -> Mapping[int, Any]:
    """Return the tags of a TIFF with more than 8 bits per channel, none of any other image."""
    tags = image.tag_v2 if isinstance(image, TiffImagePlugin.TiffImageFile) else {}
    return tags if tags.get(Tag.BitsPerSample, (1,))[0] > 8 else {}


def _largest(image: Image.Image) -> float:
    """Return the largest number of 16 bits, for colours and alpha from the high byte alone."""
    if image.mode.startswith("I;16"):  # Pillow has no extrema of the opposite byte order
        return float(np.max(np.asarray(image)))
    return 256 * float(np.max(image.getextrema()[:3]))  # without alpha


# Offsets in a PNG. The first chunk is the header, with the depth and the colour type.
_PNG_CHUNKS, _PNG_BIT_DEPTH, _PNG_COLOUR_TYPE = 8, 24, 25
_GREY_ALPHA, _COLOUR_ALPHA = 4, 6  # colour types with transparency


def _significant_bits(data: bytes) -> int:
    """Return how many of 16 bits a PNG uses: the chunk sBIT has a byte for each channel."""
    start = _PNG_CHUNKS
    while (name := data[start + 4 : start + 8]) not in (b"IDAT", b""):
        length = int.from_bytes(data[start : start + 4])
        if name == b"sBIT":
            has_alpha = data[_PNG_COLOUR_TYPE] == _COLOUR_ALPHA
            return max(data[start + 8 : start + 8 + length - has_alpha], default=16)
        start += 12 + length  # with the length, the name and a checksum
    return 16
