"""Which spelling of a word stands for it where case does not count: the most frequent one."""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice

from wordbridge.errors import InputError
from wordbridge.vectors.protocol import ListedVectors, WordVectors


@dataclass(frozen=True)
class Spellings:
    """Words that a table of vectors has.

    ``exact``: those with just this spelling. ``lower``: by the word in lower case, the
    spelling of it that is to be looked up.
    """

    exact: frozenset[str]
    lower: dict[str, str]


def known_spellings(
    words: Collection[str], vectors: WordVectors, frequent_words: int = 0
) -> Spellings:
    """Return which of ``words`` the table has, as they are and in any case.

    Where several spellings of a word differ by case only, the most frequent counts, as in the
    lesson. A table that does not list its words by frequency is asked for lower case, a capital,
    a capital at each part and all capitals, in this order. ``frequent_words`` (0: all) leaves
    out all words of the table but its first. Raises InputError if these cannot be known.
    """
    wanted, lowered = frozenset(words), frozenset(word.lower() for word in words)
    if isinstance(vectors, ListedVectors):
        exact: set[str] = set()
        lower: dict[str, str] = {}
        for word in islice(vectors.words(), frequent_words or None):
            if word in wanted:
                exact.add(word)
            if (low := word.lower()) in lowered:
                lower.setdefault(low, word)
        return Spellings(frozenset(exact), lower)
    if frequent_words:
        raise InputError(
            "frequent_words: expected vectors that are listed by frequency (kinds fasttext, text "
            "and npy), got others; set it to 0"
        )
    return _tried(wanted, lowered, vectors)


def _tried(wanted: frozenset[str], lowered: frozenset[str], vectors: WordVectors) -> Spellings:
    cases = {low: (low, low.capitalize(), low.title(), low.upper()) for low in lowered}
    asked = sorted(wanted.union(*cases.values()))
    mask = vectors.lookup(asked)[1]
    known = {word for word, is_known in zip(asked, mask, strict=True) if is_known}
    found = {low: [word for word in tried if word in known] for low, tried in cases.items()}
    return Spellings(wanted & known, {low: spelled[0] for low, spelled in found.items() if spelled})
