"""Which vector each word gets: its own, or one that a fall-back finds.

How much of a vocabulary has vectors, and what is missing.

The matrix that an embedding layer starts from.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from wordbridge.corpus.pairs import escape_token
from wordbridge.corpus.special_tokens import PAD, SPECIALS
from wordbridge.errors import InputError
from wordbridge.files import format_value, write_tsv
from wordbridge.vectors.fallbacks import FALLBACKS, SUBWORDS, Form, check_fallbacks, forms
from wordbridge.vectors.protocol import Mask, Matrix, SubwordVectors, WordVectors

EXACT, MISSING = "exact", "missing"  # the steps before and after the fall-backs


@dataclass(frozen=True, eq=False)
class Resolution:
    """The vectors of words, and by which step and spelling each was found.

    ``matrix`` is (words, dim), zeros for the missing. ``spellings`` are what was looked up:
    words with a space between, "" for what is missing or made of subwords.
    """

    matrix: Matrix
    steps: tuple[str, ...]
    spellings: tuple[str, ...]


def resolve(
    words: Sequence[str], vectors: WordVectors, fallbacks: Sequence[str] = ()
) -> Resolution:
    """Return the vector of each word: exact, else that of the first fall-back that has one.

    Raises InputError for a fall-back that does not exist or is named twice.
    """
    check_fallbacks(fallbacks)
    found, known = vectors.lookup(words)
    matrix = np.zeros((len(words), vectors.dim), np.float32)
    matrix[known] = found
    steps = [EXACT if is_known else MISSING for is_known in known]
    spellings = [word if is_known else "" for word, is_known in zip(words, known, strict=True)]
    lost = [place for place, is_known in enumerate(known) if not is_known]
    others = _Others([words[place] for place in lost], vectors, fallbacks)
    for place in lost:
        for fallback, spelling, vector in others.of(words[place]):
            matrix[place], steps[place], spellings[place] = vector, fallback, spelling
            break
    return Resolution(matrix, tuple(steps), tuple(spellings))


class _Others:
    """The vectors of all forms of all lost words, looked up at once: a lookup may read a file."""

    def __init__(self, lost: Sequence[str], vectors: WordVectors, fallbacks: Sequence[str]) -> None:
        self._fallbacks = fallbacks
        asked = sorted({part for word in lost for _, form in self._forms(word) for part in form})
        self._table = _table(asked, *vectors.lookup(asked)) if asked else {}
        self._composed: dict[str, Matrix] = {}
        if SUBWORDS in fallbacks and lost and isinstance(vectors, SubwordVectors):
            self._composed = _table(lost, *vectors.compose(lost))

    def of(self, word: str) -> Iterator[tuple[str, str, Matrix]]:
        """Yield fall-back, spelling and vector of each form of ``word`` that has a vector."""
        for fallback, form in self._forms(word):
            if fallback == SUBWORDS and word in self._composed:
                yield fallback, "", self._composed[word]
            if form and all(part in self._table for part in form):
                parts = [self._table[part] for part in form]
                yield fallback, " ".join(form), np.mean(parts, axis=0, dtype=np.float32)

    def _forms(self, word: str) -> Iterator[tuple[str, Form]]:
        for fallback in self._fallbacks:
            if fallback == SUBWORDS:
                yield fallback, ()
            for form in forms(word, fallback):
                yield fallback, form


def _table(words: Sequence[str], matrix: Matrix, known: Mask) -> dict[str, Matrix]:
    rows = iter(matrix)
    return {word: next(rows) for word, is_known in zip(words, known, strict=True) if is_known}


_EXAMPLES = 8
_ALL = "all"


@dataclass(frozen=True, eq=False)
class Coverage:
    """Two tables.

    ``report``, by step (exact, each fall-back, missing, all): how many words of the
    vocabulary, which share of them, how many of the corpus's tokens, which share of them,
    the most frequent examples. ``misses``: every word without vector, its count, its share of
    the tokens; the most frequent first.
    """

    report: pd.DataFrame
    misses: pd.DataFrame


def coverage(
    words: Sequence[str], counts: Sequence[int], resolution: Resolution, fallbacks: Sequence[str]
) -> Coverage:
    """Return the coverage of ``words``, which stand ``counts`` times in the corpus."""
    found = pd.DataFrame(
        {
            "token": list(words),
            "count": list(counts),
            "step": list(resolution.steps),
            "spelling": list(resolution.spellings),
        }
    )
    found = found.sort_values(["count", "token"], ascending=[False, True], kind="stable")
    tokens = max(int(found["count"].sum()), 1)
    steps = [EXACT, *fallbacks, MISSING, _ALL]
    rows = [_row(step, found if step == _ALL else found[found["step"] == step]) for step in steps]
    report = pd.DataFrame(rows)
    report.insert(2, "type_share", report["types"] / max(len(found), 1))
    report.insert(4, "token_share", report["tokens"] / tokens)
    misses = found.loc[found["step"] == MISSING, ["token", "count"]].reset_index(drop=True)
    misses["token_share"] = misses["count"] / tokens
    return Coverage(report, misses)


def write_coverage(coverage: Coverage, report: str | Path, misses: str | Path) -> None:
    """Write the two tables as TSV, tokens escaped."""
    escaped = coverage.misses.assign(token=coverage.misses["token"].map(escape_token))
    for table, path in ((coverage.report, report), (escaped, misses)):
        rows = (map(format_value, row) for row in table.itertuples(index=False))
        write_tsv(path, table.columns, rows)


def _row(step: str, found: pd.DataFrame) -> dict[str, object]:
    shown = found.head(_EXAMPLES) if step != _ALL else found.head(0)
    pairs = zip(shown["token"], shown["spelling"], strict=True)
    return {
        "step": step,
        "types": len(found),
        "tokens": int(found["count"].sum()),
        "examples": " ".join(_example(token, spelling) for token, spelling in pairs),
    }


def _example(token: str, spelling: str) -> str:
    shown = escape_token(token)
    if spelling in ("", token):
        return shown
    return f"{shown}>{'+'.join(map(escape_token, spelling.split(' ')))}"


Scale = Literal["unit"] | float


@dataclass(frozen=True, eq=False)
class Embedding:
    """A matrix (tokens, dim), its coverage, and what the real vectors were multiplied by."""

    matrix: Matrix
    coverage: Coverage
    factor: float


def build_embeddings(
    tokens: Sequence[str],
    counts: Sequence[int],
    vectors: WordVectors,
    *,
    seed: int,
    scale: Scale = "unit",
    fallbacks: Sequence[str] = FALLBACKS,
    specials: int = len(SPECIALS),
) -> Embedding:
    """Return the embedding of a vocabulary: its vectors scaled, random rows for what has none.

    ``counts`` say how often each token stands in the corpus. Scale ``unit`` brings all found
    vectors together to standard deviation 1; a number multiplies them (3.0 in the lesson).
    The first ``specials`` tokens never have a vector; the row of the padding is zero. Random
    rows are standard normal. Raises InputError when a vector is not finite, or a fall-back
    unknown.
    """
    words = tokens[specials:]
    resolution = resolve(words, vectors, fallbacks)
    lost = np.array([step == MISSING for step in resolution.steps], np.bool_)
    factor = _factor(resolution, ~lost, scale)
    matrix = np.zeros((len(tokens), vectors.dim), np.float32)
    matrix[specials:] = resolution.matrix * np.float32(factor)
    for row in (*range(specials), *(specials + np.flatnonzero(lost))):
        if row != PAD or specials <= PAD:
            matrix[row] = random_row(tokens[row], vectors.dim, seed)
    covered = coverage(words, counts[specials:], resolution, fallbacks)
    return Embedding(matrix, covered, factor)


def random_row(token: str, dim: int, seed: int) -> Matrix:
    """Return standard normal numbers (dim) that depend on seed and token alone.

    So a word that is added to a vocabulary changes no other word's row.
    """
    digest = hashlib.blake2b(f"{seed}\t{token}".encode(), digest_size=16).digest()
    generator = np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little")))
    return generator.standard_normal(dim, dtype=np.float32)


def _factor(resolution: Resolution, found: Mask, scale: Scale) -> float:
    """Return what the found vectors are multiplied by."""
    real = resolution.matrix[found]
    if not np.isfinite(real).all():
        place = np.flatnonzero(found)[~np.isfinite(real).all(axis=1)][0]
        raise InputError(
            f"the vector of {resolution.spellings[place]!r} holds NaN or infinity: expected finite "
            "numbers; fetch the vectors again"
        )
    if scale != "unit":
        return float(scale)
    deviation = float(real.std(dtype=np.float64)) if real.size else 0.0
    return 1 / deviation if deviation else 1.0
