"""Evaluation of one method and seed: image to word, word to image, and single nouns."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordbridge.devise.metrics import (
    CandidateSet,
    Steps,
    best_bundles,
    correct_radii,
    count_above_and_ties,
    finite_or_none,
    hierarchical_precision,
    hits,
    precision_and_rank,
)
from wordbridge.devise.predictions import Predictions
from wordbridge.devise.similarity import (
    Ints,
    LabelledImages,
    Mask,
    NounScores,
    WordSpace,
    blocks,
    labelled_images,
    noun_scores,
)
from wordbridge.errors import InputError
from wordbridge.images.table import PHOTO, TEST, TRAIN, UNSEEN, VALID, ImageRow
from wordbridge.progress import progress

Doubles = NDArray[np.float64]
Settings = Mapping[str, Any]
ALL = "all"  # sets, kinds or splits together
_BY_NOUN = ("seen", "unseen", "classes")  # candidate sets with scores of single nouns


class RankingScores:
    """Scores of images on one set of ``candidates``, NaN for images that are not ranked on it.

    ``hits`` is (images, ks of hit@k), ``precision`` (images, ks of precision@k), the others are
    (images,). ``ranks`` has the mean rank of the true noun, infinite if the method cannot predict
    it; ``best`` the node of the first noun, -1 for none; ``steps`` the distance of the first noun
    from the true one in WordNet, NaN where both are the same or share a vector.
    """

    def __init__(self, candidates: CandidateSet, settings: Settings) -> None:
        count = len(candidates.images)
        self.candidates = candidates
        self.hits = np.full((count, len(settings["hits"])), np.nan)
        self.precision = np.full((count, len(settings["precision"])), np.nan)
        self.ranks, self.steps = np.full((2, count), np.nan)
        self.best = np.full(count, -1)


def evaluate(
    predictions: Predictions, table: Sequence[ImageRow], space: WordSpace, settings: Settings
) -> dict[str, Any]:
    """Return all scores of ``predictions`` for the images of ``table``.

    ``settings``: ``hits``, ``precision`` and ``queries`` are the ks of flat hit@k, hierarchical
    precision@k and the precision@k of word queries; ``hops`` the distances of the n-hop sets.
    Keys: space; left_out (images of the table without a prediction); rows (image to word, one per
    candidate set and group); words (word to image, one per group); nouns (single nouns). Raises
    InputError where no image is held out.
    """
    labelled = labelled_images(predictions.images, table, space.synsets)
    scores = noun_scores(predictions, space)
    images, candidates = candidate_sets(labelled, space, scores.column_of, settings["hops"])
    if not len(images):
        raise InputError(
            "scores: expected held-out images with a noun that has a vector, got none of "
            f"{len(table)} images; take more image sets, or a larger share image_split.test"
        )
    rows, nouns = [], []
    for result in rank_images(scores, images, candidates, space, settings):
        candidate_set = result.candidates
        labels = {"candidates": candidate_set.name, "labels": len(candidate_set.nodes)}
        for heading, indices in groups(images, candidate_set.images):
            rows.append(heading | labels | _means(result, images, indices, settings))
        if candidate_set.name in _BY_NOUN:
            nouns += _by_noun(result, images, space, settings["hits"])
    galleries = groups(images, np.ones(len(images), bool))
    if len({heading["split"] for heading, _ in galleries}) > 1:
        galleries.append(({"set": ALL, "kind": ALL, "split": ALL}, np.arange(len(images))))
    return {
        "space": predictions.space,
        "left_out": len(table) - len(predictions.images),
        "rows": rows,
        "words": [
            heading | score_queries(scores, images, indices, settings["queries"])
            for heading, indices in galleries
        ],
        "nouns": nouns,
    }


def candidate_sets(
    images: LabelledImages, space: WordSpace, columns: Ints, hops: Sequence[int]
) -> tuple[LabelledImages, list[CandidateSet]]:
    """Return the held-out images, and the candidate sets that contain the noun of any of them.

    Images of the valid split, which selected epochs and penalties, are held out only where there
    is no test split. ``columns`` (nouns,) has the column of each noun's score, or -1. Names: "seen"
    (nouns with training images), "unseen" (held-out nouns), "seen + unseen", "classes" (of the
    backbone; photographs only), "nouns" (all with a vector), and as in the paper "2-hop" (for each
    of ``hops``: nouns within this distance of a class that are neither classes nor seen) and
    "2-hop + classes".
    """
    trained = images.where(lambda image: image.split == TRAIN)
    has_test = bool(images.where(lambda image: image.split == TEST).any())
    selected = images.where(lambda image: has_test and image.split == VALID)
    held_out = images.select(~trained & ~selected)
    photos = held_out.where(lambda image: image.kind == PHOTO)
    all_nouns, classes = np.arange(len(space.nodes)), space.classes
    seen = np.unique(images.nouns[trained])
    unseen = np.unique(held_out.nouns[held_out.where(lambda image: image.split == UNSEEN)])
    seen_or_unseen = np.union1d(seen, unseen)
    # The nouns of each set, and the mask of the images that are ranked on it.
    sets = {
        "seen": (seen, np.isin(held_out.nouns, seen)),
        "unseen": (unseen, np.isin(held_out.nouns, unseen)),
        "seen + unseen": (seen_or_unseen, np.isin(held_out.nouns, seen_or_unseen)),
        "classes": (classes, np.isin(held_out.nouns, classes) & photos),
        "nouns": (all_nouns, np.ones(len(held_out), bool)),
    }
    steps = space.hierarchy.distances(space.nodes[classes])[space.nodes]
    for count in hops:
        near = np.setdiff1d(all_nouns[steps <= count], np.union1d(classes, seen))
        mask = np.isin(held_out.nouns, near)
        sets[f"{count}-hop"] = near, mask
        sets[f"{count}-hop + classes"] = np.union1d(near, classes), mask
    return held_out, [
        CandidateSet(name, mask, space.nodes[nouns], columns[nouns])
        for name, (nouns, mask) in sets.items()
        if mask.any()
    ]


def groups(images: LabelledImages, mask: Mask) -> list[tuple[dict[str, str], Ints]]:
    """Return the heading (set, kind and split) and the indices of each group of images in ``mask``.

    For each split: all images, those of each kind, and those of each set and kind; sorted.
    """
    members: dict[tuple[str, str, str], list[int]] = {}
    for index in np.flatnonzero(mask):
        image = images.images[index]
        for name, kind in ((ALL, ALL), (ALL, image.kind), (image.set, image.kind)):
            members.setdefault((image.split, name, kind), []).append(int(index))
    # Groups of all sets, and of all kinds, come before the others.
    order = sorted(members, key=lambda key: (key[0], key[1] != ALL, key[1], key[2] != ALL, key[2]))
    return [
        ({"set": name, "kind": kind, "split": split}, np.array(members[split, name, kind]))
        for split, name, kind in order
    ]


def rank_images(
    scores: NounScores,
    images: LabelledImages,
    candidates: Sequence[CandidateSet],
    space: WordSpace,
    settings: Settings,
) -> list[RankingScores]:
    """Return the scores of ``images`` on each of ``candidates``."""
    results = [RankingScores(candidate_set, settings) for candidate_set in candidates]
    slices = list(blocks(len(images), scores.width))
    for block in progress(slices, "Scoring images", total=len(slices), unit="blocks"):
        matrix, nouns = scores.scores(images.rows[block]), images.nouns[block]
        distances = {
            noun: space.hierarchy.distances(space.nodes[noun]) for noun in np.unique(nouns).tolist()
        }
        for result in results:
            members = np.flatnonzero(result.candidates.images[block])
            chosen = matrix[np.ix_(members, result.candidates.columns)]
            columns = scores.column_of[nouns[members]]
            indices = block.start + members
            _rank_block(result, indices, chosen, columns, nouns[members], distances, settings)
    return results


def score_queries(
    scores: NounScores, images: LabelledImages, indices: Ints, ks: Sequence[int]
) -> dict[str, Any]:
    """Return means over the word queries for a group of images.

    Keys: images, words, precision@k for each of ``ks``, mrr (mean reciprocal rank of the first
    relevant image), queries (the reciprocal rank of each query, by the first of its synsets).
    Homonyms in the group are one query, for which an image of any of them is relevant.
    ``ceiling@k`` is the precision of a perfect ranking, below 1 for nouns with fewer than k images.
    A noun that the method cannot predict scores 0; precision among fewer than k images is None.
    """
    rows, nouns = images.rows[indices], images.nouns[indices]
    columns = scores.column_of[nouns]
    columns = np.where(columns < 0, -1 - nouns, columns)  # nouns without a column: one query each
    queries, first, sizes = np.unique(columns, return_index=True, return_counts=True)
    known = queries[queries >= 0]
    # The queries are sorted: those without a column come first.
    results = [[0.0] * (len(ks) + 1)] * (len(queries) - len(known))
    for block in blocks(len(known), len(rows)):
        matrix = scores.scores(rows, known[block]).T
        for query, query_scores in zip(known[block], matrix, strict=True):
            results.append(precision_and_rank(query_scores, columns == query, ks))
    synsets = [images.images[index].synset for index in indices[first]]
    means = np.mean(results, axis=0)
    return {
        "images": len(rows),
        "words": len(results),
        **{f"precision@{k}": finite_or_none(m) for k, m in zip(ks, means[:-1], strict=True)},
        **{f"ceiling@{k}": float(np.mean(np.minimum(sizes, k))) / k for k in ks},
        "mrr": float(means[-1]),
        "queries": {synset: result[-1] for synset, result in zip(synsets, results, strict=True)},
    }


def _rank_block(
    result: RankingScores,
    indices: Ints,
    scores: NDArray[np.float32],
    columns: Ints,
    nouns: Ints,
    distances: Mapping[int, Steps],
    settings: Settings,
) -> None:
    """Fill in ``result`` for the images ``indices`` from ``scores`` (images, candidates' columns).

    ``columns`` and ``nouns`` (images,) are the columns and rows of the true nouns; ``distances``
    has the steps from each of them to all nodes.
    """
    candidates, ks = result.candidates, settings["precision"]
    if not len(candidates.columns):
        result.hits[indices] = result.precision[indices] = 0
        result.ranks[indices] = np.inf
        return
    truth = candidates.bundle_of(columns)
    above, ties = count_above_and_ties(scores, candidates.sizes, truth)
    result.hits[indices] = hits(above, ties, settings["hits"])
    result.ranks[indices] = above + (ties + 1) / 2
    best = best_bundles(scores, max(1, *ks))
    for noun in np.unique(nouns).tolist():
        steps = distances[noun]
        radii = correct_radii(steps, candidates.nodes, ks)
        for row in np.flatnonzero(nouns == noun):
            index, first = indices[row], candidates.members(best[row, 0])
            precision = hierarchical_precision(best[row], candidates, steps, ks, radii)
            result.precision[index] = precision
            result.best[index] = first[0]
            if best[row, 0] != truth[row]:
                result.steps[index] = np.mean(steps[first])


def _means(
    result: RankingScores, images: LabelledImages, indices: Ints, settings: Settings
) -> dict[str, Any]:
    """Return the means over images; undefined ones are None."""
    wrong = result.steps[indices]
    wrong = wrong[~np.isnan(wrong)]
    figures: dict[str, Any] = {
        **_means_at("hit", settings["hits"], result.hits[indices]),
        **_means_at("hp", settings["precision"], result.precision[indices]),
        "mrr": np.mean(1 / result.ranks[indices]),
        "median_rank": np.median(result.ranks[indices]),
        "wrong_steps": np.mean(wrong) if len(wrong) else np.nan,
    }
    counts = {"images": len(indices), "nouns": len(np.unique(images.nouns[indices]))}
    return counts | {name: finite_or_none(figure) for name, figure in figures.items()}


def _means_at(name: str, ks: Sequence[int], scores: Doubles) -> dict[str, float]:
    """Return the mean over images of scores (images, ks), by ``name@k``."""
    means = np.mean(scores, axis=0).tolist()
    return {f"{name}@{k}": mean for k, mean in zip(ks, means, strict=True)}


def _by_noun(
    result: RankingScores, images: LabelledImages, space: WordSpace, ks: Sequence[int]
) -> list[dict[str, Any]]:
    """Return hits and the most frequent wrong noun of each noun with images."""
    rows, mask = [], result.candidates.images
    for noun in np.unique(images.nouns[mask]):
        indices = np.flatnonzero(mask & (images.nouns == noun))
        is_wrong = ~np.isnan(result.steps[indices])
        best, steps = result.best[indices][is_wrong], result.steps[indices][is_wrong]
        nodes, counts = np.unique(best, return_counts=True)
        rows.append(
            {
                "candidates": result.candidates.name,
                "synset": space.synsets[noun],
                "name": space.name(space.nodes[noun]),
                "images": len(indices),
                **_means_at("hit", ks, result.hits[indices]),
                "wrong": len(best),
                "wrong_steps": float(np.mean(steps)) if len(steps) else None,
                "taken_for": space.name(nodes[np.argmax(counts)]) if len(nodes) else "",
            }
        )
    return rows
