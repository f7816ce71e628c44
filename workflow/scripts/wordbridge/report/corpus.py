"""The tables about the corpus as they are shown.

The leak audit as it is shown.

An audit of what the splits know of each other.

Tables about the corpus.

How much of the vocabularies, and of the text that is of their words, has a word vector.

What word vectors are like: how many there are, how their numbers are spread, what is alike.

The table of what the word vectors are like, beside what the lesson printed of its own.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from pathlib import Path

import numpy as np
import pandas as pd

from wordbridge.corpus.pairs import REPORT_COLUMNS, SPLITS, TokenizedPair
from wordbridge.corpus.splits import match_key
from wordbridge.errors import InputError, shorten
from wordbridge.files import read_tsv
from wordbridge.report.tables import Column, read_frame
from wordbridge.vectors.protocol import WordVectors

LENGTHS_CAPTION = "Tokens, words and lengths of each split; lengths in tokens."

LENGTHS_COLUMNS = {
    "language": Column("Language"),
    "split": Column("Split"),
    "pairs": Column("Pairs", 0),
    "tokens": Column("Tokens", 0),
    "types": Column("Types", 0, note="different tokens"),
    "once": Column("Seen once", 0, note="types that stand only once in the split"),
    "mean": Column("Mean length", 2),
    "p90": Column("90th percentile", 0),
    "p97": Column("97th", 0),
    "p99": Column("99th", 0),
    "longest": Column("Longest", 0),
}

PAIRS_CAPTION = "Pairs read, rejected and kept, step by step."

PAIRS_COLUMNS = {"step": Column("Step"), "reason": Column("Reason"), "count": Column("Pairs", 0)}


CAPTION = (
    "Leak audit: how many pairs of a split have a like pair in another split. "
    "With the grouped split every count is 0."
)

COLUMNS = {
    "split": Column("Split"),
    "other": Column("Other split"),
    "pairs": Column("Pairs", 0),
    "exact": Column("Exact", 0, note="the same texts"),
    "normalised": Column("Normalised", 0, note="up to case, punctuation and spaces"),
    "english_only": Column("English only", 0),
    "french_only": Column("French only", 0),
    "group": Column("Group", 0, note="another version of the same verse"),
}


LEARNED = {"train", "auxiliary"}  # what is learned from may be alike

_KINDS = ("exact", "normalised", "english_only", "french_only", "group")


def audit(split: Sequence[TokenizedPair]) -> pd.DataFrame:
    """Return how many pairs of a split have a like pair in another, a row for each two splits.

    Columns: split, other, pairs (of ``split``), then how many of these have in ``other``
    exact: a pair with the same texts; normalised: one with the same texts up to case,
    punctuation and spaces (exact ones included); english_only and french_only: no such pair,
    but its English, its French; group: a pair of the same group.
    """
    columns = ["split", "group", "fr", "en"]
    pairs = pd.DataFrame(
        [[getattr(pair, column) for column in columns] for pair in split], columns=columns
    )
    pairs["fr_key"] = [match_key(pair.fr) for pair in split]
    pairs["en_key"] = [match_key(pair.en) for pair in split]
    present = [split for split in SPLITS if (pairs["split"] == split).any()]
    rows = [
        {"split": split, "other": other, **_leaks(pairs, split, other)}
        for other, split in combinations(present, 2)
        if not LEARNED.issuperset((split, other))
    ]
    return pd.DataFrame(rows, columns=["split", "other", "pairs", *_KINDS])


def _leaks(pairs: pd.DataFrame, split: str, other: str) -> dict[str, int]:
    of_split, of_other = pairs[pairs["split"] == split], pairs[pairs["split"] == other]

    def seen(*columns: str) -> "pd.Series[bool]":
        known = set(zip(*(of_other[column] for column in columns), strict=True))
        keys = zip(*(of_split[column] for column in columns), strict=True)
        return pd.Series([key in known for key in keys], index=of_split.index, dtype=bool)

    normalised = seen("fr_key", "en_key")
    kinds = {
        "exact": seen("fr", "en"),
        "normalised": normalised,
        "english_only": seen("en_key") & ~normalised,
        "french_only": seen("fr_key") & ~normalised,
        "group": seen("group"),
    }
    return {"pairs": len(of_split), **{kind: int(leak.sum()) for kind, leak in kinds.items()}}


PERCENTILES = (90, 97, 99)  # those that the lesson looks at
_REMEDY = "make the report again"


def read_reports(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Return what each step kept and rejected: columns step, reason, count.

    A step's name is that of its file, x for x.report.tsv, or of the folder for x/report.tsv.
    Raises InputError when a file cannot be read or is no report of counts.
    """
    rows: list[tuple[str, str, int]] = []
    for path in map(Path, paths):
        step = path.parent.name if path.stem == "report" else path.stem.removesuffix(".report")
        counts = read_tsv(path, REPORT_COLUMNS, _count, _REMEDY)
        rows.extend((step, reason, count) for reason, count in counts)
    return pd.DataFrame(rows, columns=["step", "reason", "count"])


def describe(pairs: Sequence[TokenizedPair]) -> pd.DataFrame:
    """Return a row of figures for each language and split, and for all splits together.

    Columns: language, split, pairs, tokens, types, once (types seen once), mean, p90, p97, p99
    and longest. The last five are lengths in tokens, without the end of sequence.
    """
    present = [split for split in SPLITS if any(pair.split == split for pair in pairs)]
    rows = []
    for language in ("fr", "en"):
        for split in [*present, "all"]:
            texts = [
                pair.fr_tokens if language == "fr" else pair.en_tokens
                for pair in pairs
                if split in (pair.split, "all")
            ]
            rows.append({"language": language, "split": split, **_figures(texts)})
    return pd.DataFrame(rows)


