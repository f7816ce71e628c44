"""Word vectors out of a fastText ``.bin`` file, in memory that depends on the words asked for."""

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wordbridge.errors import InputError
from wordbridge.vectors.fasttext_file import open_fasttext_file
from wordbridge.vectors.mapped_rows import MappedRows
from wordbridge.vectors.protocol import Mask, Matrix
from wordbridge.vectors.subwords import subword_buckets

_END_OF_SENTENCE = b"</s>"  # fastText gives this word no subwords
_BLOCK_WORDS = 2**15  # about a million n-grams are numbered at one time


class FastTextBin:
    """The word vectors of one model.

    A vector is the mean of the word's own row, where it has one, and the rows of its
    subwords: what Facebook's fastText computes, and what the lesson used. The package
    fasttext-community (seen in 0.11.9) then divides it by its length in ``get_word_vector``;
    ``unit_length`` does the same.
    """

    def __init__(self, path: str | Path, *, unit_length: bool = False) -> None:
        self._file = open_fasttext_file(path)
        self._unit_length = unit_length
        self._dictionary_end: int | None = None  # known once the dictionary was passed

    @property
    def dim(self) -> int:
        """Return the number of components of each vector."""
        return self._file.dim

    @property
    def size(self) -> int:
        """Return how many words are in the dictionary."""
        return self._file.words

    def words(self) -> Iterator[str]:
        """Yield the words in the model's order: the most frequent first."""
        every = chain.from_iterable(words for _, words in self._file.dictionary())
        for word in islice(every, self._file.words):  # labels come last
            yield word.decode("utf-8", "replace")

    def lookup(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        """Return the vectors (found words, dim) of words in the dictionary, and which they are."""
        spelled = [word.encode() for word in words]
        numbers = self._search(set(spelled))
        found = np.array([word in numbers for word in spelled], np.bool_)
        present = [word for word in spelled if word in numbers]
        rows = np.array([numbers[word] for word in present], np.int64)
        return self._vectors(present, rows), found

    def compose(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        """Return vectors made of subwords alone (words with any, dim), and which words have any.

        It is what fastText does for a word that is not in the dictionary.
        """
        matrix: Matrix = self._vectors([word.encode() for word in words], None)
        found: Mask = np.any(matrix, axis=1)
        composed: Matrix = matrix[found]
        return composed, found

    def vector(self, word: str) -> Matrix:
        """Return the vector (dim) of any word, zeros for one without row and subwords."""
        rows, found = self.lookup([word])
        if not found[0]:
            rows, found = self.compose([word])
        vector: Matrix = rows[0] if found[0] else np.zeros(self.dim, np.float32)
        return vector

    def _search(self, wanted: set[bytes]) -> dict[bytes, int]:
        """Return the rows of those ``wanted`` words that are in the dictionary."""
        numbers: dict[bytes, int] = {}
        first = 0
        for end, words in self._file.dictionary():
            numbers |= {word: row for row, word in enumerate(words, first) if word in wanted}
            first += len(words)
            self._dictionary_end = end
        # A label has no row of its own: behind the words' rows come those of the buckets.
        return {word: row for word, row in numbers.items() if row < self._file.words}

    def _matrix(self) -> MappedRows:
        if self._dictionary_end is None:
            self._search(set())
        assert self._dictionary_end is not None
        return self._file.matrix(self._dictionary_end)

    def _vectors(self, words: list[bytes], rows: NDArray[np.int64] | None) -> Matrix:
        means = np.zeros((len(words), self.dim), np.float32)
        for start in range(0, len(words), _BLOCK_WORDS):
            block = slice(start, start + _BLOCK_WORDS)
            with np.errstate(over="ignore", invalid="ignore"):  # told below
                self._average(means[block], words[block], None if rows is None else rows[block])
        self._check_finite(means, words)
        if self._unit_length:
            norms = np.linalg.norm(means, axis=1, keepdims=True)
            np.divide(means, norms, out=means, where=norms > 0)
        return means

    def _check_finite(self, means: Matrix, words: list[bytes]) -> None:
        odd = np.flatnonzero(~np.isfinite(means).all(axis=1))
        if len(odd):
            raise InputError(
                f"{self._file.path}: expected finite numbers, got NaN, infinity or too large ones "
                f"for {words[odd[0]].decode('utf-8', 'replace')!r}; fetch the file again"
            )

    def _average(self, sums: Matrix, words: list[bytes], rows: NDArray[np.int64] | None) -> None:
        file, matrix = self._file, self._matrix()
        owners = np.flatnonzero([word != _END_OF_SENTENCE for word in words])
        buckets, counts = subword_buckets(
            [words[owner] for owner in owners], file.shortest, file.longest, file.buckets
        )
        totals = np.zeros(len(words), np.int64)
        totals[owners] = counts
        if rows is not None:
            matrix.add_to(sums, np.arange(len(words)), rows)
            totals += 1
        matrix.add_to(sums, np.repeat(owners, counts), file.words + buckets)
        sums /= np.maximum(totals, 1).astype(np.float32)[:, None]
