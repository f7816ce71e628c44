"""What a fitted method says about images.

What a method says about every image: a point among the words, or a score per class.
"""

import json
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from wordbridge.arrays import l2_normalize, map_npy
from wordbridge.devise.conse import conse
from wordbridge.devise.ensemble import PhotoGate, SecondVoice
from wordbridge.devise.head import Head, Kept
from wordbridge.devise.labelled import Features, Floats
from wordbridge.devise.settings import settings_from
from wordbridge.errors import InputError
from wordbridge.files import atomic_write, read_json
from wordbridge.images.feature_store import read_rows
from wordbridge.progress import progress
from wordbridge.tensors import SavedModel, load_weights

CHUNK = 4096  # images at once
Says = Callable[[Floats, Floats], Floats]


@dataclass(frozen=True)
class Predictor:
    """A method ready to be asked: ``says`` makes predictions of features and class scores.

    Predictions are (images, dim) in the ``space`` "words", (images, classes) with the
    higher the better in the space "classes", of whose columns ``classes`` are the synsets.
    Class scores are looked at only where ``asks_classifier``.
    """

    space: str
    classes: list[str]
    asks_classifier: bool
    says: Says


def predictor_of(fitted: SavedModel, device: torch.device) -> Predictor:
    """Return a fitted method on ``device``, where a head runs; the others run on the processor.

    Raises InputError when numbers and description do not belong together.
    """
    makers: dict[str, Callable[[SavedModel, torch.device], Says]] = {
        "head": _head,
        "conse": _conse,
        "ridge": _ridge,
        "class_mean": _class_mean,
        "random": _random,
    }
    described = fitted.settings
    try:
        says = makers[described["kind"]](fitted, device)
        asks = "class_vectors" in fitted.tensors
        return Predictor(described["space"], list(described["classes"]), asks, says)
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(
            f"a fitted image method: expected numbers as its settings describe them, got "
            f"{error!r}; train it again"
        ) from None


def _arrays(fitted: SavedModel) -> dict[str, Any]:
    return {name: tensor.numpy() for name, tensor in fitted.tensors.items()}


def _conse(fitted: SavedModel, device: torch.device) -> Says:
    arrays, top = _arrays(fitted), fitted.settings["top"]
    vectors, known = arrays["class_vectors"], arrays["known_classes"]
    return lambda features, scores: conse(scores, vectors, known, top)


def _ridge(fitted: SavedModel, device: torch.device) -> Says:
    matrix, bias = (_arrays(fitted)[name] for name in ("matrix", "bias"))
    return lambda features, scores: features @ matrix + bias


def _class_mean(fitted: SavedModel, device: torch.device) -> Says:
    mean, means = (_arrays(fitted)[name] for name in ("mean", "means"))
    return lambda features, scores: l2_normalize(features - mean) @ means.T


def _random(fitted: SavedModel, device: torch.device) -> Says:
    seed, dim = fitted.settings["seed"], fitted.settings["dim"]

    def says(features: Floats, scores: Floats) -> Floats:
        made = np.empty((len(features), dim), np.float32)
        for place, row in enumerate(features):
            # Of the image itself, so that its place among the others does not matter.
            own = zlib.crc32(np.ascontiguousarray(row, "<f4").tobytes())
            made[place] = np.random.default_rng([seed, own]).standard_normal(dim)
        return made

    return says


def _head(fitted: SavedModel, device: torch.device) -> Says:
    described = fitted.settings
    settings = settings_from(described["settings"])
    head = Head(settings.head, described["width"], described["outputs"])
    start = "head."
    mine = {n[len(start) :]: t for n, t in fitted.tensors.items() if n.startswith(start)}
    load_weights(Kept(head), mine)
    head.to(device).eval()
    beside = None
    if settings.classifier.weight > 0:
        arrays = _arrays(fitted)
        gate = PhotoGate(arrays["photo_weights"], arrays["photo_bias"])
        vectors, known = arrays["class_vectors"], arrays["known_classes"]
        beside = SecondVoice(vectors, known, gate, settings.classifier)

    @torch.no_grad()
    def says(features: Floats, scores: Floats) -> Floats:
        said: Floats = head(torch.from_numpy(features).to(device)).cpu().numpy()
        return l2_normalize(said) + beside.says(features, scores) if beside else said

    return says


def write_predictions(
    values: str | Path, description: str | Path, store: Features, predictor: Predictor, method: str
) -> None:
    """Write predictions for all rows of ``store`` as ``.npy``, and what they are as JSON.

    Only a chunk of them is in memory at once.
    """
    starts = range(0, max(len(store), 1), CHUNK)
    with atomic_write(values) as partial, partial.open("wb") as file:
        for start in progress(starts, f"predictions of {method}", unit="chunk"):
            rows = np.arange(start, min(start + CHUNK, len(store)))
            scores = store.logits(rows) if predictor.asks_classifier else np.zeros((0, 0), "<f4")
            said = predictor.says(store.features(rows), scores)
            if not start:
                shape = (len(store), said.shape[1])
                header = {"descr": "<f4", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(file, header)
            file.write(np.ascontiguousarray(said, "<f4").tobytes())
    text = {"method": method, "space": predictor.space, "classes": predictor.classes}
    with atomic_write(description) as partial:
        partial.write_text(json.dumps(text, indent=1) + "\n", encoding="utf-8", newline="\n")


SPACES = (WORDS, CLASSES) = ("words", "classes")


@dataclass(frozen=True)
class Predictions:
    """Predictions of all images.

    ``values`` is (images, dim) in the space "words", (images, classes) in the space "classes",
    and stays on disk until it is read; ``images`` are (set, image) row by row.
    """

    values: NDArray[np.float32]
    space: str
    classes: tuple[str, ...]
    images: list[tuple[str, str]]


def read_predictions(
    values: str | Path, settings: str | Path, row_tables: Iterable[str | Path]
) -> Predictions:
    """Return the predictions in ``values`` (.npy), described by the JSON file ``settings``.

    ``row_tables`` are those of the feature shards, in the order in which they were predicted.
    Raises InputError when the three do not belong together.
    """
    described = read_json(settings, "a description of predictions", "predict again")
    space, classes = described.get("space"), tuple(described.get("classes", ()))
    if space not in SPACES:
        raise InputError(f"{settings}: expected a space of {SPACES}, got {space!r}; predict again")
    matrix = _mapped(values)
    images = [(row.set, row.image) for path in row_tables for row in read_rows(path)]
    if matrix.dtype != np.float32 or matrix.ndim != 2 or len(matrix) != len(images):
        raise InputError(
            f"{values}: expected {len(images)} rows of float32 as the feature shards have, got "
            f"{matrix.dtype} of shape {matrix.shape}; predict again"
        )
    if space == CLASSES and len(classes) != matrix.shape[1]:
        raise InputError(
            f"{settings}: expected {matrix.shape[1]} classes as {values} has columns, got "
            f"{len(classes)}; predict again"
        )
    return Predictions(matrix, space, classes, images)


def _mapped(path: str | Path) -> NDArray[Any]:
    try:
        return map_npy(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: no predictions can be read ({error}); predict again") from error
