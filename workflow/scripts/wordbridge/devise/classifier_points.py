"""Images that the backbone's classifier has in mind: features made of its weights."""

import numpy as np
from numpy.typing import NDArray

from wordbridge.arrays import unit_length
from wordbridge.errors import InputError

Floats = NDArray[np.float32]


def scaled_points(rows: Floats, features: Floats) -> Floats:
    """Return one point (classes, width) for each of the classifier's ``rows`` (classes, part).

    A row has the mean length of the ``features`` (images, width) that the classifier looks at,
    their last ``part`` columns (average pooling after maximum pooling); the other columns have
    their mean. Raises InputError for rows wider than the features.
    """
    seen = _seen(rows, features)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    points = np.tile(features.mean(axis=0), (len(rows), 1)).astype(np.float32)
    points[:, -seen.shape[1] :] = rows / lengths * np.linalg.norm(seen, axis=1).mean()
    return points


def discriminant_points(rows: Floats, features: Floats, nouns: NDArray[np.int64]) -> Floats:
    """Return, per row, the mean of the class for which a linear discriminant would have it.

    That is the mean of all plus the row times the covariance within the ``nouns`` (images)
    of the ``features`` (images, width). As the classifier was none, only the direction is
    kept: each point is as far from the mean as images are on average, and not negative where
    features never are. Raises InputError for rows wider than the features and when no noun has
    two images.
    """
    _, own = np.unique(nouns, return_inverse=True)
    sums = np.zeros((own.max() + 1, features.shape[1]))
    np.add.at(sums, own, features)
    within = features - (sums / np.bincount(own)[:, None]).astype(np.float32)[own]
    if not (np.bincount(own) > 1).any():
        raise InputError(
            "classifier_features: discriminant: expected nouns with several images, got one of "
            "each; take classifier_features: scaled"
        )
    # What all rows share makes no class likelier than another.
    shifts = (_seen(rows, within) @ (rows - rows.mean(axis=0)).T).T @ within
    mean = features.mean(axis=0)
    points = mean + unit_length(shifts) * np.linalg.norm(features - mean, axis=1).mean()
    lowest = np.float32(0) if (features >= 0).all() else np.float32(-np.inf)
    cut: Floats = np.maximum(points, lowest).astype(np.float32)
    return cut


def _seen(rows: Floats, features: Floats) -> Floats:
    """Return the columns of ``features`` that the classifier with these ``rows`` looks at."""
    part, width = rows.shape[1], features.shape[1]
    if part > width:
        raise InputError(
            f"the backbone's classifier: expected rows of {width} numbers at most, as the features "
            f"have, got {part}; take classifier and features from the same backbone"
        )
    return features[:, width - part :]
