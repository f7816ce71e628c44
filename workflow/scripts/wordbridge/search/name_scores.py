"""How well names in several languages find the pictures that nothing was trained on."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wordbridge.devise.picture_table import TRAIN
from wordbridge.errors import InputError
from wordbridge.search.bilingual import NamePair
from wordbridge.search.exact import Vectors, cosines_with
from wordbridge.search.folder import Index
from wordbridge.vectors.protocol import Mask
from wordbridge.vectors.unit_length import unit_length


@dataclass(frozen=True, eq=False)
class Queries:
    """What names are searched with: ``vectors`` (names, dim), zeros where a name gives none.

    ``known`` (names) is whether every word of the name means something to what made its vector.
    """

    vectors: Vectors
    known: Mask

    @property
    def given(self) -> Mask:
        """Return which names have a vector."""
        given: Mask = np.any(self.vectors, axis=1)
        return given


@dataclass(frozen=True, eq=False)
class _Searched:
    """The pictures that are searched: ``vectors`` (pictures, dim) and their nouns."""

    vectors: Vectors
    synsets: NDArray[np.object_]


def score_names(
    pairs: Sequence[NamePair],
    needed: Mapping[str, Queries],
    beside: Mapping[str, Queries],
    index: Index,
    ks: Sequence[int],
) -> list[dict[str, Any]]:
    """Return a row per language: how well names find pictures that nothing was trained on.

    Only pairs with a picture in the index and a vector in each language of ``needed`` are asked,
    those of ``beside`` for the same ones: without a vector there, a name has missed. queries:
    names with a vector. known: those whose every word is known. hit@k: a picture of the noun is
    among the first k. mrr: mean reciprocal rank of the first one. Raises InputError if no pair
    is left.
    """
    searched = _untrained(index)
    pictured = set(searched.synsets)
    asked = [
        number
        for number, pair in enumerate(pairs)
        if pictured & set(pair.synsets) and all(one.given[number] for one in needed.values())
    ]
    if not asked:
        raise InputError(
            f"{index.folder}: expected pictures with names in both languages, got none; "
            "add a picture set that has them"
        )
    rows = []
    for language, queries in {**needed, **beside}.items():
        ranks = np.array([_rank(queries.vectors[n], pairs[n].synsets, searched) for n in asked])
        rows.append(
            {"language": language, "names": len(asked), "pictures": len(searched.vectors)}
            | {"queries": int(queries.given[asked].sum()), "known": int(queries.known[asked].sum())}
            | {f"hit@{k}": float(np.mean(ranks <= k)) for k in ks}
            | {"mrr": float(np.mean(1 / ranks))}
        )
    return rows


def _untrained(index: Index) -> _Searched:
    labels = [index.label(row) for row in range(len(index.lines))]
    rows = [row for row, one in enumerate(labels) if one["part"] != TRAIN]
    synsets = np.array([labels[row]["synset"] for row in rows], object)
    return _Searched(np.asarray(index.vectors)[rows], synsets)


def _rank(query: Vectors, right: Sequence[str], searched: _Searched) -> float:
    """Return the place from 1 of the best right picture; what equals it stands before it.

    Infinity for a query of zeros, which finds nothing.
    """
    if not query.any():
        return math.inf
    cosines = cosines_with(searched.vectors, unit_length(query))
    is_right = np.isin(searched.synsets, right)
    return int(np.count_nonzero(cosines[~is_right] >= cosines[is_right].max())) + 1
