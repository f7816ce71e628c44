import io
import struct
import zlib
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from wordbridge.images import decoding
from wordbridge.images.decoding import CenterCrop, UnreadableImageError, decode, open_image
from wordbridge.images.files import SUFFIXES

ORIENTATION = 0x0112
RED, BLUE, WHITE = (254, 0, 0), (0, 0, 254), (255, 255, 255)
STORED = {  # how a camera stores an upright image, by the value of the EXIF tag
    1: lambda upright: upright,
    2: np.fliplr,
    3: lambda upright: np.rot90(upright, 2),
    4: np.flipud,
    5: lambda upright: upright.swapaxes(0, 1),
    6: np.rot90,
    7: lambda upright: np.rot90(upright, 2).swapaxes(0, 1),
    8: lambda upright: np.rot90(upright, 3),
}


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def halves() -> Image.Image:
    """Return an image 6 wide and 4 high, red at the left and blue at the right."""
    image = Image.new("RGB", (6, 4), RED)
    image.paste(BLUE, (3, 0, 6, 4))
    return image


@pytest.mark.parametrize(
    ("mode", "kind", "expected"),
    [
        ("L", "PNG", (9, 9, 9)),
        ("L", "JPEG", (9, 9, 9)),
        ("1", "PNG", (0, 0, 0)),
        ("CMYK", "JPEG", (9, 9, 9)),
        ("CMYK", "TIFF", (9, 9, 9)),
        ("YCbCr", "JPEG", (9, 9, 9)),
        ("RGB", "BMP", (9, 9, 9)),
        ("RGB", "GIF", (9, 9, 9)),
        ("RGB", "WEBP", (9, 9, 9)),
        ("RGB", "PPM", (9, 9, 9)),
        ("RGB", "QOI", (9, 9, 9)),
        ("RGB", "JPEG2000", (9, 9, 9)),
        ("RGB", "AVIF", (9, 9, 9)),
        ("P", "PNG", (51, 102, 0)),
    ],
)
def test_every_mode_and_format_becomes_rgb(mode: str, kind: str, expected: tuple[int, ...]):
    image = Image.new("RGB", (5, 3), expected).convert(mode)  # of the 216 colours where it is P
    opened = open_image(encoded(image, kind))
    assert (opened.mode, opened.size) == ("RGB", (5, 3))
    assert np.abs(np.asarray(opened).astype(int) - expected).max() <= 2


def test_16_bits_of_grey_become_8():
    image = Image.fromarray(np.full((3, 5), 0x4321, np.uint16))
    assert open_image(encoded(image)).getpixel((0, 0)) == (0x43,) * 3


NUMBERS = np.array([[0, 2048, 4095]], np.uint16)
COLOURS = np.repeat(NUMBERS[..., None], 3, axis=2)
FLOATS = np.array([[0, 0.5, 1]], np.float32)


ALPHA = np.full((1, 3, 1), 65535, np.uint16)


def png_16(numbers: np.ndarray, significant_bits: int = 0) -> bytes:
    """Return a PNG with 16 bits, of any channels, that may state fewer in the chunk sBIT."""
    channels = numbers.shape[2] if numbers.ndim == 3 else 1
    kind = (0, 4, 2, 6)[channels - 1]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in numbers)
    head = struct.pack(">IIBBBBB", numbers.shape[1], len(numbers), 16, kind, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"sBIT", bytes([significant_bits] * channels))]
    chunks += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
        if significant_bits or kind != b"sBIT"
    )


