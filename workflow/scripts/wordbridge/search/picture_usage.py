"""How the pictures of a run became features, for pictures that come later."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wordbridge.atomic import replacing
from wordbridge.digests import sha256_of
from wordbridge.errors import InputError
from wordbridge.json_file import read_object


@dataclass(frozen=True)
class PictureUsage:
    """The network, its file of weights, and how its features are made (see devise/extraction).

    ``short_side`` in pixels is None where the network's own is meant, ``tuned_sha256`` where no
    blocks of the network are tuned.
    """

    backbone: str
    short_side: int | None
    pooling: str
    precision: str
    weights: str
    weights_sha256: str
    tuned_sha256: str | None = None


def write_usage(
    path: str | Path,
    settings: Mapping[str, Any],
    weights: str | Path,
    tuned: Sequence[str | Path] = (),
) -> None:
    """Write what ``settings`` say of features, and which file of ``weights`` made them.

    ``tuned`` are numbers and settings of tuned blocks, if there are some.
    """
    names = ("backbone", "short_side", "pooling", "precision")
    chosen = {name: settings[name] for name in names}
    usage = {**chosen, "weights": str(weights), "weights_sha256": sha256_of(weights)}
    if tuned:
        usage["tuned_sha256"] = sha256_of(tuned[0])
    with replacing(path) as partial:
        text = json.dumps(usage, indent=1) + "\n"
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


def find_tuned(usage: PictureUsage, results: Path, made_by: Mapping[str, Any]) -> list[Path]:
    """Return numbers and settings of the tuned blocks in ``results``, nothing if none are tuned.

    ``made_by`` describes the index of pictures. Raises InputError when it was made with others
    than ``usage`` says, or these are not there.
    """
    wanted, indexed = usage.tuned_sha256, made_by.get("tuned")
    if indexed != wanted:
        expected, got = ((one or "none")[:12] for one in (indexed, wanted))
        raise InputError(
            f"{results}: expected the tuned blocks that made the index of pictures ({expected}), "
            f"got {got} in picture_usage.json; run snakemake again, so that both are of one run"
        )
    if wanted is None:
        return []
    files = [results / "backbone" / name for name in ("model.safetensors", "settings.json")]
    got = sha256_of(files[0])[:12] if files[0].is_file() else "no file"
    if got != wanted[:12]:
        raise InputError(
            f"{files[0]}: expected the tuned blocks that made the features ({wanted[:12]}), got "
            f"{got}; run snakemake again"
        )
    return files
