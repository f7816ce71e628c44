"""A rotation of one language's word vectors into the space of another's.

Names of images in two languages, and their vectors.

How well names in several languages find the images that nothing was trained on.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordbridge.arrays import l2_normalize
from wordbridge.errors import InputError
from wordbridge.images.table import TRAIN, ImageRow
from wordbridge.search.index import Index, Vectors, cosines_with
from wordbridge.search.words import content_words
from wordbridge.vectors.protocol import WordVectors

_BLOCK = 65536  # rows that are mapped at one time


@dataclass(frozen=True, eq=False)
class Alignment:
    """``matrix`` (source dim, target dim) with orthonormal rows or columns, and the two centres."""

    matrix: Vectors
    source_mean: Vectors
    target_mean: Vectors

    def map(self, vectors: Vectors) -> Vectors:
        """Return ``vectors`` (n, source dim) in the target's space (n, target dim).

        Those of zeros stay zeros. Lengths are near 1 for what the alignment was fitted on.
        """
        mapped = np.zeros((len(vectors), self.matrix.shape[1]), np.float32)
        for start in range(0, len(vectors), _BLOCK):
            block = np.asarray(vectors[start : start + _BLOCK], np.float32)
            moved = (l2_normalize(block) - self.source_mean) @ self.matrix + self.target_mean
            mapped[start : start + _BLOCK] = moved * np.any(block, axis=1, keepdims=True)
        return mapped


def fit_alignment(source: Vectors, target: Vectors) -> Alignment:
    """Return the orthogonal Procrustes solution for pairs of rows (pairs, dim of each).

    After all rows are made of unit length and centred it is the matrix with orthonormal rows
    or columns (whichever are fewer) that turns the source nearest to the target (Schönemann
    1966; Xing et al. 2015). Pairs of which a side is zero do not count. Raises InputError if
    fewer than two are left.
    """
    both = np.any(source, axis=1) & np.any(target, axis=1)
    if np.count_nonzero(both) < 2:
        raise InputError(
            f"alignment: expected at least two pairs of words with vectors in both languages, "
            f"got {np.count_nonzero(both)} of {len(both)}; add image sets with names in both"
        )
    left, right = l2_normalize(source[both]), l2_normalize(target[both])
    means = left.mean(axis=0, dtype=np.float64), right.mean(axis=0, dtype=np.float64)
    product = (left - means[0]).T @ (right - means[1])
    before, _, after = np.linalg.svd(product, full_matrices=False)
    return Alignment(
        np.asarray(before @ after, np.float32),
        np.asarray(means[0], np.float32),
        np.asarray(means[1], np.float32),
    )


def cross_fitted(source: Vectors, target: Vectors, folds: NDArray[np.int64]) -> Vectors:
    """Return each row of ``source`` mapped by an alignment fitted on the rows of other folds.

    So no pair has a part in the alignment that it is measured with. ``folds`` has a number for
    each row.
    """
    mapped = np.zeros((len(source), target.shape[1]), np.float32)
    for fold in np.unique(folds):
        own = folds == fold
        mapped[own] = fit_alignment(source[~own], target[~own]).map(source[own])
    return mapped


_LONGEST = 3  # words; longer names are descriptions, of which the mean says little


@dataclass(frozen=True)
class NamePair:
    """A name in both languages, as words, and the nouns (synsets) of the images named so."""

    en: tuple[str, ...]
    fr: tuple[str, ...]
    synsets: tuple[str, ...]


def name_pairs(images: Sequence[ImageRow]) -> list[NamePair]:
    """Return the distinct names of at most three words in both languages, sorted."""
    named: dict[tuple[tuple[str, ...], tuple[str, ...]], list[ImageRow]] = defaultdict(list)
    for one in images:
        en = tuple(content_words(one.name, "en"))
        fr = tuple(content_words(one.fr_name, "fr"))
        if en and fr and max(len(en), len(fr)) <= _LONGEST:
            named[en, fr].append(one)
    return [
        NamePair(en, fr, tuple(sorted({one.synset for one in ones} - {""})))
        for (en, fr), ones in sorted(named.items())
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


@dataclass(frozen=True, eq=False)
class _Searched:
    """The images that are searched: ``vectors`` (images, dim) and their nouns."""

    vectors: Vectors
    synsets: NDArray[np.object_]


def score_names(
    pairs: Sequence[NamePair],
    vectors: Mapping[str, Vectors],
    index: Index,
    ks: Sequence[int],
) -> list[dict[str, Any]]:
    """Return a row per language: how well names find images that nothing was trained on.

    ``vectors`` has the vectors (pairs, dim) of the names in each language. Only pairs with an
    image in the index and a vector in every language count. hit@k: an image of the noun is among
    the first k. mrr: mean reciprocal rank of the first one. Raises InputError if no pair is left.
    """
    searched = _untrained(index)
    imaged = set(searched.synsets)
    asked = [
        number
        for number, pair in enumerate(pairs)
        if imaged & set(pair.synsets) and all(one[number].any() for one in vectors.values())
    ]
    if not asked:
        raise InputError(
            f"{index.folder}: expected images with names in both languages, got none; "
            "add an image set that has them"
        )
    rows = []
    for language, queries in vectors.items():
        ranks = np.array([_rank(queries[n], pairs[n].synsets, searched) for n in asked])
        rows.append(
            {"language": language, "names": len(asked), "images": len(searched.vectors)}
            | {f"hit@{k}": float(np.mean(ranks <= k)) for k in ks}
            | {"mrr": float(np.mean(1 / ranks))}
        )
    return rows


def _untrained(index: Index) -> _Searched:
    labels = [index.label(row) for row in range(len(index.lines))]
    rows = [row for row, one in enumerate(labels) if one["split"] != TRAIN]
    synsets = np.array([labels[row]["synset"] for row in rows], object)
    return _Searched(np.asarray(index.vectors)[rows], synsets)


def _rank(query: Vectors, right: Sequence[str], searched: _Searched) -> int:
    """Return the rank from 1 of the best right image, below all others of the same cosine."""
    cosines = cosines_with(searched.vectors, l2_normalize(query))
    is_right = np.isin(searched.synsets, right)
    return int(np.count_nonzero(cosines[~is_right] >= cosines[is_right].max())) + 1