def tiff_16(numbers: np.ndarray, largest: int, order: str = "<", planes: bool = False) -> bytes:
    """Return a TIFF of colours with 16 bits, which Pillow cannot write, turned upside down."""
    height, width, channels = numbers.shape
    pixels = (np.moveaxis(numbers, 2, 0) if planes else numbers[::-1, ::-1]).astype(f"{order}u2")
    pages, size, data = [8], pixels.nbytes, pixels.tobytes()
    if planes:
        pages = [8 + size // channels * plane for plane in range(channels)]
    tags = {256: [width], 257: [height], 258: [16] * channels, 259: [1], 262: [2], 273: pages}
    tags |= {274: [3], 277: [channels], 278: [height], 279: [size // len(pages)] * len(pages)}
    tags |= {281: [largest] * channels, 284: [1 + planes]} | ({338: [2]} if channels == 4 else {})
    entries, values, end = b"", b"", 8 + size + 2 + 12 * len(tags) + 4
    for tag, numbers_of_tag in sorted(tags.items()):
        packed = struct.pack(f"{order}{len(numbers_of_tag)}I", *numbers_of_tag)
        if len(numbers_of_tag) > 1:
            packed, values = struct.pack(f"{order}I", end + len(values)), values + packed
        entries += struct.pack(f"{order}HHI", tag, 4, len(numbers_of_tag)) + packed
    start = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(f"{order}I", 8 + size)
    return start + data + struct.pack(f"{order}H", len(tags)) + entries + bytes(4) + values


def tiff(numbers: np.ndarray, tags: dict[int, object]) -> bytes:
    return encoded(Image.fromarray(numbers), "TIFF", tiffinfo=tags)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (png_16(NUMBERS), [0, 8, 15]),
        (png_16(NUMBERS, 12), [0, 128, 255]),
        (png_16(NUMBERS * 16, 12), [0, 128, 255]),  # shifted, as the standard demands
        (png_16(NUMBERS, 10), [0, 8, 15]),  # a statement that is false
        (png_16(COLOURS, 12), [0, 128, 255]),  # Pillow reads 16 levels
        (png_16(np.dstack([COLOURS, COLOURS[..., :1] * 0 + 4095]), 12), [0, 128, 255]),
        (png_16(np.dstack([COLOURS, ALPHA]), 12), [0, 128, 255]),
        (tiff_16(COLOURS, 4095), [0, 128, 255]),
        (tiff_16(COLOURS, 4095, ">"), [0, 128, 255]),
        (tiff_16(np.dstack([COLOURS, ALPHA]), 4095), [0, 128, 255]),
        (tiff_16(COLOURS * 16, 65535), [0, 128, 255]),
        (png_16(COLOURS * 16, 12), [0, 128, 255]),
        (png_16(COLOURS * 0, 4), [0, 0, 0]),
        (tiff(NUMBERS, {281: 4095}), [0, 128, 255]),
        (tiff(NUMBERS.astype(">u2"), {281: 4095}), [0, 128, 255]),
        (tiff(NUMBERS, {280: 2048, 281: 4095}), [0, 0, 255]),
        (tiff(NUMBERS, {281: 100}), [0, 8, 15]),
        (tiff(NUMBERS, {262: 0, 281: 4095}), [255, 127, 0]),  # white is zero
        (tiff(FLOATS, {340: 0.0, 341: 1.0}), [0, 128, 255]),
        (tiff(np.array([[0, 35_001, 70_000]], np.int32), {341: 70_000.0}), [0, 128, 255]),
        (b"P5 3 1 4095\n" + NUMBERS.astype(">u2").tobytes(), [0, 128, 255]),
        (encoded(Image.fromarray(NUMBERS * 16), "JPEG2000"), [0, 128, 255]),
    ],
)
def test_numbers_are_read_in_the_range_that_the_file_states(data: bytes, expected: list[int]):
    assert np.asarray(open_image(data))[0, :, 0].tolist() == expected


def test_a_png_may_contain_a_long_text():
    history = PngImagePlugin.PngInfo()
    history.add_text("XML:com.adobe.xmp", "x" * 2_000_000, zip=True)
    assert open_image(encoded(halves(), pnginfo=history)).size == (6, 4)


def test_a_text_that_contains_the_name_of_a_chunk_states_no_range():
    comment = PngImagePlugin.PngInfo()
    comment.add_text("Comment", "the chunk sBIT is optional")
    data = encoded(Image.fromarray(NUMBERS * 16), pnginfo=comment)
    assert np.asarray(open_image(data))[0, :, 0].tolist() == [0, 128, 255]


def test_transparency_is_over_white():
    image = Image.new("RGBA", (4, 2), (*RED, 0))
    image.putpixel((1, 1), (*BLUE, 255))
    image.putpixel((2, 1), (0, 0, 0, 127))
    opened = open_image(encoded(image))
    assert opened.getpixel((0, 0)) == WHITE
    assert opened.getpixel((1, 1)) == BLUE
    assert opened.getpixel((2, 1)) == (128, 128, 128)


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_a_transparent_colour_of_a_palette_is_white(kind: str):
    image = Image.new("P", (4, 2), 1)
    image.putpalette([*RED, *BLUE])
    image.putpixel((0, 0), 0)
    opened = open_image(encoded(image, kind, transparency=1))
    assert opened.getpixel((0, 0)) == RED
    assert opened.getpixel((3, 1)) == WHITE


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
@pytest.mark.parametrize("orientation", STORED)
def test_a_rotated_photo_becomes_upright(orientation: int, kind: str):
    upright = np.arange(72, dtype=np.uint8).reshape(4, 6, 3)
    stored = Image.fromarray(np.ascontiguousarray(STORED[orientation](upright)))
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    opened = open_image(encoded(stored, kind, exif=exif))
    assert np.array_equal(np.asarray(opened), upright)


@pytest.mark.parametrize("orientation", [0, 9, 60_000])
def test_an_invalid_orientation_is_ignored(orientation: object):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    assert open_image(encoded(halves(), exif=exif)).size == (6, 4)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"<html>404</html>", "a web page; fetch the image again"),
        (b"version https://git-lfs.github.com/spec/v1", "a pointer of Git LFS; run git lfs pull"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image of a known format"),
        (encoded(Image.new("RGB", (64, 64)))[:60], "damaged"),
        (encoded(Image.effect_noise((64, 64), 9), "JPEG")[:700], "damaged"),
        (encoded(Image.new("F", (4, 2)), "TIFF"), "numbers without a known range"),
        (encoded(Image.new("I", (4, 2)), "TIFF"), "numbers without a known range"),
        (b"Pf 1 1 -1.0\n" + FLOATS.tobytes(), "numbers without a known range"),
        (tiff_16(COLOURS, 4095, planes=True), "planes of more than 8 bits; convert it to JPEG"),
        (tiff_16(COLOURS, 65535, ">", planes=True), "planes of more than 8 bits"),
        (b"II*\0" + bytes(99), "a TIFF of an unusual kind; convert it"),
        (b"\0\0\0\x18ftypheic" + bytes(99), "HEIC; convert it to JPEG"),
        (b"\0\0\0\x18ftypisom" + bytes(99), "a video"),
    ],
)
def test_the_reason_why_an_image_is_unreadable_is_one_line(data: bytes, reason: str):
    with pytest.raises(UnreadableImageError, match=reason) as caught:
        open_image(data)
    assert len(str(caught.value).splitlines()) == 1
    assert "\t" not in str(caught.value)


