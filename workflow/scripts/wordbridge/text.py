r"""Text that users supply: one rule for files, standard input and arguments.

Text is UTF-8, with or without a byte order mark. Lines end in \n or \r\n. Files may be compressed.
``clean`` returns the form in which texts are kept and compared.
"""

import bz2
import gzip
import lzma
import re
import sys
import unicodedata
import zipfile
import zlib
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import SEEK_CUR, BufferedReader
from itertools import chain
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from wordbridge.errors import InputError, shorten
from wordbridge.files import decode

BLOCK = 1 << 18  # bytes that are decoded and split at once: they stay in a core's cache
MAX_LINE = 1 << 24  # bytes; a file with longer lines is no text, and would fill the memory

_ASCII = bytes(range(0x20, 0x7F)) + b"\t\n\r"
_REMEDY = "unpack it, or set the member of its location in the configuration"
_AS_TEXT = "save it as plain or tab-separated text in UTF-8"
# zipfile raises RuntimeError for passwords, and its subclass for unknown methods of compression.
_DAMAGE = (zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError)


def clean(text: str) -> str:
    """Return ``text`` in Unicode NFC, without invisible characters and with plain spaces.

    Tabs and line ends stay. A second call changes nothing.
    """
    if text.isascii() and text.isprintable():
        return text
    rest = _rare_characters(text.encode("utf-8", "surrogatepass"))
    if all(map(_stays, rest)):
        return text
    for character in rest:
        if character.isspace():
            text = text.replace(character, " ")
        elif character < "\x80" or unicodedata.category(character) == "Cf":  # controls, formats
            text = text.replace(character, "")
    return unicodedata.normalize("NFC", text)


def clean_lines(lines: list[bytes]) -> list[str]:
    """Return clean texts of lines in UTF-8."""
    texts = [line.decode() for line in lines]
    is_clean = all(map(_stays, _rare_characters(b"".join(lines))))
    return texts if is_clean else [*map(clean, texts)]


def _rare_characters(data: bytes) -> set[str]:
    # Few characters are left here of most texts; a search through all would take ten times as long.
    return set(data.translate(None, _ASCII).decode("utf-8", "surrogatepass"))


def _stays(character: str) -> bool:
    """Return True only if ``clean`` leaves all texts of such characters as they are.

    None of them is a space, a control or a format, and none takes part in Unicode's compositions.
    """
    is_inert = character < "\u0300" or "\u2010" <= character < "\u20d0"
    return is_inert and character.isprintable()


# Characters that Python, pandas or a spreadsheet may take for the end of a field or of a line.
# The French spaces U+00A0, U+202F and U+2009 stay: the tokenizer normalizes them.
_ENDS = "\0\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"
_BREAK = re.compile(f"[{_ENDS}]")


def one_line(text: str) -> str:
    """Return ``text`` with each run of tabs, line ends and spaces around them as one space."""
    return " ".join(filter(None, (part.strip(" ") for part in _BREAK.split(text))))


def read_lines(path: str | Path) -> Iterator[str]:
    """Yield the clean lines of the text at ``path``, without their ends.

    The first bytes decide whether the file is compressed (.gz, .xz, .bz2, or a .zip with one
    file). Raises InputError for a missing, empty or damaged file and as ``decode`` does.
    """
    return chain.from_iterable(Text(path).lines())


class Block(NamedTuple):
    """Lines as UTF-8. Each ends with a line feed, at its offset in ``ends``."""

    data: bytes
    codes: NDArray[np.uint8]  # the data
    ends: NDArray[np.int64]


