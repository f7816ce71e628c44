"""The scores of every single picture on one question."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wordbridge.devise.noun_graph import NounGraph
from wordbridge.devise.noun_scores import NounScores, blocks
from wordbridge.devise.questions import Labelled, Question
from wordbridge.devise.retrieval import (
    Candidates,
    Steps,
    best_bundles,
    correct_radii,
    hierarchical_precision,
    hits,
    mean_ranks,
)
from wordbridge.progress import progress

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class PictureScores:
    """Scores on one question, row by row those of all pictures; NaN for one that was not asked.

    ``hits`` is (pictures, ks of hit@k), ``precision`` (pictures, ks of precision@k), ``ranks``
    are mean ranks (infinite where the method cannot name the noun). ``best`` is the node of the
    first answer (-1: none), ``steps`` how many steps in WordNet it is away from the truth, NaN
    where it is the truth or has its vector.
    """

    hits: Doubles
    precision: Doubles
    ranks: Doubles
    best: Ints
    steps: Doubles

    @classmethod
    def empty(cls, pictures: int, hit_ks: int, precision_ks: int) -> "PictureScores":
        """Return scores of which none is known yet."""
        return cls(
            np.full((pictures, hit_ks), np.nan),
            np.full((pictures, precision_ks), np.nan),
            np.full(pictures, np.nan),
            np.full(pictures, -1),
            np.full(pictures, np.nan),
        )


def score_pictures(
    scores: NounScores,
    pictures: Labelled,
    asked: Sequence[Question],
    nodes: Ints,
    graph: NounGraph,
    hit_ks: Sequence[int],
    precision_ks: Sequence[int],
) -> list[PictureScores]:
    """Return the scores of ``pictures`` on every question of ``asked``.

    ``nodes`` are the nodes of the word vectors' nouns in ``graph``.
    """
    made = [PictureScores.empty(len(pictures), len(hit_ks), len(precision_ks)) for _ in asked]
    among = [Candidates.build(nodes[q.nouns], scores.column_of[q.nouns]) for q in asked]
    parts = list(blocks(len(pictures), scores.width))
    for block in progress(parts, "Scoring pictures", total=len(parts), unit="blocks"):
        every = scores.scores(pictures.rows[block])
        truths = pictures.nouns[block]
        away = {int(noun): graph.distances(nodes[noun]) for noun in np.unique(truths)}
        for question, candidates, results in zip(asked, among, made, strict=True):
            chosen = np.flatnonzero(question.asked[block])
            if not len(chosen):
                continue
            places = chosen + block.start
            if not len(candidates.columns):
                results.hits[places], results.precision[places], results.ranks[places] = (
                    0,
                    0,
                    np.inf,
                )
                continue
            some = every[np.ix_(chosen, candidates.columns)]
            truth = candidates.bundle_of(scores.column_of[truths[chosen]])
            _add_ranks(results, places, some, candidates, truth, hit_ks)
            _add_answers(
                results, places, best_bundles(some, max(1, *precision_ks)), candidates, truth,
                [away[int(noun)] for noun in truths[chosen]], precision_ks,
            )  # fmt: skip
    return made


def _add_ranks(
    results: PictureScores,
    places: Ints,
    scores: Floats,
    candidates: Candidates,
    truth: Ints,
    ks: Sequence[int],
) -> None:
    above, ties = mean_ranks(scores, candidates.sizes, truth)
    results.hits[places] = hits(above, ties, ks)
    results.ranks[places] = above + (ties + 1) / 2


def _add_answers(
    results: PictureScores,
    places: Ints,
    best: Ints,
    candidates: Candidates,
    truth: Ints,
    away: Sequence[Steps],
    ks: Sequence[int],
) -> None:
    """Add precision and the first answers; ``away`` are distances from each picture's noun."""
    radii: dict[int, list[int]] = {}  # by identity, since pictures of a noun share its distances
    for place, bundles, right, steps in zip(places, best, truth, away, strict=True):
        if id(steps) not in radii:
            radii[id(steps)] = correct_radii(steps, candidates.nodes, ks)
        results.precision[place] = hierarchical_precision(
            bundles, candidates, steps, ks, radii[id(steps)]
        )
        members = candidates.members(bundles[0])
        results.best[place] = members[0]
        if bundles[0] != right:
            results.steps[place] = float(np.mean(steps[members]))
