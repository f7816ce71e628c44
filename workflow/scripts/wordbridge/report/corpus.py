"""Tables about the corpus and its word vectors: lengths, rejected pairs, leakage, coverage."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, combinations
from pathlib import Path

import numpy as np
import pandas as pd

from wordbridge.corpus.pairs import REPORT_COLUMNS, SPLITS, TokenizedPair
from wordbridge.corpus.splits import match_key
from wordbridge.errors import InputError, shorten
from wordbridge.files import read_tsv
from wordbridge.report.tables import Column, Table, read_frame
from wordbridge.vectors.protocol import WordVectors

LANGUAGES = {"fr": "French", "en": "English"}
PERCENTILES = (90, 97, 99)  # those of the lesson
TRAINED_ON = {"train", "auxiliary"}  # pairs of these two may be alike
LEAKS = ("exact", "normalised", "english_only", "french_only", "group")
# The lesson compares these: the vectors hardly depend on case, unlike words differ.
WORD_PAIRS = (("jeremy", "Jeremy"), ("banana", "Jeremy"))
_REMEDY = "make the report again"


def lengths_table(pairs: Sequence[TokenizedPair]) -> Table:
    """Return the table of tokens, types and lengths of each language and split."""
    columns = {
        "language": Column("Language"),
        "split": Column("Split"),
        "pairs": Column("Pairs", 0),
        "tokens": Column("Tokens", 0),
        "types": Column("Types", 0, note="distinct tokens"),
        "once": Column("Seen once", 0, note="types that occur only once in the split"),
        "mean": Column("Mean length", 2),
        "p90": Column("90th percentile", 0),
        "p97": Column("97th", 0),
        "p99": Column("99th", 0),
        "max": Column("Maximum", 0),
    }
    caption = "Tokens, types and lengths of each split. Lengths are in tokens."
    return Table(describe(pairs), caption, columns, group=True)


def describe(pairs: Sequence[TokenizedPair]) -> pd.DataFrame:
    """Return a row of counts for each language and split, and for all splits together.

    Columns: language, split, pairs, tokens, types, once (types that occur once), and mean, p90,
    p97, p99 and max of the lengths in tokens, without the end of sequence.
    """
    splits = [name for name in SPLITS if any(pair.split == name for pair in pairs)]
    rows = []
    for language in LANGUAGES:
        for split in [*splits, "all"]:
            texts = [
                pair.fr_tokens if language == "fr" else pair.en_tokens
                for pair in pairs
                if split in (pair.split, "all")
            ]
            rows.append({"language": language, "split": split, **_statistics(texts)})
    return pd.DataFrame(rows)


def _statistics(texts: Sequence[Sequence[str]]) -> dict[str, float]:
    lengths = np.array([len(tokens) for tokens in texts])
    counts = Counter(chain.from_iterable(texts))
    return {
        "pairs": len(texts),
        "tokens": int(lengths.sum()),
        "types": len(counts),
        "once": sum(count == 1 for count in counts.values()),
        "mean": round(float(lengths.mean()), 2) if len(lengths) else 0.0,
        **{f"p{p}": int(np.percentile(lengths, p)) if len(lengths) else 0 for p in PERCENTILES},
        "max": int(lengths.max(initial=0)),
    }


def rejections_table(reports: Iterable[str | Path]) -> Table:
    """Return the table of pairs that each step kept and rejected, from the steps' reports.

    The name of a step is that of its file, x for x.report.tsv, or of the folder for x/report.tsv.
    Raises InputError when a file cannot be read or is not a report of counts.
    """
    rows: list[tuple[str, str, int]] = []
    for path in map(Path, reports):
        step = path.parent.name if path.stem == "report" else path.stem.removesuffix(".report")
        counts = read_tsv(path, REPORT_COLUMNS, _count, _REMEDY)
        rows.extend((step, reason, count) for reason, count in counts)
    columns = {"step": Column("Step"), "reason": Column("Reason"), "count": Column("Pairs", 0)}
    frame = pd.DataFrame(rows, columns=list(columns))
    return Table(frame, "Pairs that each step read, rejected and kept.", columns, group=True)


def _count(reason: str, count: str) -> tuple[str, int]:
    if not count.isdecimal():
        raise InputError(f"expected a number as count, got {shorten(count)!r}; {_REMEDY}")
    return reason, int(count)


def leakage_table(pairs: Sequence[TokenizedPair]) -> Table:
    """Return the table of pairs that have a like pair in another split."""
    columns = {
        "split": Column("Split"),
        "other": Column("Other split"),
        "pairs": Column("Pairs", 0),
        "exact": Column("Exact", 0, note="same texts"),
        "normalised": Column("Normalised", 0, note="same up to case, punctuation and spaces"),
        "english_only": Column("English only", 0),
        "french_only": Column("French only", 0),
        "group": Column("Group", 0, note="another version of the same verse"),
    }
    caption = (
        "Leak audit: number of pairs of a split with a like pair in another split. "
        "With the grouped split every count is 0."
    )
    return Table(audit(pairs), caption, columns)


def audit(pairs: Sequence[TokenizedPair]) -> pd.DataFrame:
    """Return how many pairs of a split have a like pair in another, a row for each two splits.

    Columns: split, other, pairs (of ``split``), then how many of these have in ``other``
    exact: a pair with the same texts; normalised: one with the same texts up to case,
    punctuation and spaces (exact ones included); english_only and french_only: no such pair,
    but its English, its French; group: a pair of the same group.
    """
    frame = pd.DataFrame(
        [
            (pair.split, pair.group, pair.fr, pair.en, match_key(pair.fr), match_key(pair.en))
            for pair in pairs
        ],
        columns=["split", "group", "fr", "en", "fr_key", "en_key"],
    )
    splits = [name for name in SPLITS if (frame["split"] == name).any()]
    rows = [
        {"split": split, "other": other, **_leakage(frame, split, other)}
        for other, split in combinations(splits, 2)
        if not TRAINED_ON.issuperset((split, other))
    ]
    return pd.DataFrame(rows, columns=["split", "other", "pairs", *LEAKS])


def _leakage(frame: pd.DataFrame, split: str, other: str) -> dict[str, int]:
    pairs, other_pairs = frame[frame["split"] == split], frame[frame["split"] == other]

    def in_other(*columns: str) -> "pd.Series[bool]":
        keys = set(zip(*(other_pairs[column] for column in columns), strict=True))
        rows = zip(*(pairs[column] for column in columns), strict=True)
        return pd.Series([row in keys for row in rows], index=pairs.index, dtype=bool)

    normalised = in_other("fr_key", "en_key")
    leaks = {
        "exact": in_other("fr", "en"),
        "normalised": normalised,
        "english_only": in_other("en_key") & ~normalised,
        "french_only": in_other("fr_key") & ~normalised,
        "group": in_other("group"),
    }
    return {"pairs": len(pairs), **{kind: int(leak.sum()) for kind, leak in leaks.items()}}


def coverage_table(reports: Mapping[str, str | Path]) -> Table:
    """Return the table of the coverage reports (TSV files) of all languages."""
    frames = []
    for language, path in reports.items():
        frame = read_frame(path, "build the embeddings again")
        frame.insert(0, "language", LANGUAGES[language])
        frames.append(frame)
    columns = {
        "language": Column("Language"),
        "step": Column("Found by"),
        "types": Column("Words", 0),
        "type_share": Column("Words, %", 1, scale=100),
        "tokens": Column("Tokens", 0),
        "token_share": Column("Tokens, %", 1, scale=100),
        "examples": Column("Most frequent"),
    }
    caption = (
        "Words of the vocabularies with a word vector, by the step that found it. Tokens are "
        "occurrences of these words in the texts that the vocabularies are counted in. Words "
        "below the limits of the vocabulary, and their tokens, are in no row and no percentage."
    )
    return Table(pd.concat(frames, ignore_index=True), caption, columns, group=True)


# fastText's wiki.en, from notes on the lesson.
PUBLISHED = {
    "words": 2_519_370, "dim": 300, "sampled": 2_519_370, "mean": 0.0076, "std": 0.2928,
    "jeremy_Jeremy": 0.60866, "banana_Jeremy": 0.14482,
}  # fmt: skip


def vectors_table(statistics: Mapping[str, Mapping[str, object]], published: bool = False) -> Table:
    """Return the table of the vectors of each language, from its kind and ``vector_statistics``.

    ``published`` adds the lesson's figures below the row of English.
    """
    columns = {
        "language": Column("Language"),
        "run": Column("Run", note="this run, or notes on the 2018 lesson (fastText's wiki.en)"),
        "kind": Column("Kind"),
        "words": Column("Words", 0, note="words with a vector"),
        "dim": Column("Dimensions", 0),
        "sampled": Column("Sampled", 0, note="words that mean and std are over: the vocabulary"),
        "mean": Column("Mean", 4),
        "std": Column("Std", 4, note="standard deviation of all numbers"),
        "jeremy_Jeremy": Column("jeremy, Jeremy", 3, note="correlation of the two words' vectors"),
        "banana_Jeremy": Column("banana, Jeremy", 3),
    }
    rows: list[dict[str, object]] = []
    for language, row in statistics.items():
        rows.append({"language": LANGUAGES[language], "run": "here", **row})
        if published and language == "en":
            rows.append({"language": "English", "run": "notes", "kind": "fasttext", **PUBLISHED})
    frame = pd.DataFrame(rows, columns=list(columns))
    return Table(frame, "Word vectors before the embeddings scale them.", columns, group=True)


def vector_statistics(
    vectors: WordVectors, words: Sequence[str], pairs: Sequence[tuple[str, str]] = ()
) -> dict[str, float]:
    """Return the statistics of word vectors that the lesson has.

    Keys: words (with a vector), dim, sampled (of ``words``, with a vector), mean and std over all
    numbers of their vectors (NaN without any), and for each of ``pairs``, as "a_b", Pearson's
    correlation of the two vectors (NaN if a word has none).
    """
    matrix, has_vector = vectors.lookup([*words, *chain.from_iterable(pairs)])
    sampled = int(has_vector[: len(words)].sum())
    numbers = matrix[:sampled].astype(np.float64)
    vector_of = dict(zip(np.flatnonzero(has_vector).tolist(), matrix, strict=True))
    statistics = {
        "words": vectors.size,
        "dim": vectors.dim,
        "sampled": sampled,
        "mean": float(numbers.mean()) if sampled else np.nan,
        "std": float(numbers.std()) if sampled else np.nan,
    }
    for number, pair in enumerate(pairs):
        first = len(words) + 2 * number
        both = [vector_of[row] for row in (first, first + 1) if row in vector_of]
        correlation = float(np.corrcoef(both)[0, 1]) if len(both) == 2 else np.nan
        statistics["_".join(pair)] = correlation
    return statistics