def _count(reason: str, count: str) -> tuple[str, int]:
    if not count.isdecimal():
        raise InputError(f"expected a number as count, got {shorten(count)!r}; {_REMEDY}")
    return reason, int(count)


def _figures(texts: Sequence[Sequence[str]]) -> dict[str, float]:
    lengths = np.array([len(tokens) for tokens in texts])
    counts = Counter(chain.from_iterable(texts))
    return {
        "pairs": len(texts),
        "tokens": int(lengths.sum()),
        "types": len(counts),
        "once": sum(count == 1 for count in counts.values()),
        "mean": round(float(lengths.mean()), 2) if len(lengths) else 0.0,
        **{f"p{p}": int(np.percentile(lengths, p)) if len(lengths) else 0 for p in PERCENTILES},
        "longest": int(lengths.max(initial=0)),
    }


CAPTION_COVERAGE_TABLE = (
    "Words of the vocabularies with a word vector, by the step that found it. Tokens are how often "
    "these words stand in the text that the vocabularies are counted in: the train split and the "
    "auxiliary text (with vocabulary.from_split: all, every split). Words that vocabulary.size and "
    "vocabulary.min_count leave out, and their tokens, are in no row and no share."
)

COLUMNS_COVERAGE_TABLE = {
    "language": Column("Language"),
    "step": Column("Found by"),
    "types": Column("Words", 0),
    "type_share": Column("Words, %", 1, scale=100),
    "tokens": Column("Tokens", 0),
    "token_share": Column("Tokens, %", 1, scale=100),
    "examples": Column("Most frequent"),
}


def tabulate_coverage(reports: Mapping[str, str | Path]) -> pd.DataFrame:
    """Return the coverage reports (TSV files) of all languages below each other."""
    frames = []
    for language, path in reports.items():
        frame = read_frame(path, "build the embeddings again")
        frame.insert(0, "language", language)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


@dataclass(frozen=True)
class Description:
    """Figures of word vectors, as the lesson printed them of its own.

    ``size`` words have a vector of ``dim`` numbers. ``measured`` of the words asked for are among
    them; ``mean`` and ``deviation`` are those of all the numbers of these (NaN without any).
    ``correlations`` are Pearson's, of two words each, NaN where one has no vector.
    """

    size: int
    dim: int
    measured: int
    mean: float
    deviation: float
    correlations: tuple[float, ...]


def describe_vectors(
    vectors: WordVectors, words: Sequence[str], pairs: Sequence[tuple[str, str]] = ()
) -> Description:
    """Return the figures of ``vectors``: the spread of ``words``, the correlation of ``pairs``."""
    asked = [*words, *(word for pair in pairs for word in pair)]
    found, known = vectors.lookup(asked)
    measured = int(known[: len(words)].sum())
    numbers = found[:measured].astype(np.float64)
    rows = dict(zip(np.flatnonzero(known).tolist(), found, strict=True))
    places = range(len(words), len(asked), 2)
    return Description(
        size=vectors.size,
        dim=vectors.dim,
        measured=measured,
        mean=float(numbers.mean()) if measured else np.nan,
        deviation=float(numbers.std()) if measured else np.nan,
        correlations=tuple(
            float(np.corrcoef(rows[place], rows[place + 1])[0, 1])
            if place in rows and place + 1 in rows
            else np.nan
            for place in places
        ),
    )


CAPTION_VECTOR_TABLE = "Word vectors as they come, before the embeddings scale them."
# The lesson asks its English vectors whether case matters little and unlike words differ much.
PAIRS = (("jeremy", "Jeremy"), ("banana", "Jeremy"))

COLUMNS_VECTOR_TABLE = {
    "language": Column("Language"),
    "run": Column(
        "Run", note="here, or what notes on the 2018 lesson printed (fastText's wiki.en)"
    ),
    "kind": Column("Kind"),
    "words": Column("Words", 0, note="words with a vector"),
    "dim": Column("Numbers", 0, note="numbers in each vector"),
    "measured": Column(
        "Measured", 0, note="words that mean and deviation are of: here those of the vocabulary"
    ),
    "mean": Column("Mean", 4),
    "std": Column("Deviation", 4, note="standard deviation of all numbers"),
    "jeremy_Jeremy": Column("jeremy, Jeremy", 3, note="correlation of the two words' vectors"),
    "banana_Jeremy": Column("banana, Jeremy", 3),
}
PUBLISHED = Description(
    size=2_519_370,
    dim=300,
    measured=2_519_370,
    mean=0.0076,
    deviation=0.2928,
    correlations=(0.60866, 0.14482),
)


def tabulate_vectors(
    described: Mapping[str, tuple[str, Description]], published: bool = False
) -> pd.DataFrame:
    """Return a row for each language's kind and description of vectors.

    ``published`` puts the lesson's figures below the row of English.
    """
    rows = []
    for language, (kind, description) in described.items():
        rows.append(_row(language, "here", kind, description))
        if published and language == "English":
            rows.append(_row(language, "notes", "fasttext", PUBLISHED))
    return pd.DataFrame(rows, columns=list(COLUMNS_VECTOR_TABLE))


def _row(language: str, run: str, kind: str, described: Description) -> dict[str, object]:
    figures = {
        "words": described.size,
        "dim": described.dim,
        "measured": described.measured,
        "mean": described.mean,
        "std": described.deviation,
    }
    pairs = zip(("jeremy_Jeremy", "banana_Jeremy"), described.correlations, strict=False)
    return {"language": language, "run": run, "kind": kind, **figures, **dict(pairs)}
