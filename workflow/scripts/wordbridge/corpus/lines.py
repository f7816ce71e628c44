"""Lines of UTF-8 text from plain, .gz and .zip files, read strictly and in constant memory."""

import gzip
import lzma
import zipfile
import zlib
from codecs import BOM_UTF8
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain, count
from pathlib import Path
from typing import BinaryIO

from wordbridge.errors import InputError, brief

# zipfile has a RuntimeError for passwords and unknown methods of compression.
_DAMAGES = (zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError)
BLOCK = 1 << 16  # bytes; whole blocks are decoded and split at once, and stay in a core's cache
_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # the second begins an archive without files
LONGEST = 1 << 24  # bytes of a line; what has longer ones is no text, and would fill the memory


def read_lines(path: str | Path) -> Iterator[str]:
    r"""Yield the lines of the text at ``path`` without their ends, which are \n or \r\n only.

    The first bytes, not the name, tell whether the file is compressed; a .zip holds one file. A
    byte order mark at the start is dropped. Raises InputError for a missing or empty file, bytes
    that are not UTF-8, NUL bytes, and damaged or truncated archives.
    """
    return chain.from_iterable(_Text(path).blocks())


def aligned_lines(fr_path: str | Path, en_path: str | Path) -> Iterator[tuple[int, str, str]]:
    """Yield (line number from 1, French line, English line) of two line-aligned texts.

    Raises InputError as ``read_lines`` does, and when the texts have different line counts.
    """
    fr, en = _Text(fr_path), _Text(en_path)
    fr_blocks, en_blocks = fr.blocks(), en.blocks()
    # Iterators in C hand the lines on, so that no Python code runs for a single line here.
    yield from zip(
        count(1), chain.from_iterable(fr_blocks), chain.from_iterable(en_blocks), strict=False
    )
    deque(chain(fr_blocks, en_blocks), maxlen=0)  # the longer text to its end, for its count
    if fr.count != en.count:
        raise InputError(
            f"expected line-aligned texts, got {fr.count} lines in {fr_path} and {en.count} in "
            f"{en_path}; check that both are whole and belong together"
        )


def tabbed_lines(
    path: str | Path, fr_column: int, en_column: int
) -> Iterator[tuple[int, str, str]]:
    """Yield (line number, French field, English field) of a tab-separated text.

    Line numbers and columns count from 1. Raises InputError as ``read_lines`` does, and for a
    line that lacks a column or has not as many fields as the first.
    """
    fr, en = fr_column - 1, en_column - 1
    width = 0
    for number, line in enumerate(read_lines(path), start=1):
        fields = line.split("\t")
        if len(fields) != width:
            if width or not 0 <= min(fr, en) <= max(fr, en) < len(fields):
                expected = f"{width} as in line 1" if width else f"columns {fr_column}, {en_column}"
                raise InputError(
                    f"{path}, line {number}: expected tab-separated fields ({expected}), got "
                    f"{len(fields)}; correct the line or the column numbers (from 1)"
                )
            width = len(fields)
        yield number, fields[fr], fields[en]


class _Text:
    """A text that counts the lines it has given out."""

    def __init__(self, path: str | Path) -> None:
        self.path = path
        self.count = 0

    def blocks(self) -> Iterator[list[str]]:
        """Yield all lines, some thousands at a time."""
        for block in self._whole_lines():
            lines = self._decode(block).split("\n")
            if not lines[-1]:
                lines.pop()
            self.count += len(lines)
            yield lines
        if not self.count:
            raise InputError(
                f"{self.path}: expected lines of text, got an empty file; fetch it again"
            )

    def _decode(self, block: bytes) -> str:
        """Return ``block`` as text in which only line feeds end lines."""
        if b"\0" in block:
            raise self._error(block, block.index(b"\0"), "text")
        try:
            text = block.decode("utf-8")
        except UnicodeDecodeError as error:
            raise self._error(block, error.start, "UTF-8") from error
        return text.replace("\r\n", "\n") if "\r" in text else text

    def _error(self, block: bytes, position: int, expected: str) -> InputError:
        line = self.count + block.count(b"\n", 0, position) + 1
        column = position - block.rfind(b"\n", 0, position)
        return InputError(
            f"{self.path}, line {line}: expected {expected}, got byte 0x{block[position]:02x} at "
            f"byte {column} of the line; convert the file to UTF-8 text"
        )

    def _too_long(self) -> InputError:
        return InputError(
            f"{self.path}, line {self.count + 1}: expected lines of text, got one of more than "
            f"{LONGEST} bytes; check that this is the right file"
        )

    def _whole_lines(self) -> Iterator[bytes]:
        """Yield the bytes in blocks that end at a line's end."""
        if not Path(self.path).is_file():
            raise InputError(f"{self.path}: expected a text file, got no file; check the path")
        try:
            with Path(self.path).open("rb") as file, self._unpacked(file) as read:
                begun: list[bytes] = []  # of a line that goes on in the next chunk
                first, length = True, 0
                for chunk in iter(partial(read, BLOCK), b""):
                    part = chunk.removeprefix(BOM_UTF8) if first else chunk
                    first = False
                    cut = part.rfind(b"\n") + 1
                    if cut:
                        yield b"".join((*begun, part[:cut]))
                        begun = []
                    begun.append(part[cut:])
                    length = len(begun[0]) if cut else length + len(part)
                    if length > LONGEST:
                        raise self._too_long()
                if any(begun):
                    yield b"".join(begun)
        except (EOFError, OSError, *_DAMAGES) as error:
            raise InputError(
                f"{self.path}: expected a text, plain or compressed, got one that cannot be read, "
                f"is damaged, truncated or locked ({brief(error)}); fetch it again"
            ) from error

    @contextmanager
    def _unpacked(self, file: BinaryIO) -> Iterator[Callable[[int], bytes]]:
        """Yield the function that reads so many bytes of the text."""
        start = file.read(4)
        file.seek(0)
        if start in _ZIP:
            with zipfile.ZipFile(file) as archive, archive.open(self._choose(archive)) as packed:
                yield packed.read
        elif start.startswith(_GZIP):
            with gzip.open(file) as unpacked:
                yield unpacked.read
        else:
            yield file.read

    def _choose(self, archive: zipfile.ZipFile) -> str:
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
        if len(names) != 1:
            raise InputError(
                f"{self.path}: expected one file in the archive, got "
                f"{', '.join(sorted(names)) or 'none'}; unpack the one that is meant"
            )
        return names[0]
