"""What two texts share that differ only in case, punctuation and spaces.

The corpus in splits: to train on, to choose by, and to score with.

Tokenized pairs with the split that each belongs to.
"""

import hashlib
import math
import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from wordbridge.corpus.pairs import TokenizedPair
from wordbridge.errors import InputError


def match_key(text: str) -> str:
    """Return the letters, accents and digits of ``text``, case folded, without anything else."""
    folded = unicodedata.normalize("NFC", text).casefold()
    return unicodedata.normalize("NFC", folded.translate(_WORDS_ONLY))


class _WordsOnly(dict[int, int | None]):
    """A translation table that fills itself: characters that are no split of words go."""

    def __missing__(self, code: int) -> int | None:
        is_kept = unicodedata.category(chr(code))[0] in "LMN"
        self[code] = code if is_kept else None
        return self[code]


_WORDS_ONLY = _WordsOnly()


TRAIN, VALID, TEST = SPLITS = ("train", "valid", "test")

# A component above both bounds goes to train: a split should not be mostly one sentence.
_LARGEST_SHARE = 0.1  # of the split
_LARGEST_MULTIPLE = 2  # of the mean component


def lesson_split(count: int, seed: int = 42, threshold: float = 0.1) -> list[str]:
    """Return the split of each of ``count`` pairs as the lesson drew it, one by one, no test.

    Versions of one sentence come to lie on both sides: of use for comparison only.
    """
    is_train = np.random.RandomState(seed).rand(count) > threshold
    return [TRAIN if row else VALID for row in is_train]


def grouped_split(
    groups: Sequence[str],
    fr_texts: Sequence[str],
    en_texts: Sequence[str],
    fractions: Mapping[str, float],
    seed: int,
) -> list[str]:
    """Return the split of each pair, so that no two splits share a group or a like sentence.

    Pairs that share a group, or a French or English text up to case, punctuation and spaces,
    directly or through others, go to one split together. ``fractions`` gives the share of the
    pairs by split. The draw depends on the texts and the seed, not on the order of the pairs,
    and a few new pairs move few others. Raises InputError when the fractions are impossible
    or the corpus is too small for them.
    """
    _check_fractions(fractions)
    english = [match_key(text) for text in en_texts]
    french = [match_key(text) for text in fr_texts]
    components = _components(zip(groups, french, english, strict=True))
    # No two components share an English text, so the first one stands for its component.
    components.sort(key=lambda rows: _draw(min(english[row] for row in rows), seed))
    splits = [TRAIN] * len(english)
    room = {split: fractions.get(split, 0.0) * len(english) for split in (TEST, VALID)}
    mean = len(english) / max(len(components), 1)
    largest = {
        split: max(_LARGEST_SHARE * pairs, _LARGEST_MULTIPLE * mean)
        for split, pairs in room.items()
    }
    for rows in components:
        for split in (TEST, VALID):
            # A split is overdrawn where that comes nearer to its share than to leave room.
            if len(rows) <= largest[split] and len(rows) < 2 * room[split]:
                room[split] -= len(rows)
                for row in rows:
                    splits[row] = split
                break
    _check_splits(splits, fractions, len(components))
    return splits


def _components(keys: Iterable[Sequence[Hashable]]) -> list[list[int]]:
    """The rows of each connected component; rows with an equal key in one place are linked."""
    parents: list[int] = []
    first: dict[tuple[int, Hashable], int] = {}
    for row, row_keys in enumerate(keys):
        parents.append(row)
        for place_and_key in enumerate(row_keys):
            linked = _root(parents, first.setdefault(place_and_key, row))
            own = _root(parents, row)
            parents[max(linked, own)] = min(linked, own)
    members: defaultdict[int, list[int]] = defaultdict(list)
    for row in range(len(parents)):
        members[_root(parents, row)].append(row)
    return list(members.values())


def _root(parents: list[int], row: int) -> int:
    while parents[row] != row:
        parents[row] = parents[parents[row]]  # keeps later walks short
        row = parents[row]
    return row


def _draw(text: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\0{text}".encode()).digest()


def _check_fractions(fractions: Mapping[str, float]) -> None:
    unknown = sorted(set(fractions) - set(SPLITS))
    if unknown:
        raise InputError(f"split fractions: expected the splits {', '.join(SPLITS)}, got {unknown}")
    if not math.isclose(math.fsum(fractions.values()), 1.0, abs_tol=1e-6):
        got = " + ".join(f"{share:g}" for share in fractions.values()) or "none"
        raise InputError(f"split fractions: expected a sum of 1, got {got}; correct the config")
    if min(fractions.values()) < 0 or not fractions.get(TRAIN, 0.0) > 0:
        raise InputError(
            "split fractions: expected none below 0 and some of the pairs to train on, got "
            f"{dict(fractions)}; correct the config"
        )


def _check_splits(splits: list[str], fractions: Mapping[str, float], components: int) -> None:
    for split in SPLITS:
        if fractions.get(split, 0.0) > 0 and split not in splits:
            raise InputError(
                f"split: expected pairs for the split {split!r}, got none, because the "
                f"{len(splits)} pairs are only {components} groups of like sentences; "
                "use a larger corpus or a larger fraction"
            )


def split_pairs(pairs: Sequence[TokenizedPair], settings: Mapping[str, Any]) -> list[TokenizedPair]:
    """Return ``pairs`` with the split of each; ``settings`` has method, seed, valid and test."""
    if settings["method"] == "lesson":
        splits = lesson_split(len(pairs), settings["seed"], settings["valid"])
    else:
        splits = grouped_split(
            [pair.group for pair in pairs],
            [pair.fr for pair in pairs],
            [pair.en for pair in pairs],
            {
                TRAIN: 1 - settings["valid"] - settings["test"],
                VALID: settings["valid"],
                TEST: settings["test"],
            },
            settings["seed"],
        )
    return [pair._replace(split=split) for pair, split in zip(pairs, splits, strict=True)]
