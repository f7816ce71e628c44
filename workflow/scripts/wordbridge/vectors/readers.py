"""Word vectors out of ``.vec`` text: a word and its numbers a line, plain or packed by gzip.

Word vectors out of a matrix in ``.npy`` and a list of its words.

Word vectors out of the tables of a spaCy pipeline, of which nothing else is needed.

No word vectors, for embeddings that start at random.

Word vectors of any kind, opened by the name of the kind.
"""

import gzip
import re
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import srsly
from numpy.typing import NDArray
from spacy.strings import StringStore
from spacy.vectors import Vectors

from wordbridge.arrays import map_npy
from wordbridge.errors import InputError, shorten
from wordbridge.progress import progress
from wordbridge.vectors.protocol import Mask, Matrix, WordVectors

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


_PARQUET = b"PAR1"


class NpyVectors:
    """The rows of ``matrix``, named in order by the file ``words``.

    It has a word a line, more may follow behind a tab; or it is a table in Apache Parquet with
    one column of texts. Where a word comes twice, the first one counts. The matrix stays in its
    file, only the rows of words that are asked for are read.
    """

    def __init__(self, matrix: str | Path, words: str | Path) -> None:
        self._path = Path(matrix)
        self._matrix = open_matrix(matrix)
        names = _names(Path(words))
        if len(names) != len(self._matrix):
            raise InputError(
                f"{words}: expected {len(self._matrix)} words, as {matrix} has rows, "
                f"got {len(names)}; take the list that belongs to the matrix"
            )
        backwards = zip(reversed(names), range(len(names) - 1, -1, -1), strict=True)
        self._rows = dict(backwards)

    @property
    def dim(self) -> int:
        """Return the number of components of each vector."""
        return int(self._matrix.shape[1])

    @property
    def size(self) -> int:
        """Return how many different words the list has."""
        return len(self._rows)

    def words(self) -> Iterator[str]:
        """Yield the words in the order of the file, each once."""
        yield from sorted(self._rows, key=self._rows.__getitem__)

    def lookup(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        """Return the vectors (found words, dim) of the words in the list, and which they are.

        Raises InputError when one of these vectors holds NaN or infinity.
        """
        found = np.array([word in self._rows for word in words], np.bool_)
        rows = [self._rows[word] for word in words if word in self._rows]
        vectors = np.asarray(self._matrix[np.array(rows, np.int64)], np.float32)
        if not np.isfinite(vectors).all():
            row = rows[int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])]
            raise InputError(
                f"{self._path}, row {row}: expected finite numbers, got NaN or infinity; "
                "make the file again"
            )
        return vectors, found


def open_matrix(path: str | Path) -> NDArray[Any]:
    """Return the matrix (words, dim) of a ``.npy`` file, left on disk until it is used.

    Raises InputError when the file is no such matrix of floating-point numbers.
    """
    try:
        matrix = map_npy(path)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path}: no .npy matrix can be read ({error}); fetch or make the file again"
        ) from error
    if matrix.ndim != 2 or matrix.dtype.kind != "f":
        raise InputError(
            f"{path}: expected a matrix (words, dim) of floating-point numbers, got "
            f"{matrix.dtype} of shape {matrix.shape}; name the file that holds the vectors"
        )
    return matrix


def _names(path: Path) -> list[str]:
    try:
        # By its first bytes: a fetched file has the name of its resource.
        content = path.read_bytes()
        if content.startswith(_PARQUET):
            return _column(path)
        lines = content.decode("utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: no list of words can be read ({error}); name the list of the matrix"
        ) from error
    return [line.rstrip("\r").split("\t")[0] for line in (lines if lines[-1] else lines[:-1])]


def _column(path: Path) -> list[str]:
    """Return the words in the one column of texts of a Parquet file."""
    # Large and needed for such files only.
    import pyarrow
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            kinds = (pyarrow.string(), pyarrow.large_string())
            texts = [field.name for field in file.schema_arrow if field.type in kinds]
            columns = [file.read(columns=[name])[name].to_pylist() for name in texts]
    except (OSError, pyarrow.ArrowException) as error:
        raise InputError(
            f"{path}: no Parquet table can be read ({shorten(error)}); fetch the file again"
        ) from error
    if len(columns) != 1 or None in columns[0]:
        got = f"the columns of texts {', '.join(texts) or '(none)'}"
        raise InputError(
            f"{path}: expected one column of texts without gaps, got {got}; "
            "write the words in their order as text, one a line"
        )
    return [str(word) for word in columns[0]]


_NUMBERS = (ArithmeticError, ValueError)  # those that no row and no key can have


