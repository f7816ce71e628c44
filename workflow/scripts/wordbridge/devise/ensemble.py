"""Ensemble of a trained head with the backbone's classifier, weighted by its confidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import binary_cross_entropy_with_logits

from wordbridge.arrays import Matrix, l2_normalize, softmax
from wordbridge.devise.dataset import TrainingData, train_and_valid
from wordbridge.tensors import SavedModel

_EXAMPLES = 20_000  # images, evenly spaced, that the photo classifier is fitted to
_MAX_LOG_ODDS = 20.0  # also where all training images are of one kind
_LBFGS_STEPS = 300  # at most; about fifty are needed
_FIT_STEPS, _FIT_RATE = 20, 0.6  # more steps change no image's first five nouns


@dataclass(frozen=True)
class EnsembleSettings:
    """How the classifier is added to the head's unit vector.

    ``weight`` is its largest length, 0 for no ensemble. Its ``top`` classes are fitted by a
    vector at ``temperature``. ``photo_odds`` is how many times likelier a photograph is than among
    the balanced training images; ``photo_penalty`` is the L2 penalty of the photo classifier.
    """

    weight: float
    top: int
    temperature: float
    photo_odds: float
    photo_penalty: float


class PhotoClassifier(NamedTuple):
    """Logistic regression of photographs against drawings: ``weights`` (width,), ``bias`` (1,)."""

    weights: Matrix
    bias: Matrix

    @classmethod
    def fit(cls, features: Matrix, photos: NDArray[np.bool_], penalty: float) -> "PhotoClassifier":
        """Return the classifier of the ``photos`` (images,) among ``features``.

        Both kinds have the same weight. ``penalty`` multiplies the squared weights of standardised
        features in the mean loss.
        """
        if photos.all() or not photos.any():
            log_odds = _MAX_LOG_ODDS if photos.any() else -_MAX_LOG_ODDS
            return cls(np.zeros(features.shape[1], np.float32), np.array([log_odds], np.float32))
        mean, std = features.mean(axis=0), features.std(axis=0) + np.float32(1e-3)
        points = torch.from_numpy((features - mean) / std)
        labels = torch.from_numpy(photos.astype(np.float32))
        balance = (1 - labels.mean()) / labels.mean()
        weights = torch.zeros(points.shape[1], requires_grad=True)
        bias = torch.zeros(1, requires_grad=True)
        optimizer = torch.optim.LBFGS(
            [weights, bias], max_iter=_LBFGS_STEPS, line_search_fn="strong_wolfe"
        )

        def loss() -> torch.Tensor:
            optimizer.zero_grad()
            entropy = binary_cross_entropy_with_logits(
                points @ weights + bias, labels, pos_weight=balance
            )
            total = entropy + penalty * (weights**2).sum()
            total.backward()
            return total

        optimizer.step(loss)
        scaled: Matrix = weights.detach().numpy() / std
        return cls(scaled, bias.detach().numpy() - np.float32(mean @ scaled))

    def predict_proba(self, features: Matrix, odds: float = 1.0) -> Matrix:
        """Return the probability (images, 1) that an image is a photograph.

        ``odds`` is how many times likelier photographs are than in training.
        """
        log_odds = features @ self.weights + self.bias + np.log(odds)
        probability = 1 / (1 + np.exp(-log_odds.clip(-_MAX_LOG_ODDS, _MAX_LOG_ODDS)))
        return np.asarray(probability[:, None], np.float32)


@dataclass(frozen=True)
class ClassifierEnsemble:
    """The backbone's classifier in word-vector space.

    ``class_vectors`` (classes, dim) are of unit length, and zero where not in ``known_classes``.
    """

    class_vectors: Matrix
    known_classes: NDArray[np.bool_]
    photos: PhotoClassifier
    settings: EnsembleSettings

    def predict(self, features: Matrix, logits: Matrix) -> Matrix:
        """Return vectors (images, dim) to be added to the head's unit vectors.

        Their length is 1 / (1 - p)^2 for the probability p of the best class, at most ``weight``,
        times the probability of a photograph.
        """
        settings = self.settings
        vectors = fit_vectors(
            logits, self.class_vectors, self.known_classes, settings.top, settings.temperature
        )
        photo = self.photos.predict_proba(features, settings.photo_odds)
        return np.asarray(vectors * photo * confidence(logits, settings.weight), np.float32)


def attach(head: SavedModel, settings: Mapping[str, Any], data: TrainingData) -> SavedModel:
    """Return a trained ``head`` with the numbers of its ensemble.

    ``settings`` are those of ``EnsembleSettings``; with weight 0 no numbers are added.
    """
    options = EnsembleSettings(**settings)
    description = dict(head.settings)
    description["settings"] = {**description["settings"], "classifier": dict(settings)}
    if not options.weight:
        return SavedModel(head.tensors, description)
    train, _ = train_and_valid(data)
    examples = train.subsample(_EXAMPLES)
    photos = PhotoClassifier.fit(
        data.store.features(examples.rows), examples.photos, options.photo_penalty
    )
    arrays: dict[str, NDArray[Any]] = {
        "class_vectors": data.nouns.class_vectors,
        "known_classes": data.nouns.known_classes,
        "photo_weights": photos.weights,
        "photo_bias": photos.bias,
    }
    tensors = {name: torch.from_numpy(np.ascontiguousarray(a)) for name, a in arrays.items()}
    return SavedModel({**head.tensors, **tensors}, description)


def load_ensemble(saved: SavedModel) -> ClassifierEnsemble | None:
    """Return the ensemble of a saved head, or None for weight 0.

    Raises KeyError or TypeError when a number or setting is missing.
    """
    settings = EnsembleSettings(**saved.settings["settings"]["classifier"])
    if not settings.weight:
        return None
    arrays = {name: tensor.numpy() for name, tensor in saved.tensors.items()}
    photos = PhotoClassifier(arrays["photo_weights"], arrays["photo_bias"])
    return ClassifierEnsemble(arrays["class_vectors"], arrays["known_classes"], photos, settings)


def fit_vectors(
    logits: Matrix, vectors: Matrix, known: NDArray[np.bool_], top: int, temperature: float
) -> Matrix:
    """Return the unit vectors (images, dim) that best fit the classifier's top-k distribution.

    The softmax of a vector's cosines with the classes' ``vectors``, divided by ``temperature``,
    has the least cross-entropy with the probabilities of the ``top`` classes. Gradient steps
    start from ConSE's combination, which is often nearer to a third class than to its own.
    """
    classes, targets = vectors[known], _top_probabilities(logits, known, top)
    fitted = l2_normalize(targets @ classes)
    for _ in range(_FIT_STEPS):
        gradient = (targets - softmax(fitted @ classes.T / np.float32(temperature))) @ classes
        radial = (gradient * fitted).sum(axis=1, keepdims=True)
        fitted = l2_normalize(fitted + np.float32(_FIT_RATE) * (gradient - radial * fitted))
    return fitted


def confidence(logits: Matrix, maximum: float) -> Matrix:
    """Return 1 / (1 - p)^2 (images, 1) for the probability p of the best class, at most maximum.

    A clear photograph of a known class has a high confidence, a drawing hardly ever.
    """
    highest = softmax(logits).max(axis=1, keepdims=True)
    return np.asarray(np.minimum((1 - highest).clip(1e-6) ** -2, np.float32(maximum)), np.float32)


def _top_probabilities(logits: Matrix, known: NDArray[np.bool_], top: int) -> Matrix:
    """Return the probabilities (images, known classes) of the ``top`` classes, summing to 1."""
    probabilities = softmax(np.asarray(logits, np.float32)[:, known])
    top = min(top, probabilities.shape[1])
    least = np.partition(probabilities, -top, axis=1)[:, -top, None]
    kept = np.where(probabilities >= least, probabilities, np.float32(0))
    return np.asarray(kept / kept.sum(axis=1, keepdims=True), np.float32)