class Text:
    """A text file; ``count`` is the number of lines read so far.

    Of a plain file the bytes from ``start`` to ``stop`` may be read alone. Both are at ends of
    lines; ``count`` begins with the number of lines before ``start``.
    """

    def __init__(
        self, path: str | Path, start: int = 0, stop: int = sys.maxsize, count: int = 0
    ) -> None:
        self.path = path
        self.start, self.stop, self.count = start, stop, count

    def rest(self) -> "Text":
        """Return the text after this part, which was read."""
        return Text(self.path, self.stop, count=self.count)

    def lines(self) -> Iterator[list[str]]:
        """Yield the clean lines, some thousands at a time. Raises as ``read_lines`` does."""
        for block in self.blocks():
            text = block.data.decode()
            yield (text if _is_clean(block) else clean(text)).split("\n")[:-1]

    def blocks(self) -> Iterator[Block]:
        """Yield the lines in blocks, not clean yet. Raises as ``read_lines`` does."""
        for data in self._line_blocks():
            if not (self.count and _is_text(data)):
                data = decode(data, self.path, self.count + 1).encode()
            if data and not data.endswith(b"\n"):
                data += b"\n"
            codes = np.frombuffer(data, np.uint8)
            block = Block(data, codes, (codes == ord("\n")).nonzero()[0])
            self.count += len(block.ends)
            yield block
        if not self.count:
            raise InputError(
                f"{self.path}: expected lines of text, got an empty file; save or fetch it again"
            )

    def _line_blocks(self) -> Iterator[bytes]:
        """Yield the bytes in blocks that end at the end of a line."""
        bytes(4 * BLOCK)  # glibc then keeps freed arrays of blocks for the next ones
        position = self.start
        with open_text(self.path) as text:
            text.seek(position)
            while block := text.read(min(BLOCK, self.stop - position)):
                if not block.endswith(b"\n"):
                    block += text.readline(MAX_LINE + 1)
                if len(block) - block.rfind(b"\n", 0, -1) - 1 > MAX_LINE:
                    line = self.count + block.count(b"\n", 0, -1) + 1
                    raise InputError(
                        f"{self.path}, line {line}: expected lines of text, got one of more than "
                        f"{MAX_LINE} bytes; check that this is the right file"
                    )
                position += len(block)
                yield block


def _is_text(data: bytes) -> bool:
    """Return True only if ``decode`` leaves ``data``, which does not start at line 1, as it is."""
    if b"\r" in data or b"\0" in data:
        return False
    # U+0080 to U+07FF are 0xC2 to 0xDF and one of 0x80 to 0xBF: half the time of decoding.
    codes = np.frombuffer(data, np.uint8)
    first, second = codes >= 0xC0, codes.view(np.int8) < -0x40
    if codes.max() < 0xE0 and not (second[0] or first[-1]):
        is_pair = np.equal(first[:-1], second[1:], out=second[1:])
        return bool(is_pair.all()) and b"\xc0" not in data and b"\xc1" not in data
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_clean(block: Block) -> bool:
    """Return True only if ``clean`` leaves the lines in ``block`` as they are.

    These have tabs, printable ASCII and characters that stay.
    """
    data, codes, ends = block
    others = np.count_nonzero(codes < 0x20) - len(ends)
    if (others and others != data.count(b"\t")) or b"\x7f" in data:
        return False
    if codes.max(initial=0) >= 0xCC:
        return all(map(_stays, _rare_characters(data)))
    # Below U+0300 all but U+0080 to U+00A0 and the soft hyphen stay.
    signs = codes[(codes == 0xC2).nonzero()[0] + 1]  # U+0080 to U+00BF
    return not ((signs < 0xA1).any() or 0xAD in signs)


def is_plain(path: str | Path) -> bool:
    """Return whether ``path`` is a file that can be read and is not compressed."""
    with suppress(OSError), Path(path).open("rb") as file:
        return not file.peek(8).startswith(tuple(_PACKED))
    return False


