"""Evaluation of one method and seed: image to word, word to image, and single nouns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordbridge.arrays import Matrix
from wordbridge.devise.metrics import (
    Candidates,
    Steps,
    best_bundles,
    correct_radii,
    finite_or_none,
    hierarchical_precision,
    hits,
    mean_ranks,
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
from wordbridge.images.table import PHOTO, TEST, TRAIN, UNSEEN, VALID, ImageRow
from wordbridge.progress import progress

Doubles = NDArray[np.float64]
ALL = "all"  # sets, kinds or splits together
_BY_NOUN = ("seen", "unseen", "classes")  # candidate sets with scores of single nouns


class CandidateSet(NamedTuple):
    """Nouns (rows of the word space) that are ranked for the images in the mask ``images``."""

    name: str
    images: Mask
    nouns: Ints


class Group(NamedTuple):
    """Images (numbers) whose scores are averaged into one row."""

    set: str
    kind: str
    split: str
    images: Ints

    def heading(self) -> dict[str, str]:
        """Return the first columns of the group's row."""
        return {"set": self.set, "kind": self.kind, "split": self.split}


@dataclass(frozen=True)
class RankingScores:
    """Scores of images on one candidate set, NaN for images outside of it.

    ``hits`` is (images, ks of hit@k), ``precision`` (images, ks of precision@k), ``ranks`` mean
    ranks (infinite for a noun that the method cannot predict). ``best`` is the node of the first
    noun (-1: none), ``steps`` its distance from the true noun in WordNet, NaN where it is the true
    noun or shares its vector.
    """

    hits: Doubles
    precision: Doubles
    ranks: Doubles
    best: Ints
    steps: Doubles


