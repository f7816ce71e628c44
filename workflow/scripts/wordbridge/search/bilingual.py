"""Names of pictures in two languages, and their vectors."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wordbridge.devise.picture_table import Picture
from wordbridge.search.exact import Vectors
from wordbridge.search.names import bare_name, content_words
from wordbridge.vectors.protocol import WordVectors

_LONGEST = 3  # words; longer names are descriptions, of which the mean says little


@dataclass(frozen=True)
class NamePair:
    """A name in both languages, as words, and the nouns (synsets) of the pictures named so.

    ``spelled`` is the French name as it is written, but for its article; the shortest of several.
    """

    en: tuple[str, ...]
    fr: tuple[str, ...]
    synsets: tuple[str, ...]
    spelled: str


def name_pairs(pictures: Sequence[Picture]) -> list[NamePair]:
    """Return the distinct names of at most three words in both languages, sorted."""
    named: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Picture]] = defaultdict(list)
    for one in pictures:
        en = tuple(content_words(one.name, "en"))
        fr = tuple(content_words(one.fr_name, "fr"))
        if en and fr and max(len(en), len(fr)) <= _LONGEST:
            named[en, fr].append(one)
    return [_pair(*names, ones) for names, ones in sorted(named.items())]


def _pair(en: tuple[str, ...], fr: tuple[str, ...], pictures: Sequence[Picture]) -> NamePair:
    synsets = {one.synset for one in pictures} - {""}
    spellings = {bare_name(one.fr_name) for one in pictures}
    spelled = min(spellings, key=lambda name: (len(name), name))
    return NamePair(en, fr, tuple(sorted(synsets)), spelled)


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
