"""How the pictures of a run became features, for pictures that come later."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from wordbridge.atomic import replacing
from wordbridge.digests import sha256_of
from wordbridge.errors import InputError
from wordbridge.json_file import read_object


@dataclass(frozen=True)
class PictureUsage:
    """The network, its file of weights, and how its features are made (see devise/extraction).

    ``short_side`` in pixels is None where the network's own is meant.
    """

    backbone: str
    short_side: int | None
    pooling: str
    precision: str
    weights: str
    weights_sha256: str


def write_usage(path: str | Path, settings: Mapping[str, Any], weights: str | Path) -> None:
    """Write what ``settings`` say of features, and which file of ``weights`` made them."""
    names = ("backbone", "short_side", "pooling", "precision")
    chosen = {name: settings[name] for name in names}
    usage = PictureUsage(**chosen, weights=str(weights), weights_sha256=sha256_of(weights))
    with replacing(path) as partial:
        text = json.dumps(asdict(usage), indent=1) + "\n"
        partial.write_text(text, encoding="utf-8", newline="\n")


def read_usage(path: str | Path) -> PictureUsage:
    """Return what ``write_usage`` wrote. Raises InputError when it is missing or damaged."""
    found = read_object(path, "how pictures become features", "run snakemake first")
    try:
        return PictureUsage(**found)
    except TypeError as error:
        raise InputError(
            f"{path}: expected how pictures become features, got {error}; run snakemake first"
        ) from error


def find_weights(usage: PictureUsage, results: Path) -> Path:
    """Return the file of weights, looked for from here and from the folders above ``results``.

    Raises InputError when it is not there, or is another file.
    """
    for folder in (Path(), *results.resolve().parents):
        found = folder / usage.weights
        if found.is_file():
            if sha256_of(found) != usage.weights_sha256:
                raise InputError(
                    f"{found}: expected the weights that made the features "
                    f"({usage.weights_sha256[:12]}), got others; run snakemake again"
                )
            return found
    raise InputError(
        f"{usage.weights}: expected the weights of {usage.backbone}, got no file; "
        "run snakemake again, it fetches them"
    )
