"""How well words find their pictures (text to image)."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordbridge.devise.noun_scores import Floats, NounScores, blocks
from wordbridge.devise.questions import Group, Labelled
from wordbridge.devise.retrieval import finite_or_none, precision_and_rank

Ints = NDArray[np.int64]


def score_queries(
    scores: NounScores, pictures: Labelled, group: Group, ks: Sequence[int]
) -> dict[str, Any]:
    """Return means over the words that name any picture of ``group``, which is what is searched.

    Keys: pictures, words, precision@k for each of ``ks``, mrr (mean reciprocal rank of the first
    right picture). A word that stands for several nouns of the group is one query, and right is a
    picture of any of them. A noun with fewer than k pictures cannot reach a precision of 1, so
    ``ceiling@k`` is what a perfect ranking would have. A noun that the method cannot name has 0,
    precision among fewer than k pictures is None.
    """
    rows = pictures.rows[group.chosen]
    columns = scores.column_of[pictures.nouns[group.chosen]]
    lost = np.unique(pictures.nouns[group.chosen][columns < 0])
    queries = np.unique(columns[columns >= 0])
    found = [[0.0] * (len(ks) + 1) for _ in lost]
    for block in blocks(len(queries), len(rows)):
        asked = queries[block]
        found += [
            precision_and_rank(line, columns == query, ks)
            for query, line in zip(asked, _transposed(scores, rows, asked), strict=True)
        ]
    sizes = [np.count_nonzero(columns == query) for query in queries]
    sizes += [np.count_nonzero(pictures.nouns[group.chosen] == noun) for noun in lost]
    means = np.mean(found, axis=0)
    return {
        "pictures": len(rows),
        "words": len(found),
        **{f"precision@{k}": finite_or_none(m) for k, m in zip(ks, means[:-1], strict=True)},
        **{f"ceiling@{k}": float(np.mean(np.minimum(sizes, k))) / k for k in ks},
        "mrr": float(means[-1]),
    }


def _transposed(scores: NounScores, rows: Ints, columns: Ints) -> Floats:
    """Return scores (columns, rows), read in blocks of rows."""
    made = np.empty((len(columns), len(rows)), np.float32)
    for block in blocks(len(rows), max(len(columns), scores.predictions.values.shape[1])):
        made[:, block] = scores.scores(rows[block], columns).T
    return made
