"""Predictions of a saved method: a head, its ensemble with the classifier, or a baseline."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from wordbridge.arrays import Matrix, l2_normalize
from wordbridge.devise.baselines import load_baseline
from wordbridge.devise.dataset import Features
from wordbridge.devise.ensemble import load_ensemble
from wordbridge.devise.head import Head, HeadSettings, StateTensors
from wordbridge.errors import InputError
from wordbridge.files import atomic_write, write_json
from wordbridge.progress import progress
from wordbridge.tensors import SavedModel, load_weights

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
