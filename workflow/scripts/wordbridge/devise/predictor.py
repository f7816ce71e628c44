"""Predictions of a saved method: a head with its classifier ensemble, or a baseline.

The ensemble is the weighted mean of the head's vector and a vector of the backbone's classifier,
which has the larger weight for a likely photograph of a class that it is confident of.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import binary_cross_entropy_with_logits

from wordbridge.arrays import Matrix, l2_normalize, softmax
from wordbridge.devise.baselines import load_baseline
from wordbridge.devise.dataset import TrainingData, train_and_valid
from wordbridge.devise.head import Head
from wordbridge.files import atomic_write, write_json
from wordbridge.images.feature_store import FeatureStore
from wordbridge.progress import progress
from wordbridge.tensors import SavedModel, load_weights

_CHUNK = 4096  # images at a time
_EXAMPLES = 20_000  # images, evenly spaced, that the photo classifier is fitted to
_EPSILON = 1e-6  # distance of probabilities from 0 and 1
_MAX_LOG_ODDS = 20.0  # also where all training images are of one kind
_LBFGS_STEPS = 300  # at most; about fifty are needed
_FIT_STEPS, _FIT_RATE = 4, 0.6  # more steps gain among the classes and lose among all nouns

Predict = Callable[[Matrix, Matrix], Matrix]


def load_predictor(saved: SavedModel, device: torch.device) -> Predict:
    """Return ``predict(features, logits)`` of a saved method.

    A head runs on ``device``, baselines on the CPU. Predictions are vectors (images, dim) or, in
    the space "classes" of the method, scores (images, classes).
    """
    if saved.settings["kind"] != "head":
        return load_baseline(saved).predict
    settings = saved.settings["settings"]
    head = Head(settings["head"], saved.settings["width"], saved.settings["outputs"])
    # Earlier commits, whose results can still be searched, wrote layers/0/weight.
    weights = {
        name.removeprefix("head.").replace("/", "."): tensor
        for name, tensor in saved.tensors.items()
        if name.startswith("head.")
    }
    load_weights(head, weights)
    head.to(device).eval()
    classifier = settings["classifier"]
    arrays = {name: tensor.numpy() for name, tensor in saved.tensors.items()}

    @torch.no_grad()
    def predict(features: Matrix, logits: Matrix) -> Matrix:
        predicted: Matrix = head(torch.from_numpy(features).to(device)).cpu().numpy()
        if not classifier["use"]:
            return predicted
        return ensemble_vectors(features, logits, predicted, arrays, classifier)

    return predict


def predict_images(
    values: str | Path,
    description: str | Path,
    store: FeatureStore,
    saved: SavedModel,
    device: torch.device,
    method: str,
) -> None:
    """Write predictions for all rows of ``store`` as .npy, and their description as JSON.

    Only one chunk of predictions is in memory at a time.
    """
    predict = load_predictor(saved, device)
    uses_logits = "class_vectors" in saved.tensors  # ConSE, and a head with an ensemble
    starts = range(0, max(len(store), 1), _CHUNK)
    with atomic_write(values) as partial, partial.open("wb") as file:
        for start in progress(starts, f"predictions of {method}", unit="chunk"):
            rows = np.arange(start, min(start + _CHUNK, len(store)))
            logits = store.logits(rows) if uses_logits else np.zeros((0, 0), "<f4")
            predicted = predict(store.features(rows), logits)
            if not start:
                shape = (len(store), predicted.shape[1])
                header = {"descr": "<f4", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(file, header)
            file.write(np.ascontiguousarray(predicted, "<f4").tobytes())
    space, classes = saved.settings["space"], saved.settings["classes"]
    write_json(description, {"method": method, "space": space, "classes": classes})


def fit_photo_classifier(
    features: Matrix, photos: NDArray[np.bool_], penalty: float
) -> tuple[Matrix, Matrix]:
    """Return weights (width,) and bias (1,) of the log-odds that an image is a photograph.

    This is a logistic regression on standardised ``features`` (images, width). ``photos`` (images,)
    is False for drawings; both kinds have the same total weight in the mean loss. ``penalty``
    multiplies the sum of the squared weights.
    """
    if photos.all() or not photos.any():
        log_odds = _MAX_LOG_ODDS if photos.any() else -_MAX_LOG_ODDS
        return np.zeros(features.shape[1], np.float32), np.array([log_odds], np.float32)
    mean, std = features.mean(axis=0), features.std(axis=0) + np.float32(1e-3)
    standardised = torch.from_numpy((features - mean) / std)
    labels = torch.from_numpy(photos.astype(np.float32))
    balance = (1 - labels.mean()) / labels.mean()
    weights = torch.zeros(standardised.shape[1], requires_grad=True)
    bias = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [weights, bias], max_iter=_LBFGS_STEPS, line_search_fn="strong_wolfe"
    )

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        logits = standardised @ weights + bias
        entropy = binary_cross_entropy_with_logits(logits, labels, pos_weight=balance)
        total = entropy + penalty * (weights**2).sum()
        total.backward()
        return total

    optimizer.step(loss)
    scaled: Matrix = weights.detach().numpy() / std
    return scaled, bias.detach().numpy() - np.float32(mean @ scaled)


def ensemble_vectors(
    features: Matrix,
    logits: Matrix,
    head_vectors: Matrix,
    arrays: Mapping[str, NDArray[Any]],
    settings: Mapping[str, Any],
) -> Matrix:
    """Return unit vectors (images, dim): weighted means of ``head_vectors`` and the classifier's.

    ``arrays`` are what ``fit_ensemble`` adds to a head, ``settings`` the block classifier of the
    method. The weight of the classifier is the logistic function of the log-odds that the image is
    a photograph, plus ``confidence_weight`` times the log-odds of its best class (a mixture of
    experts, Jacobs et al. 1991). A photograph is ``photo_odds`` times likelier than among the
    balanced training images.
    """
    vectors = classifier_vectors(
        logits,
        arrays["class_vectors"],
        arrays["known_classes"],
        settings["top"],
        settings["temperature"],
    )
    photo_log_odds = features @ arrays["photo_weights"] + arrays["photo_bias"]
    photo_log_odds = photo_log_odds + np.log(settings["photo_odds"])
    best = softmax(logits).max(axis=1).clip(_EPSILON, 1 - _EPSILON)
    log_odds = photo_log_odds + settings["confidence_weight"] * np.log(best / (1 - best))
    weight = np.exp(-np.logaddexp(0, -log_odds))[:, None]  # the logistic function, no overflow
    return l2_normalize(weight * vectors + (1 - weight) * l2_normalize(head_vectors))


def fit_ensemble(head: SavedModel, settings: Mapping[str, Any], data: TrainingData) -> SavedModel:
    """Return a trained ``head`` with the arrays of its ensemble, if ``settings`` use one.

    ``settings`` is the block classifier of the method. Raises InputError as ``train_and_valid``.
    """
    variant = {**head.settings["settings"], "classifier": dict(settings)}
    description = {**head.settings, "settings": variant}
    if not settings["use"]:
        return SavedModel(head.tensors, description)
    train, _ = train_and_valid(data)
    examples = train.subsample(_EXAMPLES)
    features = data.store.features(examples.rows)
    weights, bias = fit_photo_classifier(features, examples.photos, settings["photo_penalty"])
    arrays: dict[str, NDArray[Any]] = {
        "class_vectors": data.nouns.class_vectors,
        "known_classes": data.nouns.known_classes,
        "photo_weights": weights,
        "photo_bias": bias,
    }
    tensors = {name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in arrays.items()}
    return SavedModel({**head.tensors, **tensors}, description)


def classifier_vectors(
    logits: Matrix,
    class_vectors: Matrix,
    known_classes: NDArray[np.bool_],
    top: int,
    temperature: float,
) -> Matrix:
    """Return unit vectors (images, dim) fitted to the classifier's top-k distribution.

    The targets are the probabilities of the ``top`` most probable known classes. A few gradient
    steps lower the cross-entropy of the targets with the softmax of a vector's cosines with the
    class vectors, divided by ``temperature``. The steps start from ConSE's combination, which is
    often nearer to another class than to the classes that it combines.
    """
    classes = class_vectors[known_classes]
    probabilities = softmax(np.asarray(logits, np.float32)[:, known_classes])
    top = min(top, len(classes))
    threshold = np.partition(probabilities, -top, axis=1)[:, -top, None]
    kept = np.where(probabilities >= threshold, probabilities, np.float32(0))
    targets = np.asarray(kept / kept.sum(axis=1, keepdims=True), np.float32)
    fitted = l2_normalize(targets @ classes)
    for _ in range(_FIT_STEPS):
        gradient = (targets - softmax(fitted @ classes.T / np.float32(temperature))) @ classes
        radial = (gradient * fitted).sum(axis=1, keepdims=True)
        fitted = l2_normalize(fitted + np.float32(_FIT_RATE) * (gradient - radial * fitted))
    return fitted
