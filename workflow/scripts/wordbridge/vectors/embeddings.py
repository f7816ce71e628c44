"""The matrix from which an embedding layer starts, and how much of the corpus has vectors."""

import hashlib
import sys
from collections.abc import Callable, Sequence
from itertools import compress
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from wordbridge.corpus.special_tokens import PAD, SPECIALS
from wordbridge.errors import InputError
from wordbridge.files import escape_token, format_value, write_tsv
from wordbridge.vectors.fallbacks import SUBWORDS, candidates
from wordbridge.vectors.protocol import Mask, Matrix, SubwordVectors, WordVectors
from wordbridge.vectors.readers import RandomVectors

EXACT, MISSING, ALL = "exact", "missing", "all"  # steps of a coverage besides the fall-backs

_EXAMPLES = 8

Scale = Literal["unit"] | float


class Embedding(NamedTuple):
    """The initial embeddings of a vocabulary, and how much of it and its corpus has vectors.

    ``matrix`` is (tokens, dim). ``report`` has a row per step (exact, each fall-back, missing, all)
    with the number and share of the words and of the corpus's tokens, and the most frequent
    examples. ``misses`` has every word without a vector, its count and its share of the tokens, the
    most frequent first.
    """

    matrix: Matrix
    report: pd.DataFrame
    misses: pd.DataFrame


def build_embeddings(
    tokens: Sequence[str],
    counts: Sequence[int],
    vectors: WordVectors,
    *,
    seed: int,
    scale: Scale,
    fallbacks: Sequence[str],
) -> Embedding:
    """Return the embedding of a vocabulary: scaled vectors, random rows for words without one.

    ``tokens`` are those of a vocabulary, special tokens first, with their ``counts`` in the
    corpus. Scale "unit" scales all vectors together to standard deviation 1; a number multiplies
    them (3.0 in the lesson). Random rows are standard normal, also those of special tokens; the
    row of the padding is zero. Raises InputError when no word is in the table.
    """
    specials = len(SPECIALS)
    words = tokens[specials:]
    result = lookup(words, vectors, fallbacks)
    missing = np.array([step == MISSING for step in result.steps], np.bool_)
    if len(words) and not isinstance(vectors, RandomVectors):
        _check_share(words, result)
    if scale == "unit":
        std = float(result.matrix[~missing].std(dtype=np.float64)) if not missing.all() else 0.0
        scale = 1 / std if std else 1.0
    matrix = np.zeros((len(tokens), vectors.dim), np.float32)
    matrix[specials:] = result.matrix * np.float32(scale)
    for row in (*range(specials), *(specials + np.flatnonzero(missing))):
        if row != PAD:
            matrix[row] = random_row(tokens[row], vectors.dim, seed)
    return Embedding(matrix, *_coverage(words, counts[specials:], result, fallbacks))


def _check_share(words: Sequence[str], result: "Lookup") -> None:
    """Raise InputError if no word is in the table, print a warning if fewer than a tenth are."""
    absent = np.isin(result.steps, (MISSING, SUBWORDS))  # any word has subwords
    number = len(words) - np.count_nonzero(absent)
    examples = " ".join(list(compress(words, absent))[:_EXAMPLES])
    problem = (
        f"expected vectors of the vocabulary, got {number} of {len(words)}, none for {examples}"
    )
    remedy = "check the language of the vectors, their encoding and their capitals"
    if not number:
        raise InputError(f"{problem}; {remedy}")
    if number < len(words) / 10:
        print(f"warning: {problem}; {remedy}", file=sys.stderr)


def random_row(token: str, dim: int, seed: int) -> Matrix:
    """Return standard normal numbers (dim) that depend on seed and token alone."""
    digest = hashlib.blake2b(f"{seed}\t{token}".encode(), digest_size=16).digest()
    generator = np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little")))
    return generator.standard_normal(dim, dtype=np.float32)


class Lookup(NamedTuple):
    """The vectors of words, and the step and spelling that gave each.

    ``matrix`` is (words, dim), zeros for missing words. ``steps`` are "exact", a fall-back or
    "missing". A spelling of several words has spaces between them; it is "" for missing words and
    for those composed of subwords.
    """

    matrix: Matrix
    steps: tuple[str, ...]
    spellings: tuple[str, ...]