def test_flipped_bytes_give_an_image_or_a_reason_but_no_other_error():
    files = [encoded(halves(), kind) for kind in ("PNG", "GIF", "TIFF", "WEBP", "BMP", "JPEG")]
    generator = np.random.default_rng(3)
    for data in files * 20:
        damaged = bytearray(data)
        for place in generator.integers(len(data), size=3):
            damaged[place] ^= int(generator.integers(1, 256))
        with suppress(UnreadableImageError):
            assert open_image(bytes(damaged)).mode == "RGB"


def test_a_decompression_bomb_is_refused_before_it_is_decoded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(decoding, "MAX_PIXELS", 23)
    with pytest.raises(UnreadableImageError, match="too large"):
        open_image(encoded(halves()))


@pytest.mark.parametrize(
    ("mode", "kind"),
    [(mode, kind) for mode in ("RGB", "RGBA", "L", "P", "1") for kind in ("PNG", "TIFF")]
    + [("RGB", "WEBP"), ("CMYK", "TIFF"), ("I;16", "PNG")],
)
def test_a_large_image_is_reduced_before_anything_else(
    mode: str, kind: str, monkeypatch: pytest.MonkeyPatch
):
    image = halves().resize((600, 400)).convert("L" if mode == "I;16" else mode)
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    data = encoded(
        image.convert(mode), kind, exif=exif, **{"lossless": True} if kind == "WEBP" else {}
    )
    full = np.asarray(open_image(data).resize((40, 60))).astype(int)
    monkeypatch.setattr(decoding, "LARGE", 239_999)
    reduced = open_image(data, 20)
    assert reduced.size == (40, 60)
    assert np.abs(np.asarray(reduced).astype(int) - full).max() <= 24


