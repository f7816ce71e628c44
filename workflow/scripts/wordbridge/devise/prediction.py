"""What a fitted method says about pictures."""

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from wordbridge.atomic import replacing
from wordbridge.devise.conse import conse
from wordbridge.devise.fitted import Fitted
from wordbridge.devise.head import Head, Kept
from wordbridge.devise.head_settings import settings_from
from wordbridge.devise.labelled import Features, Floats
from wordbridge.devise.photo_gate import PhotoGate
from wordbridge.devise.second_voice import SecondVoice
from wordbridge.errors import InputError
from wordbridge.progress import progress
from wordbridge.translation.weights import load_weights
from wordbridge.vectors.unit_length import unit_length

CHUNK = 4096  # pictures at once
Says = Callable[[Floats, Floats], Floats]


@dataclass(frozen=True)
class Predictor:
    """A method ready to be asked: ``says`` makes predictions of features and class scores.

    Predictions are (pictures, dim) in the ``space`` "words", (pictures, classes) with the
    higher the better in the space "classes", of whose columns ``classes`` are the synsets.
    Class scores are looked at only where ``asks_classifier``.
    """

    space: str
    classes: list[str]
    asks_classifier: bool
    says: Says


def predictor_of(fitted: Fitted, device: torch.device) -> Predictor:
    """Return a fitted method on ``device``, where a head runs; the others run on the processor.

    Raises InputError when numbers and description do not belong together.
    """
    makers: dict[str, Callable[[Fitted, torch.device], Says]] = {
        "head": _head,
        "conse": _conse,
        "ridge": _ridge,
        "class_mean": _class_mean,
        "random": _random,
    }
    described = fitted.description
    try:
        says = makers[described["kind"]](fitted, device)
        asks = "class_vectors" in fitted.tensors
        return Predictor(described["space"], list(described["classes"]), asks, says)
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(
            f"a fitted picture method: expected numbers as its settings describe them, got "
            f"{error!r}; train it again"
        ) from None


def _arrays(fitted: Fitted) -> dict[str, Any]:
    return {name: tensor.numpy() for name, tensor in fitted.tensors.items()}


def _conse(fitted: Fitted, device: torch.device) -> Says:
    arrays, top = _arrays(fitted), fitted.description["top"]
    vectors, known = arrays["class_vectors"], arrays["known_classes"]
    return lambda features, scores: conse(scores, vectors, known, top)


def _ridge(fitted: Fitted, device: torch.device) -> Says:
    matrix, bias = (_arrays(fitted)[name] for name in ("matrix", "bias"))
    return lambda features, scores: features @ matrix + bias


def _class_mean(fitted: Fitted, device: torch.device) -> Says:
    mean, means = (_arrays(fitted)[name] for name in ("mean", "means"))
    return lambda features, scores: unit_length(features - mean) @ means.T


def _random(fitted: Fitted, device: torch.device) -> Says:
    seed, dim = fitted.description["seed"], fitted.description["dim"]

    def says(features: Floats, scores: Floats) -> Floats:
        made = np.empty((len(features), dim), np.float32)
        for place, row in enumerate(features):
            # Of the picture itself, so that its place among the others does not matter.
            own = zlib.crc32(np.ascontiguousarray(row, "<f4").tobytes())
            made[place] = np.random.default_rng([seed, own]).standard_normal(dim)
        return made

    return says


def _head(fitted: Fitted, device: torch.device) -> Says:
    described = fitted.description
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
        return unit_length(said) + beside.says(features, scores) if beside else said

    return says


def write_predictions(
    values: str | Path, description: str | Path, store: Features, predictor: Predictor, method: str
) -> None:
    """Write predictions for all rows of ``store`` as ``.npy``, and what they are as JSON.

    Only a chunk of them is in memory at once.
    """
    starts = range(0, max(len(store), 1), CHUNK)
    with replacing(values) as partial, partial.open("wb") as file:
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
    with replacing(description) as partial:
        partial.write_text(json.dumps(text, indent=1) + "\n", encoding="utf-8", newline="\n")