class SpacyVectors:
    """The table of a pipeline: files ``vocab/vectors``, ``key2row`` and ``strings.json``.

    Many words may share a row (pruned tables). spaCy finds a word by the number of its
    string, which is a hash but for some hundred words such as "aux" and "number": they are
    names of spaCy's own symbols. ``strings``, where given, is used to see that the files
    belong together.
    """

    def __init__(
        self, vectors: str | Path, key2row: str | Path, strings: str | Path | None = None
    ) -> None:
        matrix = open_matrix(vectors)
        store = StringStore() if strings is None else _strings(Path(strings))
        self._table = Vectors(strings=store, data=np.asarray(matrix, np.float32))
        self._rows_path = Path(key2row)
        try:
            # The one setting: a part of a table's own format, which names its parts.
            part = {"key2row": self._rows_path.read_bytes()}
            self._table.from_bytes(srsly.msgpack_dumps(part))
            rows = np.fromiter(self._table.key2row.values(), np.int64)
            np.fromiter(self._table.key2row, np.uint64)  # a key of another kind is told here
        except (OSError, AttributeError, LookupError, TypeError, *_NUMBERS) as error:
            raise InputError(
                f"{key2row}: expected spaCy's vocab/key2row, which numbers the rows, got none "
                f"({shorten(error)}); take it from the pipeline that the vectors are from"
            ) from error
        if not len(rows):
            raise InputError(
                f"{key2row}: expected words with a row each, got none; take a pipeline with a "
                "plain table of vectors (floret's, which hold no words, are not read)"
            )
        if not 0 <= rows.min() <= rows.max() < len(matrix):
            raise InputError(
                f"{key2row}: names row {rows.max()}, but {vectors} has {len(matrix)} rows; "
                "take both from the same pipeline"
            )
        if strings is not None:
            self._check_names(Path(strings))

    @property
    def dim(self) -> int:
        """Return the number of components of each vector."""
        return int(self._table.shape[1])

    @property
    def size(self) -> int:
        """Return how many words have a row; fewer rows may serve them."""
        return len(self._table.key2row)

    def lookup(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        """Return the vectors (found words, dim) of the words in the table, and which they are."""
        rows = np.asarray(self._table.find(keys=list(words)), np.int64)
        found: Mask = rows >= 0
        return np.asarray(self._table.data[rows[found]], np.float32), found

    def _check_names(self, path: Path) -> None:
        keys = list(self._table.key2row)
        named = sum(key in self._table.strings for key in keys)
        if 2 * named < len(keys):
            raise InputError(
                f"{path}: names only {named} of the {len(keys)} keys in {self._rows_path}; "
                "take both from the same pipeline"
            )


def _strings(path: Path) -> StringStore:
    try:
        return StringStore().from_disk(path)
    except (OSError, ValueError, TypeError) as error:
        raise InputError(
            f"{path}: expected spaCy's vocab/strings.json, a list of words ({error})"
        ) from error


class RandomVectors:
    """A source that has no vector of ``dim`` numbers for any word."""

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self.size = 0

    def lookup(self, words: Sequence[str]) -> tuple[Matrix, Mask]:
        """Return no vectors (0, dim) and that no word has one."""
        return np.zeros((0, self.dim), np.float32), np.zeros(len(words), np.bool_)


# The files of each kind; those in brackets may be left out.
KINDS: Mapping[str, tuple[str, ...]] = {
    "fasttext": ("bin",),
    "text": ("vec",),
    "spacy": ("vectors", "key2row", "[strings]"),
    "npy": ("matrix", "words"),
}


def open_vectors(
    kind: str, paths: Mapping[str, str | Path], *, unit_length: bool = False
) -> WordVectors:
    """Return the vectors of one kind out of its files, which ``paths`` names as ``KINDS`` does.

    ``unit_length`` is for kind fasttext (see FastTextBin). Raises InputError for an unknown
    kind, for files that it lacks or has no use for, and for files of another format.
    """
    _check(kind, paths, unit_length)
    # A library is imported for the kind that needs it: spaCy alone takes seconds.
    if kind == "fasttext":
        from wordbridge.vectors.fasttext import FastTextBin

        return FastTextBin(paths["bin"], unit_length=unit_length)
    if kind == "text":
        return TextVectors(paths["vec"])
    if kind == "spacy":
        return SpacyVectors(paths["vectors"], paths["key2row"], paths.get("strings"))

    return NpyVectors(paths["matrix"], paths["words"])


def _check(kind: str, paths: Mapping[str, str | Path], unit_length: bool) -> None:
    if kind not in KINDS:
        near = get_close_matches(kind, KINDS, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}?" if near else "choose one of them"
        raise InputError(f"vectors of kind {kind!r}: expected one of {', '.join(KINDS)}; {hint}")
    known = {name.strip("[]") for name in KINDS[kind]}
    needed = {name for name in KINDS[kind] if not name.startswith("[")}
    if not needed <= paths.keys() <= known:
        raise InputError(
            f"vectors of kind {kind}: expected the files {', '.join(KINDS[kind])}, "
            f"got {', '.join(sorted(paths)) or 'none'}; name them in the configuration"
        )
    if unit_length and kind != "fasttext":
        raise InputError(
            f"vectors of kind {kind}: unit_length is for kind fasttext only; leave it out"
        )


def configured_vectors(block: Mapping[str, Any], files: Mapping[str, str | Path]) -> WordVectors:
    """Return the vectors that a ``block`` of the configuration describes, read from ``files``.

    The block holds the kind, and where they apply ``dim`` (kind random) and ``unit_length``
    (fastText's kinds). ``files`` may name others than those of the vectors. Kind trained is
    fastText's.
    """
    if block["kind"] == "random":
        return RandomVectors(block["dim"])
    kind = "fasttext" if block["kind"] == "trained" else str(block["kind"])
    known = {name.strip("[]") for name in KINDS.get(kind, ())}
    own = {name: path for name, path in files.items() if name in known}
    return open_vectors(kind, own, unit_length=block.get("unit_length", False))