def evaluate(
    predictions: Predictions,
    table: Sequence[ImageRow],
    space: WordSpace,
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Return all scores of ``predictions`` for the images of ``table``.

    ``settings``: ``hits``, ``precision`` and ``queries`` are the ks of flat hit@k, hierarchical
    precision@k and the precision@k of word queries; ``hops`` the distances of the n-hop sets.
    Keys: space; left_out (images of the table without a prediction); rows (image to word, one per
    candidate set and group); words (word to image, one per group); nouns (single nouns).
    """
    labelled = labelled_images(predictions.images, table, space.synsets)
    images, candidates = candidate_sets(labelled, space, settings["hops"])
    scores = noun_scores(predictions, space)
    ks = settings["hits"], settings["precision"]
    results = rank_images(scores, images, candidates, space, *ks)
    rows, nouns = [], []
    for candidate_set, result in zip(candidates, results, strict=True):
        for group in groups(images, candidate_set.images):
            heading = group.heading() | {"candidates": candidate_set.name}
            figures = _means(result, images, group.images, *ks)
            rows.append(heading | {"labels": len(candidate_set.nouns)} | figures)
        if candidate_set.name in _BY_NOUN:
            nouns += _by_noun(result, images, candidate_set, space, ks[0])
    galleries = groups(images, np.ones(len(images), bool)) if len(images) else []
    if len({group.split for group in galleries}) > 1:
        galleries.append(Group(ALL, ALL, ALL, np.arange(len(images))))
    return {
        "space": predictions.space,
        "left_out": len(table) - len(predictions.images),
        "rows": rows,
        "words": [
            group.heading() | score_queries(scores, images, group, settings["queries"])
            for group in galleries
        ],
        "nouns": nouns,
    }


def candidate_sets(
    images: LabelledImages, space: WordSpace, hops: Sequence[int]
) -> tuple[LabelledImages, list[CandidateSet]]:
    """Return the held-out images, and the candidate sets that contain the noun of any of them.

    Images of the valid split, which selected epochs and penalties, are held out only where there
    is no test split. Names: "seen" (nouns with training images), "unseen" (held-out nouns),
    "seen + unseen", "classes" (of the backbone; photographs only), "nouns" (all with a vector),
    and as in the paper "2-hop" (for each of ``hops``: nouns within this distance of a class that
    are neither classes nor seen) and "2-hop + classes".
    """
    trained = images.where(lambda image: image.split == TRAIN)
    has_test = bool(images.where(lambda image: image.split == TEST).any())
    selected = images.where(lambda image: has_test and image.split == VALID)
    held_out = images.select(~trained & ~selected)
    every, classes = np.arange(len(space.nodes)), space.classes
    seen = np.unique(images.nouns[trained])
    unseen = np.unique(held_out.nouns[held_out.where(lambda image: image.split == UNSEEN)])
    photos = held_out.where(lambda image: image.kind == PHOTO)
    nouns = {"seen": seen, "unseen": unseen, "seen + unseen": np.union1d(seen, unseen)}
    nouns |= {"classes": classes, "nouns": every}
    sets = [CandidateSet(n, np.isin(held_out.nouns, rows), rows) for n, rows in nouns.items()]
    sets = [s._replace(images=s.images & photos) if s.name == "classes" else s for s in sets]
    steps = space.hierarchy.distances(space.nodes[classes])[space.nodes] if len(classes) else every
    for count in hops if len(classes) else ():
        near = np.setdiff1d(every[steps <= count], np.union1d(classes, seen))
        mask = np.isin(held_out.nouns, near)
        sets.append(CandidateSet(f"{count}-hop", mask, near))
        sets.append(CandidateSet(f"{count}-hop + classes", mask, np.union1d(near, classes)))
    return held_out, [each for each in sets if each.images.any()]


def groups(images: LabelledImages, mask: Mask) -> list[Group]:
    """Return the groups of the images in ``mask``.

    For each split: all images, those of each kind, and those of each set and kind; sorted.
    """
    members: dict[tuple[str, str, str], list[int]] = {}
    for number in np.flatnonzero(mask):
        image = images.images[number]
        for name, kind in ((ALL, ALL), (ALL, image.kind), (image.set, image.kind)):
            members.setdefault((image.split, name, kind), []).append(int(number))
    order = sorted(members, key=lambda key: (key[0], key[1] != ALL, key[1], key[2] != ALL, key))
    return [Group(key[1], key[2], key[0], np.array(members[key])) for key in order]


def rank_images(
    scores: NounScores,
    images: LabelledImages,
    candidates: Sequence[CandidateSet],
    space: WordSpace,
    hit_ks: Sequence[int],
    precision_ks: Sequence[int],
) -> list[RankingScores]:
    """Return the scores of ``images`` on each of ``candidates``."""
    results, bundles, count = [], [], len(images)
    for each in candidates:
        hit_scores, precision = (np.full((count, len(ks)), np.nan) for ks in (hit_ks, precision_ks))
        ranks, steps = np.full((2, count), np.nan)
        results.append(RankingScores(hit_scores, precision, ranks, np.full(count, -1), steps))
        bundles.append(Candidates.build(space.nodes[each.nouns], scores.column_of[each.nouns]))
    slices = list(blocks(len(images), scores.width))
    for block in progress(slices, "Scoring images", total=len(slices), unit="blocks"):
        matrix, nouns = scores.scores(images.rows[block]), images.nouns[block]
        distances = {int(n): space.hierarchy.distances(space.nodes[n]) for n in np.unique(nouns)}
        for candidate_set, nodes, result in zip(candidates, bundles, results, strict=True):
            members = np.flatnonzero(candidate_set.images[block])
            if not len(members):
                continue
            numbers = members + block.start
            if not len(nodes.columns):
                result.hits[numbers] = result.precision[numbers] = 0
                result.ranks[numbers] = np.inf
                continue
            chosen = matrix[np.ix_(members, nodes.columns)]
            truth = nodes.bundle_of(scores.column_of[nouns[members]])
            above, ties = mean_ranks(chosen, nodes.sizes, truth)
            result.hits[numbers] = hits(above, ties, hit_ks)
            result.ranks[numbers] = above + (ties + 1) / 2
            best = best_bundles(chosen, max(1, *precision_ks))
            to_all = [distances[int(noun)] for noun in nouns[members]]
            _add_precision(result, numbers, best, nodes, truth, to_all, precision_ks)
    return results


def _add_precision(
    result: RankingScores,
    numbers: Ints,
    best: Ints,
    candidates: Candidates,
    truth: Ints,
    distances: Sequence[Steps],
    ks: Sequence[int],
) -> None:
    """Add precision@k and the first nouns; ``distances`` are those from each image's noun."""
    radii: dict[int, list[int]] = {}  # by identity, since images of a noun share its distances
    for number, bundles, right, steps in zip(numbers, best, truth, distances, strict=True):
        if id(steps) not in radii:
            radii[id(steps)] = correct_radii(steps, candidates.nodes, ks)
        result.precision[number] = hierarchical_precision(
            bundles, candidates, steps, ks, radii[id(steps)]
        )
        members = candidates.members(bundles[0])
        result.best[number] = members[0]
        if bundles[0] != right:
            result.steps[number] = float(np.mean(steps[members]))


def score_queries(
    scores: NounScores, images: LabelledImages, group: Group, ks: Sequence[int]
) -> dict[str, Any]:
    """Return means over the word queries for the images of ``group``.

    Keys: images, words, precision@k for each of ``ks``, mrr (mean reciprocal rank of the first
    right image). Homonyms in the group are one query, for which an image of any of them is right.
    ``ceiling@k`` is the precision of a perfect ranking, below 1 for nouns with fewer than k
    images. A noun that the method cannot predict scores 0; precision among fewer than k images is
    None.
    """
    rows, nouns = images.rows[group.images], images.nouns[group.images]
    columns = scores.column_of[nouns]
    unknown, queries = np.unique(nouns[columns < 0]), np.unique(columns[columns >= 0])
    results = [[0.0] * (len(ks) + 1) for _ in unknown]
    for block in blocks(len(queries), len(rows)):
        matrix: Matrix = scores.transposed(rows, queries[block])
        results += [
            precision_and_rank(line, columns == query, ks)
            for query, line in zip(queries[block], matrix, strict=True)
        ]
    sizes = [np.count_nonzero(columns == query) for query in queries]
    sizes += [np.count_nonzero(nouns == noun) for noun in unknown]
    means = np.mean(results, axis=0)
    return {
        "images": len(rows),
        "words": len(results),
        **{f"precision@{k}": finite_or_none(m) for k, m in zip(ks, means[:-1], strict=True)},
        **{f"ceiling@{k}": float(np.mean(np.minimum(sizes, k))) / k for k in ks},
        "mrr": float(means[-1]),
    }


def _means(
    result: RankingScores,
    images: LabelledImages,
    numbers: Ints,
    hit_ks: Sequence[int],
    precision_ks: Sequence[int],
) -> dict[str, Any]:
    """Return the means over images; undefined ones are None."""
    wrong = result.steps[numbers]
    wrong = wrong[~np.isnan(wrong)]
    hit_means = np.mean(result.hits[numbers], axis=0)
    precision_means = np.mean(result.precision[numbers], axis=0)
    figures = {f"hit@{k}": mean for k, mean in zip(hit_ks, hit_means, strict=True)}
    figures |= {f"hp@{k}": mean for k, mean in zip(precision_ks, precision_means, strict=True)}
    figures |= {
        "mrr": np.mean(1 / result.ranks[numbers]),
        "median_rank": np.median(result.ranks[numbers]),
        "wrong_steps": np.mean(wrong) if len(wrong) else np.nan,
    }
    counts = {"images": len(numbers), "nouns": len(np.unique(images.nouns[numbers]))}
    return counts | {name: finite_or_none(figure) for name, figure in figures.items()}


def _by_noun(
    result: RankingScores,
    images: LabelledImages,
    candidates: CandidateSet,
    space: WordSpace,
    ks: Sequence[int],
) -> list[dict[str, Any]]:
    """Return hits and the most frequent wrong noun of each noun with images."""
    rows = []
    for noun in np.unique(images.nouns[candidates.images]):
        numbers = np.flatnonzero(candidates.images & (images.nouns == noun))
        best = result.best[numbers][~np.isnan(result.steps[numbers])]
        nodes, counts = np.unique(best, return_counts=True)
        means = np.mean(result.hits[numbers], axis=0).tolist()
        rows.append(
            {
                "candidates": candidates.name,
                "synset": space.synsets[noun],
                "name": space.name(int(noun)),
                "images": len(numbers),
                **{f"hit@{k}": mean for k, mean in zip(ks, means, strict=True)},
                "taken_for": space.node_name(int(nodes[np.argmax(counts)])) if len(nodes) else "",
            }
        )
    return rows
