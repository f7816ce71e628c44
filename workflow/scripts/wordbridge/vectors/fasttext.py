"""Rows of a matrix in a file, read where they are needed and nowhere else.

How a fastText ``.bin`` file is laid out: settings, dictionary, input matrix.

The character n-grams that fastText makes a word of, as numbers of their buckets.

Word vectors out of a fastText ``.bin`` file, in memory that depends on the words asked for.
"""

import mmap
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wordbridge.errors import InputError
from wordbridge.vectors.protocol import Mask, Matrix

# The part of the file that is mapped at one time: it counts as memory of the process.
_WINDOW_BYTES = 128 * 2**20
_CHUNK_ROWS = 512  # a chunk of rows of 300 numbers stays in a core's cache


@dataclass(frozen=True)
class MmapRows:
    """A row-major float32 matrix (rows, dim) that starts ``offset`` bytes into a mapped file."""

    file: mmap.mmap
    offset: int
    rows: int
    dim: int

    def add_to(self, sums: Matrix, owners: NDArray[np.int64], rows: NDArray[np.int64]) -> None:
        """Add row ``rows[i]`` to ``sums[owners[i]]`` for every i; ``owners`` ascend.

        The file is passed once from its beginning to its end, and each stretch is given
        back to the system when done, so that memory depends neither on the file nor on the
        number of rows.
        """
        per_window = max(_WINDOW_BYTES // (4 * self.dim), 1)
        window = (rows // per_window).astype(np.int16)  # small integers sort ten times faster
        order = np.argsort(window, kind="stable")
        for group in np.split(order, np.flatnonzero(np.diff(window[order])) + 1):
            if len(group):
                self._add_window(sums, owners[group], rows[group])
                self._forget(int(window[group[0]]) * per_window, per_window)

    def _add_window(self, sums: Matrix, owners: NDArray[np.int64], rows: NDArray[np.int64]) -> None:
        # As bytes, because numpy copies a whole float matrix that does not begin at a multiple
        # of four: a dictionary of any length stands before this one.
        size = self.rows * self.dim * 4
        table = np.frombuffer(self.file, np.uint8, size, self.offset).reshape(self.rows, -1)
        owned, first, counts = np.unique(owners, return_index=True, return_counts=True)
        # Owners with many rows come first: those that have a k-th row are then the first of all.
        order = np.argsort(-counts, kind="stable")
        row = np.empty((_CHUNK_ROWS, self.dim * 4), np.uint8)
        for start in range(0, len(order), _CHUNK_ROWS):
            chunk = order[start : start + _CHUNK_ROWS]
            total = np.zeros((len(chunk), self.dim), np.float32)
            for turn in range(counts[chunk[0]]):
                taken = row[: np.count_nonzero(counts[chunk] > turn)]
                places = rows[first[chunk[: len(taken)]] + turn]
                np.take(table, places, axis=0, out=taken, mode="clip")
                total[: len(taken)] += taken.view("<f4")
            sums[owned[chunk]] += total

    def _forget(self, first_row: int, rows: int) -> None:
        if not hasattr(mmap, "MADV_DONTNEED"):  # systems without it reclaim memory themselves
            return
        start = self.offset + first_row * self.dim * 4
        end = min(start + rows * self.dim * 4, len(self.file))
        start -= start % mmap.PAGESIZE
        self.file.madvise(mmap.MADV_DONTNEED, start, end - start)


_MAGIC = 793712314
_VERSIONS = (11, 12)
_SUPERVISED = 3

# Magic, version; dim, ws, epoch, minCount, neg, wordNgrams, loss, model, bucket, minn, maxn,
# lrUpdateRate, t; entries, words, labels, tokens, pruned rows.
_HEAD = struct.Struct("<ii 12i d iiiqq")
_MATRIX = struct.Struct("<?qq")  # quantised or not, rows, columns

# A word ends with NUL; 8 bytes of count and 1 of type follow. What is left at the end of a chunk
# is one match without a word: tried anew from each of its bytes, it could take hours.
# An expression, because it is five times as fast as a loop.
_ENTRY = re.compile(rb"([^\0]*+)\0.{9}|.++", re.DOTALL)
_ENTRY_REST = 1 + 8 + 1  # bytes of an entry behind its word
_CHUNK_BYTES = 2**20
_LONGEST_SUBWORD = 100  # characters; fastText's own default is 6, and each one more takes memory


@dataclass(frozen=True)
class FastTextFile:
    """The settings of a model that decide its word vectors, and its mapped bytes."""

    path: Path
    content: mmap.mmap
    dim: int
    buckets: int
    shortest: int
    longest: int
    entries: int
    words: int

    def dictionary(self) -> Iterator[tuple[int, list[bytes]]]:
        """Yield some thousand words at a time, in order, behind the byte where their entries end.

        Labels, which come last, are among them. Raises InputError when the file is cut short.
        """
        place, left = _HEAD.size, self.entries
        if not left:
            yield place, []
        while left:
            found = _ENTRY.findall(self.content, place, place + _CHUNK_BYTES)
            if found and not found[-1]:
                del found[-1]
            del found[left:]
            if not found:
                raise _truncated(self.path, "its dictionary")
            place += sum(map(len, found)) + _ENTRY_REST * len(found)
            left -= len(found)
            yield place, found

    def matrix(self, dictionary_end: int) -> MmapRows:
        """Return the input matrix, which stands behind the dictionary.

        Raises InputError when it is quantised, cut short or of a size that the settings deny.
        """
        if dictionary_end + _MATRIX.size > len(self.content):
            raise _truncated(self.path, "the size of its matrix")
        quantised, rows, dim = _MATRIX.unpack_from(self.content, dictionary_end)
        if quantised:
            raise _quantised(self.path)
        needed = self.words + (self.buckets if self.longest else 0)
        if dim != self.dim or rows < needed:
            raise InputError(
                f"{self.path}: expected a matrix of at least {needed} rows of {self.dim} numbers, "
                f"got {rows} of {dim}; the file is damaged, fetch it again"
            )
        offset = dictionary_end + _MATRIX.size
        if offset + rows * dim * 4 > len(self.content):
            raise _truncated(self.path, f"its matrix of {rows} x {dim}")
        return MmapRows(self.content, offset, rows, dim)


def open_fasttext_file(path: str | Path) -> FastTextFile:
    """Return the file mapped into memory, its settings read.

    Raises InputError when it is not a fastText model of a known version, or quantised.
    """
    content = _map(Path(path))
    if len(content) < _HEAD.size or struct.unpack_from("<i", content)[0] != _MAGIC:
        raise InputError(
            f"{path}: expected a fastText .bin model, which begins with the number {_MAGIC}, "
            f"got {content[:16]!r}; unpack it if it is packed, name it as kind text if it is "
            ".vec text, and convert models from before 2017 with the fastText of that time"
        )
    version, dim, *rest = _HEAD.unpack_from(content)[1:]
    model, buckets, shortest, longest = rest[6:10]
    entries, words, _, _, pruned = rest[12:]
    if version not in _VERSIONS:
        raise InputError(
            f"{path}: fastText format version {version}, expected one of {_VERSIONS}; "
            "load the model with the fastText it comes from and save it again"
        )
    if min(dim, words, entries - words, buckets) < 0 or dim == 0 or longest > _LONGEST_SUBWORD:
        raise InputError(
            f"{path}: impossible settings ({dim} dimensions, {words} words of {entries} entries, "
            f"{buckets} buckets, subwords of {longest} characters); "
            "the file is damaged, fetch it again"
        )
    if pruned >= 0:
        raise _quantised(Path(path))
    if version == 11 and model == _SUPERVISED:
        longest = 0  # classifiers had no subwords before version 12, whatever they wrote here
    return FastTextFile(
        Path(path), content, dim, buckets, shortest, max(longest, 0), entries, words
    )


def _map(path: Path) -> mmap.mmap:
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
        raise InputError(f"{path}: no fastText model can be read ({error})") from error


def _truncated(path: Path, where: str) -> InputError:
    return InputError(f"{path}: the file ends inside {where}; it is cut short, fetch it again")


def _quantised(path: Path) -> InputError:
    return InputError(
        f"{path}: a quantised fastText model (.ftz), expected a full one (.bin): the rows of "
        "words are no longer in it; take the .bin it was made from, or its .vec text"
    )


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

    def _matrix(self) -> MmapRows:
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
