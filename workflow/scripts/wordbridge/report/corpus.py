"""Tables about the corpus and its word vectors: lengths, rejected pairs, leakage, coverage."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, combinations, compress, product
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wordbridge.arrays import l2_normalize
from wordbridge.corpus.pairs import REPORT_COLUMNS, TokenizedPair
from wordbridge.corpus.splits import match_key
from wordbridge.files import read_tsv
from wordbridge.report.tables import Column, Table, read_frame
from wordbridge.vectors.protocol import WordVectors

LANGUAGES = {"fr": "French", "en": "English"}
PERCENTILES = (90, 97, 99)  # those of the lesson
SPLITS = ("train", "auxiliary", "valid", "test")  # in the order of the tables
TRAINED_ON = {"train", "auxiliary"}  # these two may share texts
# Pairs from the lesson: spellings of one word have similar vectors, unrelated words do not.
WORD_PAIRS = {"fr": (), "en": (("jeremy", "Jeremy"), ("banana", "Jeremy"))}
NEIGHBORS = 4  # nearest words of the example


def lengths_table(pairs: Sequence[TokenizedPair]) -> Table:
    """Return the table of tokens, types and lengths of each language and split.

    The last row of each language is for all splits together. Lengths are in tokens, without the
    end of sequence.
    """
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
    splits = [name for name in SPLITS if any(pair.split == name for pair in pairs)]
    rows = []
    for language, split in product(LANGUAGES, [*splits, "all"]):
        texts = [
            getattr(pair, f"{language}_tokens") for pair in pairs if split in (pair.split, "all")
        ]
        rows.append({"language": language, "split": split, **_statistics(texts)})
    caption = "Tokens, types and lengths of each split. Lengths are in tokens."
    return Table(pd.DataFrame(rows), caption, columns, group=True)


def _statistics(texts: Sequence[Sequence[str]]) -> dict[str, float]:
    lengths = np.array([len(tokens) for tokens in texts] or [0])
    counts = Counter(chain.from_iterable(texts))
    return {
        "pairs": len(texts),
        "tokens": counts.total(),
        "types": len(counts),
        "once": sum(count == 1 for count in counts.values()),
        "mean": round(float(lengths.mean()), 2),
        **{f"p{p}": int(np.percentile(lengths, p)) for p in PERCENTILES},
        "max": int(lengths.max()),
    }


def rejections_table(reports: Iterable[str | Path]) -> Table:
    """Return the table of pairs that each step kept and rejected, from the steps' reports.

    The name of a step is that of its file, x for x.report.tsv, or of the folder for x/report.tsv.
    Raises InputError for a file that is not a report of counts.
    """
    rows: list[tuple[str, str, int]] = []
    remedy = "make the report again"
    for path in map(Path, reports):
        step = path.parent.name if path.stem == "report" else path.stem.removesuffix(".report")
        counts = read_tsv(path, REPORT_COLUMNS, lambda *row: (row[0], int(row[1])), remedy)
        rows.extend((step, *count) for count in counts)
    columns = {"step": Column("Step"), "reason": Column("Reason"), "count": Column("Pairs", 0)}
    frame = pd.DataFrame(rows, columns=list(columns))
    return Table(frame, "Pairs that each step read, rejected and kept.", columns, group=True)


def leakage_table(pairs: Sequence[TokenizedPair]) -> Table:
    """Return the table of the pairs of a split that leak into another, a row for each two splits.

    The train and auxiliary splits may share texts and are not compared with each other.
    """
    columns = {
        "split": Column("Split"),
        "other": Column("Other split"),
        "pairs": Column("Pairs", 0),
        "exact": Column("Exact", 0, note="same texts"),
        "normalised": Column("Normalised", 0, note="same up to case, punctuation and spaces"),
        "english_only": Column(
            "English only", 0, note="normalised text is the same in one language only"
        ),
        "french_only": Column("French only", 0),
        "group": Column("Group", 0, note="another version of the same verse"),
    }
    frame = pd.DataFrame(pairs, columns=TokenizedPair._fields)
    keys = {f"{language}_key": frame[language].map(match_key) for language in LANGUAGES}
    splits = dict(iter(frame.assign(**keys).groupby("split")))
    rows = [
        (split, other, len(splits[split]), *_leakage(splits[split], splits[other]))
        for other, split in combinations([name for name in SPLITS if name in splits], 2)
        if {split, other} != TRAINED_ON
    ]
    caption = (
        "Leakage: pairs of a split whose texts also occur in another split. With the grouped "
        "split all counts are 0."
    )
    return Table(pd.DataFrame(rows, columns=list(columns)), caption, columns)


def _leakage(pairs: pd.DataFrame, other: pd.DataFrame) -> list[int]:
    """Return the numbers of ``pairs`` with a match in ``other``.

    In this order: exact, a pair with the same texts; normalised, one with the same texts up to
    case, punctuation and spaces (includes exact); English only and French only, not a pair but its
    English or its French; group, a pair of the same group.
    """

    def in_other(*columns: str) -> NDArray[np.bool_]:
        rows = pd.MultiIndex.from_frame(pairs[[*columns]])
        return rows.isin(pd.MultiIndex.from_frame(other[[*columns]]))  # type: ignore[no-any-return]

    normalised = in_other("fr_key", "en_key")
    english, french = in_other("en_key") & ~normalised, in_other("fr_key") & ~normalised
    leaks = in_other("fr", "en"), normalised, english, french, in_other("group")
    return [int(leak.sum()) for leak in leaks]


def coverage_table(reports: Mapping[str, str | Path]) -> Table:
    """Return the table of the coverage reports (TSV files) of all languages."""
    frames = {
        LANGUAGES[language]: read_frame(path, "build the embeddings again")
        for language, path in reports.items()
    }
    frame = pd.concat(frames, names=["language"]).reset_index("language")
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
        "Words of the vocabularies with a word vector, by the step that finds it, and their "
        "occurrences (tokens). Words outside the vocabulary do not count."
    )
    return Table(frame, caption, columns, group=True)


# Statistics of fastText's wiki.en, from notes on the lesson.
PUBLISHED = {
    "words": 2_519_370, "dim": 300, "sampled": 2_519_370, "mean": 0.0076, "std": 0.2928,
    "jeremy_Jeremy": 0.60866, "banana_Jeremy": 0.14482,
}  # fmt: skip


def vectors_table(statistics: Iterable[Mapping[str, object]], published: bool = False) -> Table:
    """Return the table of word vectors, from rows of language, kind and ``vector_statistics``.

    ``published`` adds the statistics of the lesson's English vectors.
    """
    columns = {
        "language": Column("Language"),
        "run": Column("Run", note="this run, or notes on the 2018 lesson (fastText's wiki.en)"),
        "kind": Column("Kind", note="trained: by fastText, on the train and auxiliary splits"),
        "words": Column("Words", 0, note="words with a vector"),
        "dim": Column("Dimensions", 0),
        "sampled": Column(
            "Sampled", 0, note="words of the vocabulary from which mean and std are computed"
        ),
        "mean": Column("Mean", 4),
        "std": Column("Std", 4, note="standard deviation of all components"),
        "jeremy_Jeremy": Column("jeremy, Jeremy", 3, note="correlation of the two words' vectors"),
        "banana_Jeremy": Column("banana, Jeremy", 3),
        "neighbors": Column(
            "Nearest words",
            note="by cosine in the vocabulary, to its first word of five letters or more",
        ),
    }
    rows = [
        {**row, "language": LANGUAGES[str(row["language"])], "run": "here"} for row in statistics
    ]
    if published:
        rows.append({"language": "English", "run": "notes", "kind": "fasttext", **PUBLISHED})
    frame = pd.DataFrame(rows, columns=list(columns))
    caption = "Statistics of the word vectors, before the embeddings are scaled."
    return Table(frame, caption, columns, group=True)


def vector_statistics(
    vectors: WordVectors, words: Sequence[str], pairs: Sequence[tuple[str, str]] = ()
) -> dict[str, object]:
    """Return the statistics of word vectors that the lesson prints, and an example.

    Keys: words (number of all vectors), dim, sampled (number of ``words`` with a vector), mean and
    std over all components of the sampled vectors (NaN without any), a key "a_b" for each of
    ``pairs`` with Pearson's correlation of the two vectors (NaN if a word has no vector), and
    neighbors, the result of ``nearest_words``.
    """
    lookups = [*words, *chain.from_iterable(pairs)]
    matrix, has_vector = vectors.lookup(lookups)  # at once, since some files are read completely
    sample = list(compress(words, has_vector))
    components = matrix[: len(sample)].astype(np.float64)
    vector_of = dict(zip(compress(lookups, has_vector), matrix, strict=True))
    correlations = {
        f"{one}_{other}": float(np.corrcoef(vector_of[one], vector_of[other])[0, 1])
        if vector_of.keys() >= {one, other}
        else np.nan
        for one, other in pairs
    }
    return {
        "words": vectors.size,
        "dim": vectors.dim,
        "sampled": len(sample),
        "mean": float(components.mean()) if sample else np.nan,
        "std": float(components.std()) if sample else np.nan,
        **correlations,
        "neighbors": nearest_words(sample, matrix[: len(sample)]),
    }


def nearest_words(words: Sequence[str], matrix: NDArray[np.float32]) -> str:
    """Return "word: nearest words" for the first word of at least five letters; "" without one.

    ``matrix`` has the vectors of ``words`` (words, dim). Similarity is the cosine.
    """
    row = next((n for n, word in enumerate(words) if len(word) >= 5 and word.isalpha()), None)
    if row is None:
        return ""
    unit = l2_normalize(matrix)
    similarity = unit @ unit[row]
    similarity[row] = -np.inf
    nearest = np.argsort(-similarity, kind="stable")[: min(NEIGHBORS, len(words) - 1)]
    return f"{words[row]}: {', '.join(words[n] for n in nearest)}"
