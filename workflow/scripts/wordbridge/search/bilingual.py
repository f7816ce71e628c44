"""Names of pictures in two languages, and how well the French ones find what the English find."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordbridge.devise.picture_table import TRAIN, Picture
from wordbridge.errors import InputError
from wordbridge.search.exact import Vectors
from wordbridge.search.folder import Index
from wordbridge.search.names import content_words
from wordbridge.vectors.protocol import WordVectors
from wordbridge.vectors.unit_length import unit_length

_LONGEST = 3  # words; longer names are descriptions, of which the mean says little


@dataclass(frozen=True)
class NamePair:
    """A name in both languages, as words, and the nouns (synsets) of the pictures named so."""

    en: tuple[str, ...]
    fr: tuple[str, ...]
    synsets: tuple[str, ...]


def name_pairs(pictures: Sequence[Picture]) -> list[NamePair]:
    """Return the distinct names of at most three words in both languages, sorted."""
    found: dict[tuple[tuple[str, ...], tuple[str, ...]], set[str]] = {}
    for one in pictures:
        en = tuple(content_words(one.name, "en"))
        fr = tuple(content_words(one.fr_name, "fr"))
        if en and fr and max(len(en), len(fr)) <= _LONGEST:
            found.setdefault((en, fr), set()).add(one.synset)
    return [
        NamePair(*names, tuple(sorted(synsets - {""}))) for names, synsets in sorted(found.items())
    ]


def mean_vectors(names: Sequence[Sequence[str]], vectors: WordVectors) -> Vectors:
    """Return the mean vector (names, dim) of each name's words, zeros where one has none."""
    words = sorted({word for name in names for word in name})
    matrix, known = vectors.lookup(words)
    rows = {word: row for row, word in enumerate(np.array(words, object)[known])}
    means = np.zeros((len(names), vectors.dim), np.float32)
    for place, name in enumerate(names):
        if all(word in rows for word in name):
            means[place] = matrix[[rows[word] for word in name]].mean(axis=0)
    return means


def folds_of(pairs: Sequence[NamePair], folds: int) -> NDArray[np.int64]:
    """Return a fold (0 to ``folds`` - 1) for each pair; pairs of one English name share theirs."""
    digests = (hashlib.sha256(" ".join(pair.en).encode()).digest() for pair in pairs)
    return np.array([int.from_bytes(digest[:8], "big") % folds for digest in digests], np.int64)


def score_names(
    pairs: Sequence[NamePair], queries: dict[str, Vectors], index: Index, ks: Sequence[int]
) -> list[dict[str, Any]]:
    """Return a row per language: how well names find pictures that nothing was trained on.

    ``queries`` holds the vectors (pairs, dim) of the names by language; only pairs with a vector
    in each and a picture in the index are asked. hit@k: a picture of the noun is among the first
    k. mrr: mean reciprocal rank of the first one. Raises InputError if no pair is left.
    """
    labels = [index.label(row) for row in range(len(index.lines))]
    searched = [row for row, one in enumerate(labels) if one["part"] != TRAIN]
    synsets = np.array([labels[row]["synset"] for row in searched], object)
    known = set(synsets)
    asked = [
        number
        for number, pair in enumerate(pairs)
        if known & set(pair.synsets) and all(vectors[number].any() for vectors in queries.values())
    ]
    if not asked:
        raise InputError(
            f"{index.folder}: expected pictures with names in both languages, got none; "
            "add a picture set that has them"
        )
    vectors = np.asarray(index.vectors)[searched]
    rows = []
    for language, matrix in queries.items():
        ranks = [
            _rank(vectors @ unit_length(matrix[number]), np.isin(synsets, pairs[number].synsets))
            for number in asked
        ]
        hits = {f"hit@{k}": float(np.mean(np.array(ranks) <= k)) for k in ks}
        mrr = float(np.mean(1 / np.array(ranks)))
        rows.append(
            {"language": language, "names": len(asked), "pictures": len(searched)}
            | hits
            | {"mrr": mrr}
        )
    return rows


def _rank(cosines: Vectors, right: NDArray[np.bool_]) -> int:
    """Return the place from 1 of the best right one; what equals it stands before it."""
    best = cosines[right].max()
    return int(np.count_nonzero(cosines[~right] >= best)) + 1