def lookup(words: Sequence[str], vectors: WordVectors, fallbacks: Sequence[str]) -> Lookup:
    """Return the vector of each word: its own, else that of the first fall-back with a vector."""
    exact, mask = vectors.lookup(words)
    matrix = np.zeros((len(words), vectors.dim), np.float32)
    matrix[mask] = exact
    steps = [EXACT if is_exact else MISSING for is_exact in mask]
    spellings = [word if is_exact else "" for word, is_exact in zip(words, mask, strict=True)]
    missing = np.flatnonzero(~mask).tolist()
    forms = {  # a fall-back without spellings, such as SUBWORDS, has one empty form
        word: [(step, form) for step in fallbacks for form in candidates(word, step) or [()]]
        for word in (words[row] for row in missing)
    }
    # One lookup for the candidates of all words: it may read a whole file.
    parts = {part for options in forms.values() for _, form in options for part in form}
    spelled = _by_word(sorted(parts), vectors.lookup) if parts else {}
    composed: dict[str, Matrix] = {}
    if SUBWORDS in fallbacks and missing and isinstance(vectors, SubwordVectors):
        composed = _by_word(list(forms), vectors.compose)
    for row in missing:
        for step, form in forms[words[row]]:
            if step == SUBWORDS and words[row] in composed:
                vector = composed[words[row]]
            elif form and spelled.keys() >= set(form):
                vector = np.mean([spelled[part] for part in form], axis=0, dtype=np.float32)
            else:
                continue
            matrix[row], steps[row], spellings[row] = vector, step, " ".join(form)
            break
    return Lookup(matrix, tuple(steps), tuple(spellings))


def _by_word(
    words: Sequence[str], find: Callable[[Sequence[str]], tuple[Matrix, Mask]]
) -> dict[str, Matrix]:
    matrix, mask = find(words)
    return dict(zip(compress(words, mask), matrix, strict=True))


def _coverage(
    words: Sequence[str], counts: Sequence[int], result: Lookup, fallbacks: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    columns = {"token": words, "count": counts, "step": result.steps, "spelling": result.spellings}
    frame = pd.DataFrame({name: list(column) for name, column in columns.items()})
    frame = frame.sort_values(["count", "token"], ascending=[False, True], kind="stable")
    tokens = max(int(frame["count"].sum()), 1)
    steps = [EXACT, *fallbacks, MISSING, ALL]
    rows = [_row(step, frame if step == ALL else frame[frame["step"] == step]) for step in steps]
    report = pd.DataFrame(rows)
    report.insert(2, "type_share", report["types"] / max(len(frame), 1))
    report.insert(4, "token_share", report["tokens"] / tokens)
    misses = frame.loc[frame["step"] == MISSING, ["token", "count"]].reset_index(drop=True)
    misses["token_share"] = misses["count"] / tokens
    return report, misses


def write_coverage(embedding: Embedding, report: str | Path, misses: str | Path) -> None:
    """Write the two tables as TSV, tokens escaped."""
    escaped = embedding.misses.assign(token=embedding.misses["token"].map(escape_token))
    for table, path in ((embedding.report, report), (escaped, misses)):
        rows = (map(format_value, row) for row in table.itertuples(index=False))
        write_tsv(path, table.columns, rows)


def _row(step: str, frame: pd.DataFrame) -> dict[str, object]:
    examples = frame.head(0 if step == ALL else _EXAMPLES)
    return {
        "step": step,
        "types": len(frame),
        "tokens": int(frame["count"].sum()),
        "examples": " ".join(map(_example, examples["token"], examples["spelling"])),
    }


def _example(token: str, spelling: str) -> str:
    """Return the token, followed by the spellings that gave its vector where they differ."""
    escaped = escape_token(token)
    if spelling in ("", token):
        return escaped
    return f"{escaped}>{'+'.join(map(escape_token, spelling.split(' ')))}"
