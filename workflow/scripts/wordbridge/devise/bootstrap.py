"""Resampled scores of image methods: a bootstrap over nouns, whose images are not independent.

All methods have the same nouns in the same order, so that their resamples are paired.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wordbridge.significance import resample_weights

NOUN_SCORES = ["images", "hit@5", "wrong", "wrong_steps"]


def scores_by_noun(records: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return NOUN_SCORES of each method, candidate set and noun: means over the seeds."""
    rows = [{"method": record["method"], **noun} for record in records for noun in record["nouns"]]
    frame = pd.DataFrame(rows, columns=["method", "candidates", "synset", *NOUN_SCORES])
    return frame.groupby(["method", "candidates", "synset"])[NOUN_SCORES].mean()


def scores_by_query(records: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return images and reciprocal rank of each method, split and query: means over the seeds."""
    rows = [
        (record["method"], row["split"], synset, row["images"], rank)
        for record in records
        for row in record["words"]
        if row["set"] == row["kind"] == "all"
        for synset, rank in row["queries"].items()
    ]
    keys = ["method", "split", "synset"]
    return pd.DataFrame(rows, columns=[*keys, "images", "mrr"]).groupby(keys).mean()


def resampled_means(nouns: pd.DataFrame, score: str) -> NDArray[np.float64]:
    """Return the mean of a score over images (1 + resamples,): of all nouns, then of resamples.

    The mean of wrong_steps is over the images whose first noun is wrong, NaN where there are none.
    """
    weights = resample_weights(len(nouns))
    images = nouns["wrong" if score == "wrong_steps" else "images"].to_numpy(float)
    sums: NDArray[np.float64] = weights @ (images * nouns[score].fillna(0).to_numpy(float))
    with np.errstate(invalid="ignore"):
        means: NDArray[np.float64] = sums / (weights @ images)
    return means
