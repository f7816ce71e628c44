"""Word vectors out of ``.vec`` text: a word and its numbers a line, plain or packed by gzip."""

import gzip
import re
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from wordbridge.errors import InputError
from wordbridge.progress import progress
from wordbridge.vectors.protocol import Mask, Matrix

_GZIP = b"\x1f\x8b"
_HEADER = re.compile(rb"(\d+) (\d+)")
_MOST_NUMBERS = 100_000  # in a line; a header that says more is none
_DECIMAL = re.compile(rb"-?\d*\.\d+(e-?\d+)?")


class TextVectors:
    """The vectors of one text file, read from its beginning to its end at each lookup.

    The first line may give the number of words and dimensions, as fastText writes it, or be
    the first word, as in GloVe. A word may hold spaces: numbers are counted from the right.
    Where a word comes twice, the first one counts.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        with self._open() as lines:
            first = next(lines, b"").rstrip()
        if b"\0" in first:
            raise self._fault(1, "text in UTF-8", first[:40])
        header = _HEADER.fullmatch(first)
        self._promised = int(header[1]) if header else None
        self._dim = int(header[2]) if header else first.count(b" ")
        if not 0 < self._dim <= _MOST_NUMBERS:
            raise self._fault(1, "a word and its numbers, with spaces between", first[:40])

    @property
    def dim(self) -> int:
        """Return the number of components of each vector."""
        return self._dim

    @property
    def size(self) -> int:
        """Return how many words the file says it has, or, where it does not say, has lines."""
        return sum(1 for _ in self.words()) if self._promised is None else self._promised

    def words(self) -> Iterator[str]:
        """Yield the words in the order of the file. Raises InputError as ``lookup`` does."""
        heads = 0 if self._promised is None else 1
        with self._open() as lines:
            for place, line in enumerate(islice(lines, heads, None), start=heads + 1):
                yield self._split(place, line)[0].decode("utf-8", "replace")

    def lookup(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        """Return the vectors (found words, dim) of the words in the file, and which they are.

        Raises InputError, with file and line, for a line of another number of numbers, a
        vector with something else than finite numbers, and a file with fewer lines than its
        first line says.
        """
        wanted = {word.encode() for word in words}
        vectors: dict[bytes, Matrix] = {}
        place = heads = 0 if self._promised is None else 1
        with self._open() as lines:
            shown = progress(islice(lines, heads, None), "vectors", self._promised, "lines")
            for place, line in enumerate(shown, start=heads + 1):
                word, numbers = self._split(place, line)
                if word in wanted and word not in vectors:
                    vectors[word] = self._numbers(place, numbers)
        if self._promised is not None and place - 1 < self._promised:
            expected = f"{self._promised} words, as its first line says"
            raise self._fault(place, expected, f"the end of the file after {place - 1}")
        spelled = [word.encode() for word in words]
        found = np.array([word in vectors for word in spelled], np.bool_)
        rows = [vectors[word] for word in spelled if word in vectors]
        return np.array(rows, np.float32).reshape(-1, self._dim), found

    @contextmanager
    def _open(self) -> Iterator[Iterator[bytes]]:
        try:
            with self._path.open("rb") as file:
                packed = file.read(2) == _GZIP
                file.seek(0)
                stream = gzip.GzipFile(fileobj=file) if packed else file
                if stream.peek(len(BOM_UTF8)).startswith(BOM_UTF8):
                    stream.read(len(BOM_UTF8))
                yield iter(cast(BinaryIO, stream))
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(
                f"{self._path}: no word vectors can be read ({error}); fetch the file again"
            ) from error

    def _split(self, place: int, line: bytes) -> tuple[bytes, bytes]:
        """Return the word and its numbers, still as text."""
        line = line.rstrip()
        extra = line.count(b" ") - self._dim
        if extra < 0:
            raise self._fault(place, f"a word and {self._dim} numbers", f"{extra + self._dim}")
        end = line.index(b" ")
        for _ in range(extra):
            end = line.index(b" ", end + 1)
        word = line[:end]
        # A fraction at the end of a word is rather one number too many.
        if extra and _DECIMAL.fullmatch(word.rpartition(b" ")[2]):
            raise self._fault(place, f"a word and {self._dim} numbers", "more numbers")
        return word, line[end:]

    def _numbers(self, place: int, text: bytes) -> Matrix:
        try:
            numbers = [float(field) for field in text.split()]
        except ValueError as error:
            raise self._fault(place, f"{self._dim} numbers", str(error)) from error
        with np.errstate(over="ignore"):  # told below
            vector = np.array(numbers, np.float32)
        if not np.isfinite(vector).all():
            raise self._fault(place, "finite numbers", "NaN, infinity or too large ones")
        if len(vector) != self._dim:
            raise self._fault(place, f"a word and {self._dim} numbers", f"{len(vector)}")
        return vector

    def _fault(self, place: int, expected: str, got: object) -> InputError:
        return InputError(
            f"{self._path}, line {place}: expected {expected}, got {got}; "
            "correct the line, or fetch the file again"
        )