def aligned_parts(path: str, other_path: str, size: int) -> Iterator[tuple[Text, Text]]:
    """Yield the same lines of two plain texts, about ``size`` bytes of the first at a time.

    The lines after the last part, of one text or both, are in none.
    """
    bytes(4 * BLOCK)  # as for a Text
    start = other_start = count = 0
    with open_text(path) as text, open_text(other_path) as other:
        while True:
            counts = (np.count_nonzero(_feeds(text.read(BLOCK))) for _ in range(size // BLOCK))
            lines = int(sum(counts)) + 1
            if not text.readline(MAX_LINE).endswith(b"\n") or not _skip_lines(other, lines):
                return
            stop, other_stop = text.tell(), other.tell()
            yield Text(path, start, stop, count), Text(other_path, other_start, other_stop, count)
            start, other_start, count = stop, other_stop, count + lines


def _skip_lines(text: BufferedReader, count: int) -> bool:
    """Move to the end of the next ``count`` lines; return False if there are fewer."""
    while block := text.read(BLOCK):
        feeds = _feeds(block)
        lines = int(np.count_nonzero(feeds))
        if lines >= count:
            text.seek(int(feeds.nonzero()[0][count - 1]) + 1 - len(block), SEEK_CUR)
            return True
        count -= lines
    return False


def _feeds(block: bytes) -> NDArray[np.bool_]:
    """Return which bytes are line feeds."""
    feeds: NDArray[np.bool_] = np.frombuffer(block, np.uint8) == ord("\n")
    return feeds


@contextmanager
def open_text(path: str | Path) -> Iterator[BufferedReader]:
    """Open the text at ``path``, unpacked. Raises InputError as ``read_lines`` does."""
    if not Path(path).is_file():
        raise InputError(f"{path}: expected a text file, got no file; check the path")
    try:
        with Path(path).open("rb") as file, _unpack(file) as text:
            check_format(text.peek(512), path)
            yield text
    except (EOFError, OSError, *_DAMAGE) as error:
        raise InputError(
            f"{path}: expected a text, plain or compressed, got an unreadable, damaged, truncated "
            f"or encrypted file ({shorten(error)}); fetch it again"
        ) from error


def check_format(start: bytes, path: object) -> None:
    """Raise InputError if the unpacked text at ``path`` begins as files of other formats do."""
    words = start.removeprefix(BOM_UTF8).lstrip().lower()
    kind = next((kind for magic, kind in _OTHER_FORMATS.items() if words.startswith(magic)), "")
    if start[257:262] == b"ustar":
        kind = f"a tar archive; {_REMEDY}"
    elif start.startswith(tuple(_PACKED)):
        kind = "a compressed file; unpack it first"
    if kind:
        raise InputError(f"{path}: expected a text, got {kind}")


def _unpack(file: BufferedReader) -> BufferedReader:
    """Return the text in ``file``, which may be compressed."""
    start = file.peek(8)
    kind = next((kind for magic, kind in _PACKED.items() if start.startswith(magic)), None)
    return file if kind is None else cast(BufferedReader, kind(file))


def _open_zip(file: BufferedReader) -> IO[bytes]:
    """Return the one file in a zip; macOS adds files of its own."""
    archive = zipfile.ZipFile(file)
    names = [name for name in archive.namelist() if not _NO_FILE.search(name)]
    if {"[Content_Types].xml", "mimetype"} & set(names):
        raise InputError(f"{file.name}: expected a text, got an office document; {_AS_TEXT}")
    if len(names) != 1:
        got = shorten(", ".join(sorted(names)) or "none")
        raise InputError(f"{file.name}: expected one file in the archive, got {got}; {_REMEDY}")
    return archive.open(names[0])


_NO_FILE = re.compile(
    r"[/\\]$|^__MACOSX[/\\]|(?:^|[/\\])(?:\._.*|\.DS_Store|Thumbs\.db|desktop\.ini)$"
)
_PACKED: dict[bytes, Any] = {  # how to open the format
    b"\x1f\x8b": gzip.open,
    b"\xfd7zXZ\0": lzma.open,
    b"BZh": bz2.open,
    b"PK\x03\x04": _open_zip,
    b"PK\x05\x06": _open_zip,  # without files
}
_OTHER_FORMATS = {  # by their first bytes in lower case
    b"\x28\xb5\x2f\xfd": f"a zstd archive; {_REMEDY}",
    b"7z\xbc\xaf": f"a 7z archive; {_REMEDY}",
    b"rar!\x1a": f"a rar archive; {_REMEDY}",
    b"\xd0\xcf\x11\xe0": f"an office document; {_AS_TEXT}",
    b"%pdf-": f"a PDF; {_AS_TEXT}",
    b"{\\rtf": f"an RTF document; {_AS_TEXT}",
    **dict.fromkeys(
        (b"<?xml", b"<tmx", b"<xliff", b"<srcset", b"<refset"),
        f"XML, as TMX and XLIFF are; {_AS_TEXT}",
    ),
    **dict.fromkeys((b"<!doctype html", b"<html"), "a web page; fetch the file again"),
    b"version https://git-lfs": "a pointer of Git LFS; run git lfs pull",
}
