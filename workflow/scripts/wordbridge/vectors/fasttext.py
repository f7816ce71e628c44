"""Word vectors of a fastText ``.bin`` file, in a tenth of the library's memory.

The file has the settings, the dictionary and the input matrix, in which the rows of the words come
before the rows of the n-gram buckets. Only the needed rows are read.
"""

import mmap
import re
import struct
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordbridge.errors import InputError
from wordbridge.vectors.protocol import Mask, Matrix
from wordbridge.vectors.words import WordKeys, word_key

_END_OF_SENTENCE = b"</s>"  # fastText gives this word no subwords
_BLOCK_WORDS = 2**15  # hashed at once: about a million n-grams
_MAGIC = 793712314
_VERSIONS = (11, 12)
_SUPERVISED = 3

# Magic, version; dim, ws, epoch, minCount, neg, wordNgrams, loss, model, bucket, minn, maxn,
# lrUpdateRate, t; entries, words, labels, tokens, pruned rows.
_HEAD = struct.Struct("<ii 12i d iiiqq")
_MATRIX = struct.Struct("<?qq")  # quantized or not, rows, columns

# A word ends with NUL; 8 bytes of count and 1 of type follow. The incomplete entry at the end of a
# chunk is one match without a word: a match tried at each of its bytes could take hours.
# A regular expression is five times as fast as a loop.
_ENTRY = re.compile(rb"([^\0]*+)\0.{9}|.++", re.DOTALL)
_ENTRY_REST = 1 + 8 + 1  # bytes of an entry after its word
_CHUNK_BYTES = 2**20
_MAX_SUBWORD = 100  # characters; fastText's default is 6, and each more takes memory


