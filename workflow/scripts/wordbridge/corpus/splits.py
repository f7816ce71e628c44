"""The split of the corpus into train, valid and test, without texts that two splits share."""

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from networkx.utils import UnionFind

from wordbridge.corpus.pairs import TokenizedPair
from wordbridge.errors import InputError

TRAIN, VALID, TEST = "train", "valid", "test"

# A component above both bounds goes to train, so that a split is not mostly one sentence.
_MAX_SHARE = 0.1  # of the split
_MAX_MULTIPLE = 2  # of the mean component


def split_pairs(pairs: Sequence[TokenizedPair], settings: Mapping[str, Any]) -> list[TokenizedPair]:
    """Return ``pairs`` with the split of each; ``settings`` has method, seed, valid and test."""
    valid, test, seed = settings["valid"], settings["test"], settings["seed"]
    if settings["method"] == "lesson":
        splits = random_split(len(pairs), seed, valid, 0.0)
    elif settings["method"] == "random":
        splits = random_split(len(pairs), seed, valid, test)
    else:
        splits = grouped_split(
            [pair.group for pair in pairs],
            [pair.fr for pair in pairs],
            [pair.en for pair in pairs],
            {TRAIN: 1 - valid - test, VALID: valid, TEST: test},
            seed,
        )
    return [pair._replace(split=split) for pair, split in zip(pairs, splits, strict=True)]


def random_split(count: int, seed: int, valid: float, test: float) -> list[str]:
    """Return the split of each of ``count`` pairs, drawn independently, as the lesson does.

    Splits may share versions of one sentence. ``valid`` and ``test`` are shares; the lesson has no
    test split.
    """
    draws = np.random.RandomState(seed).rand(count)
    bounds = ((valid, VALID), (valid + test, TEST), (1.0, TRAIN))
    return [next(split for bound, split in bounds if draw <= bound) for draw in draws]


def grouped_split(
    groups: Sequence[str],
    fr_texts: Sequence[str],
    en_texts: Sequence[str],
    fractions: Mapping[str, float],
    seed: int,
) -> list[str]:
    """Return the split of each pair, so that no two splits share a group or a similar sentence.

    Pairs that share a group, or a French or English text up to case, punctuation and spaces,
    directly or through others, get the same split. ``fractions`` is the share of the pairs by
    split. The draw depends on the texts and the seed, not on the order of the pairs, and a few
    new pairs move few others. Raises InputError when the corpus is too small for the fractions.
    """
    french = [match_key(text) for text in fr_texts]
    english = [match_key(text) for text in en_texts]
    components = _components(groups, french, english)

    def rank(rows: list[int]) -> bytes:
        text = min(english[row] for row in rows)  # no two components share an English text
        return hashlib.sha256(f"{seed}\0{text}".encode()).digest()

    components.sort(key=rank)
    splits = [TRAIN] * len(english)
    room = {split: fractions.get(split, 0.0) * len(english) for split in (TEST, VALID)}
    mean = len(english) / max(len(components), 1)
    largest = {split: max(_MAX_SHARE * size, _MAX_MULTIPLE * mean) for split, size in room.items()}
    for rows in components:
        for split in (TEST, VALID):
            # A split may exceed its share by less than it would otherwise fall short of it.
            if len(rows) <= largest[split] and len(rows) < 2 * room[split]:
                room[split] -= len(rows)
                for row in rows:
                    splits[row] = split
                break
    for split in (TRAIN, VALID, TEST):
        if fractions.get(split, 0.0) > 0 and split not in splits:
            raise InputError(
                f"split: expected pairs for the split {split!r}, got none, because the "
                f"{len(splits)} pairs are only {len(components)} groups of similar sentences; "
                "use a larger corpus or a larger fraction"
            )
    return splits


def leaking_texts(pairs: Sequence[TokenizedPair], split: str, language: str) -> set[str]:
    """Return the texts of ``split`` in ``language`` of pairs that leak into the train split.

    The train split has their group, their French or their English text, up to case, punctuation
    and spaces.
    """
    trained = {key for pair in pairs if pair.split == TRAIN for key in _leak_keys(pair)}
    return {
        getattr(pair, language)
        for pair in pairs
        if pair.split == split and not trained.isdisjoint(_leak_keys(pair))
    }


def _leak_keys(pair: TokenizedPair) -> tuple[tuple[str, str], ...]:
    return ("group", pair.group), ("fr", match_key(pair.fr)), ("en", match_key(pair.en))


def match_key(text: str) -> str:
    """Return the letters, accents and digits of ``text``, case folded, without anything else."""
    folded = unicodedata.normalize("NFC", text).casefold()
    return unicodedata.normalize("NFC", folded.translate(_WORD_CHARACTERS))


class _WordCharacters(dict[int, int | None]):
    """A translation table, filled on demand, that removes all but letters, accents and digits."""

    def __missing__(self, code: int) -> int | None:
        is_kept = unicodedata.category(chr(code))[0] in "LMN"
        self[code] = code if is_kept else None
        return self[code]


_WORD_CHARACTERS = _WordCharacters()


def _components(*columns: Sequence[str]) -> list[list[int]]:
    """Return the rows of each connected component; equal keys in a column link two rows."""
    rows = UnionFind(range(len(columns[0])))
    for column in columns:
        first: dict[str, int] = {}
        for row, key in enumerate(column):
            rows.union(first.setdefault(key, row), row)
    return [list(component) for component in rows.to_sets()]
