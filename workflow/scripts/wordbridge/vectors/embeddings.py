"""The matrix that an embedding layer starts from."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from wordbridge.corpus.specials import PAD, SPECIALS
from wordbridge.errors import InputError
from wordbridge.vectors.coverage import Coverage, coverage
from wordbridge.vectors.fallbacks import FALLBACKS
from wordbridge.vectors.protocol import Mask, Matrix, WordVectors
from wordbridge.vectors.resolution import MISSING, Resolution, resolve

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
