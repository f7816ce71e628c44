"""Predictions of the fitted methods for images: word vectors, or scores of classes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from wordbridge.arrays import Matrix, l2_normalize, map_npy
from wordbridge.devise.baselines import load_baseline
from wordbridge.devise.dataset import Features
from wordbridge.devise.ensemble import load_ensemble
from wordbridge.devise.head import Head, HeadSettings, StateTensors
from wordbridge.errors import InputError
from wordbridge.files import atomic_write, read_json, write_json
from wordbridge.images.feature_store import read_rows
from wordbridge.progress import progress
from wordbridge.tensors import SavedModel, load_weights

SPACES = (WORDS, CLASSES) = ("words", "classes")
_CHUNK = 4096  # images at a time
Predict = Callable[[Matrix, Matrix], Matrix]


@dataclass(frozen=True)
class Predictor:
    """A method with ``predict(features, logits)``, where logits may be empty unless it uses them.

    Predictions are vectors (images, dim) in the ``space`` "words", or scores (images, classes) of
    the synsets ``classes`` in the space "classes".
    """

    space: str
    classes: list[str]
    uses_logits: bool
    predict: Predict


def load_predictor(saved: SavedModel, device: torch.device) -> Predictor:
    """Return a saved method; a head runs on ``device``, baselines on the CPU.

    Raises InputError when tensors and settings do not belong together.
    """
    try:
        space, classes = saved.settings["space"], list(saved.settings["classes"])
        if saved.settings["kind"] == "head":
            uses_logits = "class_vectors" in saved.tensors
            return Predictor(space, classes, uses_logits, _head_predict(saved, device))
        method = load_baseline(saved)
        return Predictor(space, classes, method.uses_logits, method.predict)
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(
            f"an image method: expected tensors that fit its settings, got {error!r}; "
            "train it again"
        ) from None


def _head_predict(saved: SavedModel, device: torch.device) -> Predict:
    settings, start = saved.settings, "head."
    options = HeadSettings(**settings["settings"]["head"])
    head = Head(options, settings["width"], settings["outputs"])
    tensors = {n[len(start) :]: t for n, t in saved.tensors.items() if n.startswith(start)}
    load_weights(StateTensors(head), tensors)
    head.to(device).eval()
    ensemble = load_ensemble(saved)

    @torch.no_grad()
    def predict(features: Matrix, logits: Matrix) -> Matrix:
        predicted: Matrix = head(torch.from_numpy(features).to(device)).cpu().numpy()
        if ensemble is None:
            return predicted
        return l2_normalize(predicted) + ensemble.predict(features, logits)

    return predict


def predict_images(
    values: str | Path, description: str | Path, store: Features, predictor: Predictor, method: str
) -> None:
    """Write predictions for all rows of ``store`` as .npy, and their description as JSON.

    Only a chunk of them is in memory at a time.
    """
    starts = range(0, max(len(store), 1), _CHUNK)
    with atomic_write(values) as partial, partial.open("wb") as file:
        for start in progress(starts, f"predictions of {method}", unit="chunk"):
            rows = np.arange(start, min(start + _CHUNK, len(store)))
            logits = store.logits(rows) if predictor.uses_logits else np.zeros((0, 0), "<f4")
            predicted = predictor.predict(store.features(rows), logits)
            if not start:
                shape = (len(store), predicted.shape[1])
                header = {"descr": "<f4", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(file, header)
            file.write(np.ascontiguousarray(predicted, "<f4").tobytes())
    space = {"space": predictor.space, "classes": predictor.classes}
    write_json(description, {"method": method, **space})


@dataclass(frozen=True)
class Predictions:
    """Predictions of images.

    ``values`` are vectors (images, dim) in the space "words", scores (images, classes) in the
    space "classes", memory-mapped; ``images`` are the (set, image) of the rows.
    """

    values: NDArray[np.float32]
    space: str
    classes: tuple[str, ...]
    images: list[tuple[str, str]]


def read_predictions(
    values: str | Path, description: str | Path, row_tables: Iterable[str | Path]
) -> Predictions:
    """Return the predictions in ``values`` (.npy) with the JSON file ``description``.

    ``row_tables`` are those of the feature shards, in the order of the predictions. Raises
    InputError when the files do not belong together.
    """
    settings = read_json(description, "a description of predictions", "predict again")
    space, classes = settings.get("space"), tuple(settings.get("classes", ()))
    if space not in SPACES:
        raise InputError(
            f"{description}: expected a space of {SPACES}, got {space!r}; predict again"
        )
    matrix = _map(values)
    images = [(row.set, row.image) for path in row_tables for row in read_rows(path)]
    if matrix.dtype != np.float32 or matrix.ndim != 2 or len(matrix) != len(images):
        raise InputError(
            f"{values}: expected {len(images)} rows of float32 as in the feature shards, got "
            f"{matrix.dtype} of shape {matrix.shape}; predict again"
        )
    if space == CLASSES and len(classes) != matrix.shape[1]:
        raise InputError(
            f"{description}: expected {matrix.shape[1]} classes as {values} has columns, got "
            f"{len(classes)}; predict again"
        )
    return Predictions(matrix, space, classes, images)


def _map(path: str | Path) -> NDArray[Any]:
    try:
        return map_npy(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: predictions unreadable ({error}); predict again") from error
