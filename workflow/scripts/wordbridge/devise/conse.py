"""ConSE: word vectors from a classifier that was trained before (Norouzi et al. 2014)."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def probabilities(scores: Floats) -> Floats:
    """Return the softmax over the classes of scores (images, classes)."""
    exact = np.exp(scores - scores.max(axis=1, keepdims=True), dtype=np.float32)
    summed: Floats = exact / exact.sum(axis=1, keepdims=True)
    return summed


def conse(scores: Floats, vectors: Floats, known: NDArray[np.bool_], top: int) -> Floats:
    """Return the convex combination (images, dim) of the ``top`` likeliest classes' vectors.

    ``scores`` (images, classes) are the classifier's before its softmax, ``vectors``
    (classes, dim) are its nouns'; only the classes that are ``known`` have one, and the weights
    sum to 1 over those that are combined (section 3.1 of the paper).
    """
    chances = probabilities(np.asarray(scores, np.float32)) * known
    top = min(top, int(known.sum()))
    places = np.argpartition(-chances, top - 1, axis=1)[:, :top]
    weights = np.zeros_like(chances)
    np.put_along_axis(weights, places, np.take_along_axis(chances, places, axis=1), axis=1)
    # An image whose whole weight is on classes without a vector may have nothing left.
    weights /= np.maximum(weights.sum(axis=1, keepdims=True), np.finfo(np.float32).tiny)
    combined: Floats = weights @ vectors
    return combined


def certainty(scores: Floats, most: float) -> Floats:
    """Return 1 / (1 - p)^2 for each image's likeliest class, at most ``most`` (images, 1).

    What ConSE says is worth more where the classifier is sure: a clear photograph of one of its
    classes, and hardly ever a drawing.
    """
    highest = probabilities(np.asarray(scores, np.float32)).max(axis=1, keepdims=True)
    lengths: Floats = np.minimum((1 - highest).clip(1e-6) ** -2, np.float32(most))
    return lengths
