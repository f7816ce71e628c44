"""The character n-grams that fastText makes a word of, as numbers of their buckets."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# FNV-1a, 32 bits.
_BASIS = np.uint32(2166136261)
_PRIME = np.uint32(16777619)

_LONGEST_CHARACTER = 4  # bytes of UTF-8


def subword_buckets(
    words: Sequence[bytes], shortest: int, longest: int, buckets: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the buckets of the n-grams of ``words`` in one row, and how many each word has.

    The words are UTF-8; n-grams have ``shortest`` to ``longest`` characters of ``<word>``,
    without the single ``<`` and ``>``. They are those of Bojanowski et al. 2017, section 3.2,
    hashed and ordered as in fastText (by first character, then by length).
    """
    lengths = range(max(shortest, 1), longest + 1)
    if not words or not lengths or buckets <= 0:
        return np.zeros(0, np.int64), np.zeros(len(words), np.int64)
    text = _Characters(words)
    hashed = np.zeros((len(text), len(lengths)), np.uint32)
    exists = np.zeros(hashed.shape, np.bool_)
    running = np.full(len(text), _BASIS)
    for length in range(1, min(longest, len(text)) + 1):
        count = len(text) - length + 1
        running = text.extend(running[:count], length - 1)
        if length in lengths:
            column = length - lengths[0]
            hashed[:count, column] = running
            exists[:count, column] = text.within_word(length)
    counts = np.bincount(text.word, weights=exists.sum(axis=1), minlength=len(words))
    return (hashed[exists] % np.uint32(buckets)).astype(np.int64), counts.astype(np.int64)


class _Characters:
    """The characters of ``<word><word>...`` in one row."""

    def __init__(self, words: Sequence[bytes]) -> None:
        data = np.frombuffer(b"".join(b"<%b>" % word for word in words), np.uint8)
        # fastText hashes signed bytes: from 0x80 on, the sign fills the upper 24 bits.
        self._bytes = data.view(np.int8).astype(np.int32).view(np.uint32)
        self._starts = np.flatnonzero((data & 0xC0) != 0x80)
        self._sizes = np.diff(self._starts, append=len(data))
        ends = np.cumsum([len(word) + len(b"<>") for word in words])
        self.word = np.searchsorted(ends, self._starts, side="right")

    def __len__(self) -> int:
        return len(self._starts)

    def extend(self, running: NDArray[np.uint32], ahead: int) -> NDArray[np.uint32]:
        """Return hash i of ``running`` with the character ``ahead`` of character i added."""
        starts, sizes = self._starts[ahead:], self._sizes[ahead:]
        extended: NDArray[np.uint32] = (running ^ self._bytes[starts]) * _PRIME
        for place in range(1, _LONGEST_CHARACTER):
            long = np.flatnonzero(sizes > place)
            extended[long] = (extended[long] ^ self._bytes[starts[long] + place]) * _PRIME
        return extended

    def within_word(self, length: int) -> NDArray[np.bool_]:
        """Return for each character whether an n-gram of this length that starts there is one."""
        first, last = self.word[: len(self) - length + 1], self.word[length - 1 :]
        if length > 1:
            same: NDArray[np.bool_] = np.equal(first, last)
            return same
        starts_word = np.diff(self.word, prepend=-1) > 0
        ends_word = np.append(starts_word[1:], True)
        inner: NDArray[np.bool_] = ~(starts_word | ends_word)
        return inner
