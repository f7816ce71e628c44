"""French queries: alignment of French word vectors with English ones, and its evaluation."""

import hashlib
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordbridge.arrays import Matrix, l2_normalize
from wordbridge.errors import InputError
from wordbridge.images.table import TRAIN, ImageRow
from wordbridge.search.index import Index, cosines_with
from wordbridge.search.words import content_words
from wordbridge.vectors.protocol import WordVectors

_BLOCK = 65536  # rows that are mapped at a time
_MAX_WORDS = 3  # longer names are descriptions, whose mean vector is of little use


def align(vectors: Matrix, source: Matrix, target: Matrix) -> Matrix:
    """Return ``vectors`` (n, source dim) in the target's space (n, target dim).

    The space is aligned by the paired rows (pairs, source or target dim) of ``source`` and
    ``target``: of the matrices with orthonormal rows or columns, whichever are fewer, by the one
    with the largest sum of inner products of mapped source rows and target rows, both normalised
    and centred (Xing et al. 2015). Unless the target space is narrower, this is the orthogonal
    Procrustes solution (Schönemann 1966). Pairs with zeros on a side are ignored.

    Zeros stay zeros; other results have any length, since a narrower space loses some of it. Raises
    InputError if fewer than two pairs remain, and prints a warning if fewer than a tenth remain.
    """
    both = np.any(source, axis=1) & np.any(target, axis=1)
    count = np.count_nonzero(both)
    problem = (
        f"alignment: expected pairs of words with vectors in both languages, got {count} of "
        f"{len(both)}; add image sets with names in both, or check the language of the vectors"
    )
    if count < 2:
        raise InputError(problem)
    if count < len(both) / 10:
        print(f"warning: {problem}", file=sys.stderr)
    left, right = l2_normalize(source[both]), l2_normalize(target[both])
    left_mean = left.mean(axis=0, dtype=np.float64)
    right_mean = right.mean(axis=0, dtype=np.float64)
    product = (left - left_mean).T @ (right - right_mean)
    u, _, vt = np.linalg.svd(product, full_matrices=False)
    matrix, left_mean, right_mean = map(np.float32, (u @ vt, left_mean, right_mean))
    mapped = np.zeros((len(vectors), target.shape[1]), np.float32)
    for start in range(0, len(vectors), _BLOCK):
        block = np.asarray(vectors[start : start + _BLOCK], np.float32)
        moved = (l2_normalize(block) - left_mean) @ matrix + right_mean
        mapped[start : start + _BLOCK] = moved * np.any(block, axis=1, keepdims=True)
    return mapped


def cross_fitted(source: Matrix, target: Matrix, folds: NDArray[np.int64]) -> Matrix:
    """Return each row of ``source`` mapped by an alignment that is fitted on other folds.

    No pair thus helps to fit the alignment by which it is evaluated. ``folds`` (rows,) has the fold
    of each row.
    """
    mapped = np.zeros((len(source), target.shape[1]), np.float32)
    for fold in np.unique(folds):
        test = folds == fold
        mapped[test] = align(source[test], source[~test], target[~test])
    return mapped


@dataclass(frozen=True)
class NamePair:
    """The words of a name in both languages, and the synsets of the images with this name."""

    en: tuple[str, ...]
    fr: tuple[str, ...]
    synsets: tuple[str, ...]


def name_pairs(images: Sequence[ImageRow]) -> list[NamePair]:
    """Return the distinct names of images with one to three words in each language, sorted."""
    synsets: dict[tuple[tuple[str, ...], tuple[str, ...]], set[str]] = defaultdict(set)
    for image in images:
        en = tuple(content_words(image.name, "en"))
        fr = tuple(content_words(image.fr_name, "fr"))
        if en and fr and max(len(en), len(fr)) <= _MAX_WORDS:
            synsets[en, fr].add(image.synset)
    return [NamePair(en, fr, tuple(sorted(synsets[en, fr] - {""}))) for en, fr in sorted(synsets)]


def mean_vectors(names: Sequence[Sequence[str]], vectors: WordVectors) -> Matrix:
    """Return the mean vector (names, dim) of each name's words, zeros if a word is unknown."""
    words = sorted({word for name in names for word in name})
    matrix, mask = vectors.lookup(words)
    row_of = {word: row for row, word in enumerate(compress(words, mask))}
    means = np.zeros((len(names), vectors.dim), np.float32)
    for number, name in enumerate(names):
        if all(word in row_of for word in name):
            means[number] = matrix[[row_of[word] for word in name]].mean(axis=0)
    return means


def folds_of(pairs: Sequence[NamePair], folds: int) -> NDArray[np.int64]:
    """Return the fold (0 to ``folds`` - 1) of each pair; equal English names share a fold."""
    digests = (hashlib.sha256(" ".join(pair.en).encode()).digest() for pair in pairs)
    return np.array([int.from_bytes(digest[:8], "big") % folds for digest in digests], np.int64)


def score_names(
    pairs: Sequence[NamePair], vectors: Mapping[str, Matrix], index: Index, ks: Sequence[int]
) -> list[dict[str, Any]]:
    """Return one row of scores per language: retrieval of images outside the train split.

    ``vectors`` has the query vectors (pairs, dim) of each language. Pairs without an image in the
    index or without a vector in each language are ignored. hit@k: share of the queries with an
    image of the noun among the first k. mrr: mean reciprocal rank of the first such image.
    name_share: share of the pairs with vectors. Raises InputError if no pair remains.
    """
    labels = [index.label(row) for row in range(len(index.lines))]
    # Images without a label may show any noun.
    held_out = [
        row for row, label in enumerate(labels) if label["synset"] and label["split"] != TRAIN
    ]
    images = index.row_vectors(held_out)
    synsets = np.array([labels[row]["synset"] for row in held_out], object)
    available = set(synsets)
    has_vectors = np.all([matrix.any(axis=1) for matrix in vectors.values()], axis=0)
    queries = [
        number
        for number, pair in enumerate(pairs)
        if available & set(pair.synsets) and has_vectors[number]
    ]
    if not queries:
        raise InputError(
            f"{index.folder}: expected images with names in both languages, got none; "
            "add an image set that has them"
        )
    rows = []
    for language, matrix in vectors.items():
        ranks = np.array(
            [_rank(matrix[n], images, np.isin(synsets, pairs[n].synsets)) for n in queries]
        )
        row = {
            "language": language,
            "name_share": float(has_vectors.mean()),
            "names": len(queries),
            "images": len(images),
            **{f"hit@{k}": float(np.mean(ranks <= k)) for k in ks},
            "mrr": float(np.mean(1 / ranks)),
        }
        rows.append(row)
    return rows


def _rank(query: Matrix, images: Matrix, relevant: NDArray[np.bool_]) -> int:
    """Return the rank from 1 of the best relevant image, below others with the same cosine."""
    cosines = cosines_with(images, l2_normalize(query))
    return int(np.count_nonzero(cosines[~relevant] >= cosines[relevant].max())) + 1
