"""Word vectors of any kind of the configuration, opened from their files.

Libraries are imported for the kind that needs them: spaCy alone takes seconds.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import compress, islice
from pathlib import Path
from typing import Any, cast

import numpy as np

from wordbridge.arrays import l2_normalize, map_npy
from wordbridge.errors import InputError, shorten
from wordbridge.files import decode
from wordbridge.progress import progress
from wordbridge.text import MAX_LINE, open_text, read_lines
from wordbridge.vectors.protocol import ListedVectors, Mask, Matrix, WordVectors
from wordbridge.vectors.words import WordKeys, word_key

_PARQUET = b"PAR1"
_HEADER = re.compile(r"([0-9]+) +([0-9]+)")
_MAX_DIM = 100_000  # a first line with more is no header
_DECIMAL = re.compile(rb"-?\d*\.\d+(e-?\d+)?")


def open_vectors(block: Mapping[str, Any], files: Mapping[str, str | Path]) -> WordVectors:
    """Return the vectors that a ``block`` of the configuration describes.

    ``files`` has the files of the kind under the keys of the block, and may have others. Vectors
    of kind trained are a fastText model. Raises InputError for a file of another format.
    """
    kind = block["kind"]
    if kind == "random":
        return RandomVectors(block["dim"])
    if kind in ("fasttext", "trained"):
        from wordbridge.vectors.fasttext import FastTextBin

        return FastTextBin(files["bin"], unit_length=block.get("unit_length", False))
    if kind == "text":
        return TextVectors(files["vec"])
    if kind == "spacy":
        return SpacyVectors(files["vectors"], files["key2row"])
    return NpyVectors(files["matrix"], files["words"])


def open_concatenation(
    blocks: Sequence[Mapping[str, Any]], files: Mapping[str, str | Path]
) -> WordVectors:
    """Return the vectors of the first of ``blocks``, with those of the others appended.

    ``files`` has the files of block n, from 0, under the keys of the block and, after the first
    block, the prefix "n_". Raises InputError as ``open_vectors``.
    """
    first = open_vectors(blocks[0], files)
    if len(blocks) == 1:
        return first
    others = []
    for number, block in enumerate(blocks[1:], start=1):
        others.append(open_vectors(block, with_prefix(files, f"{number}_")))
    # The configuration has a listed table first.
    return ConcatenatedVectors(cast(ListedVectors, first), others)


def with_prefix(files: Mapping[str, str | Path], prefix: str) -> dict[str, str | Path]:
    """Return the files whose keys begin with ``prefix``, under the rest of the key."""
    return {k.removeprefix(prefix): path for k, path in files.items() if k.startswith(prefix)}


class ConcatenatedVectors:
    """The words of ``first``, each with its vectors of all tables, one after the other.

    Each part has unit length, so that all count equally in a cosine, or is zeros if its table
    lacks the word (CONC of Yin and Schütze 2016, with equal weights).
    """

    def __init__(self, first: ListedVectors, others: Sequence[WordVectors]) -> None:
        self._first, self._others = first, others
        self.dim = first.dim + sum(other.dim for other in others)

    @property
    def size(self) -> int:
        """Return the number of words with a vector."""
        return self._first.size

    def words(self) -> Iterator[str]:
        """Yield the words of the first table in its order."""
        return self._first.words()

    def lookup(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        """Return the vectors (words in the first table, dim) and a mask of these words.

        Raises InputError as the ``lookup`` of the tables.
        """
        vectors, mask = self._first.lookup(words)
        known, end = list(compress(words, mask)), self._first.dim
        matrix = np.zeros((len(known), self.dim), np.float32)
        matrix[:, :end] = l2_normalize(vectors)
        for other in self._others:
            vectors, has_vector = other.lookup(known)
            start, end = end, end + other.dim
            matrix[has_vector, start:end] = l2_normalize(vectors)
        return matrix, mask


class RandomVectors:
    """An empty table: embeddings of dimension ``dim`` start at random."""

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self.size = 0

    def lookup(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        """Return no vectors (0, dim) and a mask without words."""
        return np.zeros((0, self.dim), np.float32), np.zeros(len(words), np.bool_)


class TextVectors:
    """The vectors of a ``.vec`` text, plain or compressed, read from start to end by each lookup.

    The first line may be the numbers of words and dimensions, as in fastText's files, or the
    first word, as in GloVe's. A word may contain spaces: numbers are counted from the right. The
    first of two equal words counts.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        with open_text(path) as lines:
            first = decode(lines.readline(MAX_LINE), path).replace("\t", " ").strip()
        header = _HEADER.fullmatch(first)
        self._header_size = int(header[1]) if header else None
        self._first_line = 2 if header else 1
        self.dim = int(header[2]) if header else len(first.split()) - 1
        if not 0 < self.dim <= _MAX_DIM:
            raise self._error(1, "a word and its numbers, separated by spaces", repr(first[:40]))

    @property
    def size(self) -> int:
        """Return the number of words in the header, or of lines where there is no header."""
        return sum(1 for _ in self.words()) if self._header_size is None else self._header_size

    def words(self) -> Iterator[str]:
        """Yield the words in the order of the file. Raises InputError as ``lookup`` does."""
        for _, word, _ in self._rows():
            yield word

    def lookup(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        """Return the vectors (words in the file, dim) and a mask of the words in the file.

        Raises InputError with file and line for a line with another number of numbers, a vector
        that is not finite, words that are not UTF-8, and a file that ends inside a line.
        """
        keys = [word_key(word) for word in words]
        needed = set(keys)
        vectors: dict[str, Matrix] = {}
        for line, word, numbers in self._rows("vectors"):
            if word in needed and word not in vectors:
                vectors[word] = self._parse(line, numbers)
        mask = np.array([key in vectors for key in keys], np.bool_)
        rows = [vectors[key] for key in keys if key in vectors]
        return np.array(rows, np.float32).reshape(-1, self.dim), mask

    def _rows(self, bar: str = "") -> Iterator[tuple[int, str, bytes]]:
        """Yield line number, word and numbers, still as text, of each line after the header.

        ``bar`` names a progress bar, "" shows none.
        """
        keys, number, count, line = WordKeys(self._path, "line"), 1, 0, b"\n"
        with open_text(self._path) as lines:
            rows: Iterable[bytes] = islice(lines, self._first_line - 1, None)
            if bar:
                rows = progress(rows, bar, self._header_size, "lines")
            for number, line in enumerate(rows, start=self._first_line):
                if fields := line.replace(b"\t", b" ").rstrip():
                    word, numbers = self._split(number, fields)
                    count += 1
                    if (key := keys.key(word, number)) is not None:
                        yield number, key, numbers
        keys.check()
        if self._header_size not in (None, count):
            promise = f"{self._header_size} words, as in the first line"
            if not count or not line.endswith(b"\n"):
                raise self._error(number, promise, f"{count} and the end of the file")
            print(f"warning: {self._path}: expected {promise}, got {count}", file=sys.stderr)

    def _split(self, number: int, line: bytes) -> tuple[bytes, bytes]:
        extra = line.count(b" ") - self.dim
        if extra < 0:
            is_text = line.decode(errors="ignore").encode() == line
            got = f"{extra + self.dim}{'' if is_text else ' in the binary format of word2vec'}"
            raise self._error(number, f"a word and {self.dim} numbers", got)
        if b"\r" in line:
            raise self._error(number, r"lines that end in \n or \r\n", r"\r alone; use mac2unix")
        word, _, numbers = line.partition(b" ")
        if extra:  # spaces in the word or more than one between numbers; ten times slower
            word, *fields = line.rsplit(None, self.dim)
            numbers = b" ".join(fields)
        # A fraction at the end of a word is more likely one number too many.
        if extra and _DECIMAL.fullmatch(word.rpartition(b" ")[2]):
            raise self._error(number, f"a word and {self.dim} numbers", "more numbers")
        return word, numbers

    def _parse(self, number: int, text: bytes) -> Matrix:
        try:
            with np.errstate(over="ignore"):  # reported below
                vector = np.array(text.split(), np.float32)
        except ValueError as error:
            raise self._error(number, f"{self.dim} numbers", str(error)) from error
        if not np.isfinite(vector).all():
            raise self._error(number, "finite numbers", "NaN, infinity or too large ones")
        if len(vector) != self.dim:
            raise self._error(number, f"a word and {self.dim} numbers", f"{len(vector)}")
        return vector

    def _error(self, number: int, expected: str, got: object) -> InputError:
        return InputError(
            f"{self._path}, line {number}: expected {expected}, got {got}; "
            "correct the line, or fetch the file again"
        )


class _MatrixVectors:
    """Words as rows of a .npy matrix, which stays on disk: only looked-up rows are read."""

    def __init__(self, path: str | Path) -> None:
        with _input_errors(path, "no .npy matrix can be read", "fetch or make the file again"):
            self._matrix = map_npy(path)
        shape, dtype = self._matrix.shape, self._matrix.dtype
        if len(shape) != 2 or dtype.kind != "f":
            raise InputError(
                f"{path}: expected a matrix (words, dim) of floating-point numbers, got "
                f"{dtype} of shape {shape}; name the file that has the vectors"
            )
        self._path, self.dim = path, int(shape[1])
        self._rows: dict[Any, int] = {}  # by key

    @property
    def size(self) -> int:
        """Return the number of words with a row."""
        return len(self._rows)

    def lookup(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        """Return the vectors (words with a row, dim) and a mask of these words.

        Raises InputError when one of the vectors is not finite.
        """
        numbers = np.array([self._rows.get(key, -1) for key in self._keys(words)], np.int64)
        mask: Mask = numbers >= 0
        vectors = np.asarray(self._matrix[numbers[mask]], np.float32)
        invalid = numbers[mask][~np.isfinite(vectors).all(axis=1)]
        if len(invalid):
            raise InputError(
                f"{self._path}, row {invalid[0]}: expected finite numbers, got NaN or infinity; "
                "fetch or make the file again"
            )
        return vectors, mask

    def _keys(self, words: Sequence[str]) -> Iterable[Any]:
        return map(word_key, words)


class NpyVectors(_MatrixVectors):
    """The rows of the .npy ``matrix``, named in order by the file ``words``.

    ``words`` has one word a line, up to a tab; or it is a Parquet table with one column of text.
    The first of two equal words counts.
    """

    def __init__(self, matrix: str | Path, words: str | Path) -> None:
        super().__init__(matrix)
        names = _read_words(Path(words))
        if len(names) != len(self._matrix):
            raise InputError(
                f"{words}: expected {len(self._matrix)} words, as {matrix} has rows, "
                f"got {len(names)}; take the list that belongs to the matrix"
            )
        for row, name in enumerate(names):
            self._rows.setdefault(name, row)

    def words(self) -> Iterator[str]:
        """Yield the words in the order of the file, each once."""
        yield from self._rows


class SpacyVectors(_MatrixVectors):
    """The table of a spaCy pipeline: its files ``vocab/vectors`` and ``key2row``.

    Many words may share a row (pruned tables). spaCy finds a word by the id of its string, which
    is a hash except for about a hundred words such as "aux" and "number", the names of its own
    symbols.
    """

    def __init__(self, vectors: str | Path, key2row: str | Path) -> None:
        super().__init__(vectors)
        self._rows = _read_spacy_rows(Path(key2row))
        if not self._rows:
            raise InputError(
                f"{key2row}: expected words with a row each, got none; take a pipeline with a "
                "plain table of vectors (floret's tables, which have no words, are not supported)"
            )
        last = max(self._rows.values())
        if min(self._rows.values()) < 0 or last >= len(self._matrix):
            raise InputError(
                f"{key2row}: names row {last}, but {vectors} has {len(self._matrix)} rows; "
                "take both from the same pipeline"
            )

    def _keys(self, words: Sequence[str]) -> Iterable[Any]:
        from spacy.strings import get_string_id

        return (get_string_id(word_key(word)) for word in words)


def _read_words(path: Path) -> list[str]:
    problem, remedy = "no list of words can be read", "name the list of the matrix"
    with _input_errors(path, problem, remedy), path.open("rb") as file:
        # The first bytes decide: a fetched file has the name of its resource.
        is_table = file.read(len(_PARQUET)) == _PARQUET
    words = _read_parquet(path) if is_table else (line.split("\t")[0] for line in read_lines(path))
    return list(map(word_key, words))


def _read_parquet(path: Path) -> list[str]:
    """Return the words in the only text column of a Parquet file."""
    import pyarrow
    from pyarrow import parquet

    errors = (OSError, ValueError, pyarrow.ArrowException)  # ValueError: bytes that are not UTF-8
    with (
        _input_errors(path, "no Parquet table can be read", "fetch the file again", errors),
        parquet.ParquetFile(path) as file,
    ):
        kinds = (pyarrow.string(), pyarrow.large_string())
        names = [field.name for field in file.schema_arrow if field.type in kinds]
        columns = [file.read(columns=[name])[name].to_pylist() for name in names]
    if len(columns) != 1 or None in columns[0]:
        raise InputError(
            f"{path}: expected one text column without gaps, got the text columns "
            f"{', '.join(names) or '(none)'}; write the words in order as text, one a line"
        )
    return [str(word) for word in columns[0]]


def _read_spacy_rows(path: Path) -> dict[int, int]:
    """Return the row of each string id."""
    import srsly

    errors = (OSError, AttributeError, TypeError, ArithmeticError, ValueError)
    expected = "expected spaCy's vocab/key2row, which numbers the rows, got none"
    remedy = "take it from the pipeline that the vectors are from"
    with _input_errors(path, expected, remedy, errors):
        table = srsly.msgpack_loads(path.read_bytes())
        ids = np.fromiter(table, np.uint64).tolist()
        return dict(zip(ids, np.fromiter(table.values(), np.int64).tolist(), strict=True))


@contextmanager
def _input_errors(
    path: str | Path,
    problem: str,
    remedy: str,
    errors: tuple[type[Exception], ...] = (OSError, ValueError),
) -> Iterator[None]:
    """Turn ``errors`` of the block into an InputError about ``path``."""
    try:
        yield
    except errors as error:
        raise InputError(f"{path}: {problem} ({shorten(error)}); {remedy}") from error