class FastTextBin:
    """The word vectors of one model.

    A vector is the mean of the word's own row, where it has one, and the rows of its subwords, as
    in Facebook's fastText and the lesson. With ``unit_length`` it is divided by its length, as
    ``get_word_vector`` of the package fasttext-community (0.11.9) does. Raises InputError when the
    file is not a fastText model of a supported version, or quantized.
    """

    def __init__(self, path: str | Path, *, unit_length: bool = False) -> None:
        self._path, self._unit_length = Path(path), unit_length
        try:
            with self._path.open("rb") as file:
                self._content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
            raise InputError(f"{path}: no fastText model can be read ({error})") from error
        self._read_head()

    def _read_head(self) -> None:
        """Read the settings that determine the vectors, under fastText's names."""
        path, content = self._path, self._content
        if len(content) < _HEAD.size or struct.unpack_from("<i", content)[0] != _MAGIC:
            raise InputError(
                f"{path}: expected a fastText .bin model, which begins with the number {_MAGIC}, "
                f"got {content[:16]!r}; unpack it if it is packed, name it as kind text if it is "
                ".vec text, and convert models from before 2017 with the fastText of that time"
            )
        version, self.dim, *settings = _HEAD.unpack_from(content)[1:]
        model, self._bucket, self._minn, maxn = settings[6:10]
        self._entries, self.size, _, _, pruned = settings[12:]
        if version not in _VERSIONS:
            raise InputError(
                f"{path}: fastText format version {version}, expected one of {_VERSIONS}; "
                "load the model with the fastText it comes from and save it again"
            )
        sizes = (self.dim, self.size, self._entries - self.size, self._bucket)
        if min(sizes) < 0 or self.dim == 0 or maxn > _MAX_SUBWORD:
            raise InputError(
                f"{path}: impossible settings ({self.dim} dimensions, {self.size} words of "
                f"{self._entries} entries, {self._bucket} buckets, subwords of {maxn} characters); "
                "the file is damaged, fetch it again"
            )
        if pruned >= 0:
            raise _quantized(path)
        # Classifiers had no subwords before version 12, whatever the field has.
        self._maxn = 0 if version == 11 and model == _SUPERVISED else max(maxn, 0)

    def words(self) -> Iterator[str]:
        """Yield the words in the model's order: the most frequent first."""
        for key, _, _ in self._words():
            yield key

    def lookup(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        """Return the vectors (words in the dictionary, dim) and a mask of these words.

        Raises InputError when a vector is not finite or the words are not UTF-8.
        """
        keys = [word_key(word) for word in words]
        needed = set(keys)
        rows: dict[str, tuple[bytes, int]] = {}
        for key, word, row in self._words():
            if key in needed:
                rows.setdefault(key, (word, row))
        mask = np.array([key in rows for key in keys], np.bool_)
        present = [rows[key] for key in keys if key in rows]
        numbers = np.array([row for _, row in present], np.int64)
        return self._vectors([word for word, _ in present], numbers), mask

    def compose(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        """Return vectors made of subwords alone (words with any, dim) and a mask of these words.

        fastText gives them to words that are not in the dictionary.
        """
        matrix = self._vectors([word_key(word).encode() for word in words], None)
        mask: Mask = np.any(matrix, axis=1)
        return np.asarray(matrix[mask]), mask

    def _vectors(self, words: list[bytes], rows: NDArray[np.int64] | None) -> Matrix:
        """Return the vectors of ``words``, of their subwords alone where ``rows`` is None."""
        means = np.zeros((len(words), self.dim), np.float32)
        for start in range(0, len(words), _BLOCK_WORDS):
            block = slice(start, start + _BLOCK_WORDS)
            with np.errstate(over="ignore", invalid="ignore"):  # reported below
                block_rows = None if rows is None else rows[block]
                self._average(means[block], words[block], block_rows)
        invalid = np.flatnonzero(~np.isfinite(means).all(axis=1))
        if len(invalid):
            raise InputError(
                f"{self._path}: expected finite numbers, got NaN, infinity or too large ones "
                f"for {words[invalid[0]].decode('utf-8', 'replace')!r}; fetch the file again"
            )
        if self._unit_length:
            norms = np.linalg.norm(means, axis=1, keepdims=True)
            np.divide(means, norms, out=means, where=norms > 0)
        return means

    def _average(self, sums: Matrix, words: list[bytes], rows: NDArray[np.int64] | None) -> None:
        owners = np.flatnonzero([word != _END_OF_SENTENCE for word in words])
        with_subwords = [words[owner] for owner in owners]
        buckets, counts = subword_buckets(with_subwords, self._minn, self._maxn, self._bucket)
        totals = np.zeros(len(words), np.int64)
        totals[owners] = counts
        if rows is not None:
            self._matrix.add_to(sums, np.arange(len(words)), rows)
            totals += 1
        self._matrix.add_to(sums, np.repeat(owners, counts), self.size + buckets)
        sums /= np.maximum(totals, 1).astype(np.float32)[:, None]

    def _words(self) -> Iterator[tuple[str, bytes, int]]:
        """Yield the key of each word in UTF-8, the word and its row.

        Labels, which come last, have no row: the buckets follow the words.
        """
        keys = WordKeys(self._path, "word")
        for row, word in enumerate(islice(self._dictionary(), self.size)):
            if (key := keys.key(word, row + 1)) is not None:
                yield key, word, row
        keys.check()

    def _dictionary(self) -> Iterator[bytes]:
        """Yield the words, then the labels, in order. Raises InputError for a truncated file."""
        offset, remaining = _HEAD.size, self._entries
        while remaining:
            words = _ENTRY.findall(self._content, offset, offset + _CHUNK_BYTES)
            if words and not words[-1]:
                del words[-1]
            del words[remaining:]
            if not words:
                raise _truncated(self._path, "its dictionary")
            offset += sum(map(len, words)) + _ENTRY_REST * len(words)
            remaining -= len(words)
            yield from words

    @cached_property
    def _matrix(self) -> "MmapRows":
        """The input matrix, which follows the dictionary.

        Raises InputError when it is quantized, truncated or of a size that the settings exclude.
        """
        dictionary_end = _HEAD.size + sum(len(word) + _ENTRY_REST for word in self._dictionary())
        if dictionary_end + _MATRIX.size > len(self._content):
            raise _truncated(self._path, "the size of its matrix")
        quantized, rows, dim = _MATRIX.unpack_from(self._content, dictionary_end)
        if quantized:
            raise _quantized(self._path)
        min_rows = self.size + (self._bucket if self._maxn else 0)
        if dim != self.dim or rows < min_rows:
            raise InputError(
                f"{self._path}: expected a matrix of at least {min_rows} rows of {self.dim} "
                f"numbers, got {rows} of {dim}; the file is damaged, fetch it again"
            )
        offset = dictionary_end + _MATRIX.size
        if offset + rows * dim * 4 > len(self._content):
            raise _truncated(self._path, f"its matrix of {rows} x {dim}")
        return MmapRows(self._content, offset, rows, dim)


def _truncated(path: Path, where: str) -> InputError:
    return InputError(f"{path}: the file ends inside {where}; it is truncated, fetch it again")


def _quantized(path: Path) -> InputError:
    return InputError(
        f"{path}: a quantized fastText model (.ftz), expected a full one (.bin): the rows of "
        "words are no longer in it; take the .bin it was made from, or its .vec text"
    )


# The bytes of the file that are resident at one time: they count as memory of the process.
_WINDOW_BYTES = 128 * 2**20
_CHUNK_ROWS = 512  # a chunk of rows of 300 numbers stays in a core's cache


class MmapRows(NamedTuple):
    """A row-major float32 matrix (rows, dim) that starts ``offset`` bytes into a mapped file."""

    file: mmap.mmap
    offset: int
    rows: int
    dim: int

    def add_to(self, sums: Matrix, owners: NDArray[np.int64], rows: NDArray[np.int64]) -> None:
        """Add row ``rows[i]`` to ``sums[owners[i]]`` for every i; ``owners`` ascend.

        The file is read once from start to end, and each window is released afterwards, so that
        memory depends neither on the file nor on the number of rows.
        """
        per_window = max(_WINDOW_BYTES // (4 * self.dim), 1)
        window = (rows // per_window).astype(np.int16)  # small integers sort ten times faster
        order = np.argsort(window, kind="stable")
        for group in np.split(order, np.flatnonzero(np.diff(window[order])) + 1):
            if len(group):
                self._add_window(sums, owners[group], rows[group])
                self._release(int(window[group[0]]) * per_window, per_window)

    def _add_window(self, sums: Matrix, owners: NDArray[np.int64], rows: NDArray[np.int64]) -> None:
        # As bytes: the matrix follows a dictionary of any length, and numpy would copy all of a
        # float matrix that does not begin at a multiple of four.
        size = self.rows * self.dim * 4
        table = np.frombuffer(self.file, np.uint8, size, self.offset).reshape(self.rows, -1)
        unique, first, counts = np.unique(owners, return_index=True, return_counts=True)
        # Owners with the most rows come first, so that those with a k-th row are a prefix.
        order = np.argsort(-counts, kind="stable")
        buffer = np.empty((_CHUNK_ROWS, self.dim * 4), np.uint8)
        for start in range(0, len(order), _CHUNK_ROWS):
            chunk = order[start : start + _CHUNK_ROWS]
            total = np.zeros((len(chunk), self.dim), np.float32)
            for k in range(counts[chunk[0]]):
                out = buffer[: np.count_nonzero(counts[chunk] > k)]
                np.take(table, rows[first[chunk[: len(out)]] + k], axis=0, out=out, mode="clip")
                total[: len(out)] += out.view("<f4")
            sums[unique[chunk]] += total

    def _release(self, first_row: int, rows: int) -> None:
        if hasattr(mmap, "MADV_DONTNEED"):  # systems without it reclaim memory themselves
            start = self.offset + first_row * self.dim * 4
            end = min(start + rows * self.dim * 4, len(self.file))
            start -= start % mmap.PAGESIZE
            self.file.madvise(mmap.MADV_DONTNEED, start, end - start)


_BASIS, _PRIME = np.uint32(2166136261), np.uint32(16777619)  # FNV-1a, 32 bits
_MAX_CHARACTER = 4  # bytes of UTF-8


def subword_buckets(
    words: Sequence[bytes], minn: int, maxn: int, bucket: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the buckets of the n-grams of all ``words`` in one array, and the count of each word.

    The n-grams of a word (UTF-8) have ``minn`` to ``maxn`` characters of ``<word>``, without the
    single ``<`` and ``>`` (Bojanowski et al. 2017, section 3.2). They are hashed into ``bucket``
    buckets and ordered as in fastText: by first character, then by length.
    """
    lengths = range(max(minn, 1), maxn + 1)
    if not words or not lengths or bucket <= 0:
        return np.zeros(0, np.int64), np.zeros(len(words), np.int64)
    text = _Characters(words)
    size = len(text.word)
    hashes = np.zeros((size, len(lengths)), np.uint32)
    exists = np.zeros(hashes.shape, np.bool_)
    running = np.full(size, _BASIS)
    for length in range(1, min(maxn, size) + 1):
        count = size - length + 1
        running = text.extend(running[:count], length - 1)
        if length in lengths:
            column = length - lengths[0]
            hashes[:count, column] = running
            exists[:count, column] = text.within_word(length)
    counts = np.bincount(text.word, weights=exists.sum(axis=1), minlength=len(words))
    return (hashes[exists] % np.uint32(bucket)).astype(np.int64), counts.astype(np.int64)


class _Characters:
    """The characters of ``<word><word>...``; ``word`` has the index of the word of each."""

    def __init__(self, words: Sequence[bytes]) -> None:
        data = np.frombuffer(b"".join(b"<%b>" % word for word in words), np.uint8)
        # fastText hashes signed bytes: from 0x80 on, the sign fills the upper 24 bits.
        self._bytes = data.view(np.int8).astype(np.int32).view(np.uint32)
        self._starts = np.flatnonzero((data & 0xC0) != 0x80)
        self._sizes = np.diff(self._starts, append=len(data))
        ends = np.cumsum([len(word) + len(b"<>") for word in words])
        self.word = np.searchsorted(ends, self._starts, side="right")

    def extend(self, running: NDArray[np.uint32], ahead: int) -> NDArray[np.uint32]:
        """Return each hash i of ``running``, extended by the character i + ``ahead``."""
        starts, sizes = self._starts[ahead:], self._sizes[ahead:]
        extended: NDArray[np.uint32] = (running ^ self._bytes[starts]) * _PRIME
        for offset in range(1, _MAX_CHARACTER):
            long = np.flatnonzero(sizes > offset)
            extended[long] = (extended[long] ^ self._bytes[starts[long] + offset]) * _PRIME
        return extended

    def within_word(self, length: int) -> NDArray[np.bool_]:
        """Return for each character whether an n-gram of this length starts there."""
        word = self.word
        if length == 1:  # "<" and ">" are no n-grams
            starts = np.diff(word, prepend=-1) > 0
            return np.asarray(~(starts | np.append(starts[1:], True)))
        return np.asarray(word[: len(word) - length + 1] == word[length - 1 :])
