"""Drawings in SVG as pictures of pixels."""

from wordbridge.errors import InputError

SIDE = 256  # pixels; backbones look at 224 to 260


class BrokenDrawing(InputError):
    """The drawing is no SVG that can be drawn."""


def rasterised(svg: str) -> bytes:
    """Return a drawing as a PNG file, 256 pixels wide, on white.

    No font of the machine is used, so that the pixels are the same everywhere. Raises
    BrokenDrawing if it is no SVG, and InputError if resvg-py is not installed.
    """
    try:
        from resvg_py import svg_to_bytes
    except ImportError:
        raise InputError(
            "drawings in SVG need resvg-py, which is not installed; run `pip install resvg-py`, "
            "or leave the picture sets of drawings out of the config"
        ) from None
    try:
        png = svg_to_bytes(
            svg_string=svg,
            width=SIDE,
            background="white",
            dpi=96,  # without it a size in points counts as none
            skip_system_fonts=True,
        )
    except ValueError as problem:
        raise BrokenDrawing(f"no drawing in SVG ({problem})") from None
    return bytes(png)