@pytest.mark.parametrize("channels", [1, 3])
def test_a_large_image_with_12_bits_is_reduced(channels: int, monkeypatch: pytest.MonkeyPatch):
    ramp = np.tile(np.linspace(0, 4095, 600).astype(np.uint16), (400, 1))
    data = png_16(np.dstack([ramp] * channels) if channels > 1 else ramp, 12)
    full = np.asarray(open_image(data).resize((60, 40))).astype(int)
    monkeypatch.setattr(decoding, "LARGE", 239_999)
    reduced = np.asarray(open_image(data, 20)).astype(int)
    assert reduced.shape == (40, 60, 3)
    assert np.abs(reduced - full).max() <= 4


def test_the_suffixes_are_those_that_pillow_has_for_the_formats():
    suffixes = Image.registered_extensions().items()
    assert sorted(SUFFIXES) == sorted(s for s, kind in suffixes if kind in decoding.FORMATS)


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_a_jpeg_beyond_the_limit_is_decoded_at_a_fraction(mode: str):
    data = encoded(Image.new(mode, (16_320, 12_240)), "JPEG")
    assert open_image(data, 256).size == (2040, 1530)


def test_a_large_jpeg_is_decoded_at_twice_the_target_size_or_more():
    data = encoded(Image.new("RGB", (800, 640), RED), "JPEG")
    assert open_image(data).size == (800, 640)
    assert open_image(data, 160).size == (400, 320)
    assert open_image(data, 161).size == (800, 640)


@pytest.mark.parametrize("size", [(40, 30), (30, 40), (1, 500), (500, 1), (1, 1), (30, 30)])
def test_any_shape_gives_the_square(size: tuple[int, int]):
    image = Image.new("RGB", size, BLUE)
    square = decode(encoded(image), CenterCrop(7, 9, "bicubic"))
    assert square.shape == (7, 7, 3)
    assert square.dtype == np.uint8
    assert (square == BLUE).all()


def test_the_crop_is_the_center_of_the_resized_image():
    ramp = np.broadcast_to(np.arange(200, dtype=np.uint8)[None, :, None], (100, 200, 3))
    data = encoded(Image.fromarray(np.ascontiguousarray(ramp)))
    square = decode(data, CenterCrop(20, 25, "bilinear"))
    # 80 of 100 pixels in the middle of 200: from 60 to 140, four of them in each of 20.
    assert np.abs(square[:, :, 0] - np.arange(61.5, 140, 4)).max() <= 1


def test_the_crop_is_close_to_that_of_torchvision():
    from torchvision.transforms import v2

    noise = np.random.default_rng(1).integers(256, size=(12, 16, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((400, 300), Image.Resampling.BICUBIC)
    both = [v2.Resize(256, v2.InterpolationMode.BILINEAR), v2.CenterCrop(224)]
    theirs = np.asarray(v2.Compose(both)(image)).astype(int)
    ours = decode(encoded(image), CenterCrop(224, 256, "bilinear"))
    assert np.abs(ours - theirs).mean() < 2
