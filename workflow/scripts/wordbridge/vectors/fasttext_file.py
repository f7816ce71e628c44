"""How a fastText ``.bin`` file is laid out: settings, dictionary, input matrix."""

import mmap
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wordbridge.errors import InputError
from wordbridge.vectors.mapped_rows import MappedRows

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

    def matrix(self, dictionary_end: int) -> MappedRows:
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
        return MappedRows(self.content, offset, rows, dim)


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
