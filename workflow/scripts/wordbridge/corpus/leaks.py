"""An audit of what the parts of a split know of each other."""

from collections.abc import Sequence
from itertools import combinations

import pandas as pd

from wordbridge.corpus.fingerprint import fingerprint
from wordbridge.corpus.tokenized import TABLED_PARTS, TokenizedPair

LEARNED = {"train", "auxiliary"}  # what is learned from may be alike

_KINDS = ("exact", "normalised", "english_only", "french_only", "group")


def audit(split: Sequence[TokenizedPair]) -> pd.DataFrame:
    """Return how many pairs of a part have a like pair in another, a row for each two parts.

    Columns: part, other, pairs (of ``part``), then how many of these have in ``other``
    exact: a pair with the same texts; normalised: one with the same texts up to case,
    punctuation and spaces (exact ones included); english_only and french_only: no such pair,
    but its English, its French; group: a pair of the same group.
    """
    columns = ["part", "group", "fr", "en"]
    pairs = pd.DataFrame(
        [[getattr(pair, column) for column in columns] for pair in split], columns=columns
    )
    pairs["fr_key"] = [fingerprint(pair.fr) for pair in split]
    pairs["en_key"] = [fingerprint(pair.en) for pair in split]
    present = [part for part in TABLED_PARTS if (pairs["part"] == part).any()]
    rows = [
        {"part": part, "other": other, **_leaks(pairs, part, other)}
        for other, part in combinations(present, 2)
        if not LEARNED.issuperset((part, other))
    ]
    return pd.DataFrame(rows, columns=["part", "other", "pairs", *_KINDS])


def _leaks(pairs: pd.DataFrame, part: str, other: str) -> dict[str, int]:
    of_part, of_other = pairs[pairs["part"] == part], pairs[pairs["part"] == other]

    def seen(*columns: str) -> "pd.Series[bool]":
        known = set(zip(*(of_other[column] for column in columns), strict=True))
        keys = zip(*(of_part[column] for column in columns), strict=True)
        return pd.Series([key in known for key in keys], index=of_part.index, dtype=bool)

    normalised = seen("fr_key", "en_key")
    kinds = {
        "exact": seen("fr", "en"),
        "normalised": normalised,
        "english_only": seen("en_key") & ~normalised,
        "french_only": seen("fr_key") & ~normalised,
        "group": seen("group"),
    }
    return {"pairs": len(of_part), **{kind: int(leak.sum()) for kind, leak in kinds.items()}}
