"""The look of pictures, and how they become files that are the same bytes every time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from wordbridge.atomic import replacing
from wordbridge.errors import InputError

INK, SOFT, RULE, ACCENT, MARK = "#1c2128", "#59636e", "#d5dbe1", "#0072b2", "#d55e00"

# Okabe and Ito's colours, told apart by colour-blind people; the yellow is too pale on white.
# Line style and marker differ too, for prints in grey.
COLOURS = ("#59636e", "#e69f00", "#009e73", "#0072b2", "#d55e00", "#cc79a7", "#56b4e9", "#000000")
DASHES = ("-", "--", "-.", "-", "-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

_STYLE: dict[Any, Any] = {
    "figure.facecolor": "white",
    "savefig.dpi": 160,
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": SOFT,
    "axes.edgecolor": SOFT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "text.parse_math": False,  # a dollar sign in a sentence is a dollar sign
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "lines.linewidth": 1.8,
    "lines.markersize": 5,
    "legend.frameon": False,
    "svg.hashsalt": "wordbridge",
}

# Writers put their version or the date here unless told not to.
_METADATA: dict[str, dict[str, str | None]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw as set here, whatever the machine's own matplotlibrc says."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def line_style(number: int) -> dict[str, Any]:
    """Return colour, dashes and marker of the ``number``-th variant (from 0)."""
    place = number % len(COLOURS)
    return {"color": COLOURS[place], "linestyle": DASHES[place], "marker": MARKERS[place]}


def clear(axes: Axes, sides: Sequence[str] = ("left", "bottom")) -> None:
    """Take the frame on ``sides``, the grid and the tick marks away from ``axes``."""
    axes.grid(visible=False)
    axes.tick_params(length=0)
    for side in sides:
        axes.spines[side].set_visible(False)


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write ``figure`` as PNG or SVG, by the ending of ``path``, without date or version.

    Raises InputError for another ending.
    """
    ending = Path(path).suffix
    if ending not in _METADATA:
        raise InputError(
            f"{path}: expected a picture that ends in {' or '.join(_METADATA)}, got {ending!r}; "
            "name it so"
        )
    with house_style(), replacing(path) as partial:
        figure.savefig(partial, metadata=_METADATA[ending])
