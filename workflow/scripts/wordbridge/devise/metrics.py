"""Ranking metrics of Frome et al. (2013, section 4 and appendix), with ties in expectation.

Homonyms share a word vector and tie. hit@k is the probability that the true noun is among the
first k when ties are broken at random: of two nouns with one vector at the top, each has half a
hit@1. Precision is the mean over such orders, and the rank of a noun is its mean rank.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wordbridge.nouns.hierarchy import FAR

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Steps = NDArray[np.int16]


class CandidateSet:
    """Nouns that are ranked for the images in the mask ``images``, in bundles of equal score.

    ``nodes`` are all candidates as nodes of the hierarchy, ``column_of`` has the column of each
    one's score. Bundle i has the score of column ``columns[i]`` and the nodes
    ``bundled[starts[i]:starts[i + 1]]``. Candidates with the column -1, which the method cannot
    predict, are in no bundle.
    """

    def __init__(self, name: str, images: Mask, nodes: Ints, column_of: Ints) -> None:
        self.name, self.images, self.nodes = name, images, nodes
        order = np.argsort(column_of, kind="stable")
        order = order[column_of[order] >= 0]
        self.bundled: Ints = nodes[order]
        self.columns, first = np.unique(column_of[order], return_index=True)
        self.starts = np.append(first, len(order))

    @property
    def sizes(self) -> Ints:
        """Return the number of nouns in each bundle."""
        return np.diff(self.starts)

    def bundle_of(self, columns: Ints) -> Ints:
        """Return the bundle of each of ``columns``, -1 for a column without one."""
        bundles = np.minimum(np.searchsorted(self.columns, columns), len(self.columns) - 1)
        return np.where(self.columns[bundles] == columns, bundles, -1)

    def members(self, bundle: int) -> Ints:
        """Return the nodes of the nouns of a bundle."""
        return self.bundled[self.starts[bundle] : self.starts[bundle + 1]]


def count_above_and_ties(scores: Floats, sizes: Ints, truth: Ints) -> tuple[Doubles, Doubles]:
    """Return how many nouns score higher than each image's true noun, and how many the same.

    ``scores`` is (images, bundles), ``sizes`` the number of nouns in each bundle, ``truth`` the
    bundle of each image's true noun, which itself counts among the ties. For a true noun without a
    bundle (-1) or a score (-inf, NaN) the counts are infinite and 1.
    """
    true_scores = scores[np.arange(len(scores)), truth][:, None]
    weights = sizes.astype(np.float32)  # exact up to 16 million nouns
    above = np.asarray((scores > true_scores).astype(np.float32) @ weights, np.float64)
    ties = np.asarray((scores == true_scores).astype(np.float32) @ weights, np.float64)
    unranked = (truth < 0) | ~(true_scores[:, 0] > -np.inf)
    return np.where(unranked, np.inf, above), np.where(unranked, 1.0, ties)


def hits(above: Doubles, ties: Doubles, ks: Sequence[int]) -> Doubles:
    """Return flat hit@k of each image (images, ks) from ``count_above_and_ties``."""
    return np.clip((np.asarray(ks) - above[:, None]) / ties[:, None], 0.0, 1.0)


def best_bundles(scores: Floats, count: int) -> Ints:
    """Return the ``count`` bundles (images, count) with the highest scores, best first."""
    count = min(count, scores.shape[1])
    best = np.sort(np.argpartition(-scores, count - 1, axis=1)[:, :count], axis=1)
    order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1, kind="stable")
    return np.take_along_axis(best, order, axis=1)


def correct_radii(distances: Steps, nodes: Ints, ks: Sequence[int]) -> list[int]:
    """Return the radius of hCorrectSet for each of ``ks``.

    ``distances`` are the steps from the true noun to all nodes, ``nodes`` the candidates. As in the
    paper, the radius grows from 0 until at least k candidates are within the radius; hCorrectSet
    has more than k members where distances are equal. -1: fewer than k candidates can be reached.
    """
    near = distances[nodes]
    reached = np.cumsum(np.bincount(near[near < FAR], minlength=1))
    return [int(np.searchsorted(reached, k)) if k <= reached[-1] else -1 for k in ks]


def hierarchical_precision(
    best: Ints, candidates: CandidateSet, distances: Steps, ks: Sequence[int], radii: Sequence[int]
) -> list[float]:
    """Return the fraction of an image's first k nouns that are in hCorrectSet, for each of ``ks``.

    ``best`` are the image's bundles, best first and at least max(ks) where there are as many;
    ``distances`` and ``radii`` are as in ``correct_radii``. A bundle that goes beyond rank k counts
    with its mean. At k = 1 this is hit@1. NaN for fewer than k candidates.
    """
    members = [distances[candidates.members(bundle)] for bundle in best]
    precision = []
    for k, radius in zip(ks, radii, strict=True):
        remaining, correct = k, 0.0
        for steps in members:
            count = min(remaining, len(steps))
            correct += count * float(np.mean(steps <= radius))
            remaining -= count
            if not remaining:
                break
        precision.append(correct / k if radius >= 0 else np.nan)
    return precision


def precision_and_rank(scores: Floats, relevant: Mask, ks: Sequence[int]) -> list[float]:
    """Return precision@k for each of ``ks``, then the reciprocal rank of the first relevant image.

    ``scores`` and ``relevant`` (images,) belong to one query; among equal scores the other images
    come first. NaN for fewer than k images.
    """
    order = np.lexsort((relevant, -scores))[: max(ks)]
    counts = np.cumsum(relevant[order])
    precision = [float(counts[k - 1]) / k if k <= len(scores) else np.nan for k in ks]
    if not relevant.any():
        return [*precision, 0.0]
    rank = 1 + np.count_nonzero(~relevant & (scores >= scores[relevant].max()))
    return [*precision, 1.0 / rank]


def finite_or_none(figure: float) -> float | None:
    """Return ``figure``, or None if it is not finite, for JSON."""
    return float(figure) if np.isfinite(figure) else None
