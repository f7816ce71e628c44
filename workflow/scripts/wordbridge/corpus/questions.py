"""Question pairs from the corpora of the configuration: pairs, lines of two files, or a table.

Pairs are cut down to what the lesson's two regular expressions match. Texts are UTF-8, plain, .gz
or .zip, and are read in constant memory.
"""

import gzip
import lzma
import re
import zipfile
import zlib
from codecs import BOM_UTF8
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import BufferedReader
from itertools import chain, count
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from wordbridge.corpus.pairs import Pair, read_pairs
from wordbridge.errors import InputError, shorten

Key = TypeVar("Key")
Matcher = Callable[[str], "re.Match[str] | None"]

# Reasons in the order of the report.
READ, KEPT = "read", "kept"
EMPTY = "empty on one side or both"
ENGLISH, FRENCH, NEITHER = "English does not match", "French does not match", "neither matches"
LONG = "too many characters"
REASONS = (READ, KEPT, EMPTY, ENGLISH, FRENCH, NEITHER, LONG)

BLOCK = 1 << 16  # bytes that are decoded and split at once: they stay in a core's cache

_MAX_LINE = 1 << 24  # bytes; a file with longer lines is no text, and would fill the memory
# A pattern without alternatives and extensions that ends in an escaped sign needs that sign.
_LAST_SIGN = re.compile(r"(?:[^\\(|]|\((?!\?)|\\[^|])*\\(?P<sign>[?.!])\)*")
_GZIP = b"\x1f\x8b"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # the second begins an archive without files
# zipfile raises RuntimeError for passwords, and its subclass for unknown methods of compression.
_DAMAGE = (zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError)


def extract_corpus(
    corpus: Mapping[str, Any],
    files: Mapping[str, str],
    questions: Mapping[str, Any],
    report: Counter[str],
) -> Iterator[Pair]:
    """Yield the question pairs of ``corpus``, of kind pairs, lines or table, read from ``files``.

    ``questions`` has fr_pattern, en_pattern and max_characters, as in ``extract_questions``.
    """
    if corpus["kind"] == "pairs":
        rows = ((pair, pair.fr, pair.en) for pair in read_pairs(files["pairs"]))
        for pair, fr, en in extract_questions(rows, report=report, **questions):
            yield pair._replace(fr=fr, en=en)
        return
    if corpus["kind"] == "lines":
        lines = aligned_lines(files["fr"], files["en"])
    else:
        lines = tabbed_lines(files["table"], corpus["fr_column"], corpus["en_column"])
    # Only matching lines become pairs: several times faster for millions of lines.
    for number, fr, en in extract_questions(lines, report=report, **questions):
        yield Pair(str(number), str(number), fr, en)


def extract_questions(
    rows: Iterable[tuple[Key, str, str]],
    fr_pattern: str | None,
    en_pattern: str | None,
    report: Counter[str],
    max_characters: int | None,
) -> Iterator[tuple[Key, str, str]]:
    """Yield the ``rows`` (key, French, English) cut down to what the patterns match, in order.

    The pattern None keeps whole sentences. ``report`` gets the counts by reason. Raises
    InputError for an invalid pattern and, at the end, when no row is kept.
    """
    fr_sign, fr_search = _compile(fr_pattern, "fr_pattern")
    en_sign, en_search = _compile(en_pattern, "en_pattern")
    limit = float("inf") if max_characters is None else max_characters
    read = kept = empty = english = french = long = 0  # faster than a Counter
    for key, fr, en in rows:
        read += 1
        # The search for one sign is several times cheaper than a pattern that fails.
        en_match = en_search(en) if en_sign in en else None
        fr_match = fr_search(fr) if fr_sign in fr else None
        if fr_match and en_match:
            fr_text, en_text = fr_match.group(), en_match.group()
            if not fr_text.strip() or not en_text.strip():
                empty += 1
            elif len(fr_text) > limit or len(en_text) > limit:
                long += 1
            else:
                kept += 1
                yield key, fr_text, en_text
        elif not fr or not en or fr.isspace() or en.isspace():
            empty += 1
        elif fr_match:
            english += 1
        elif en_match:
            french += 1
    neither = read - kept - empty - english - french - long
    counts = (read, kept, empty, english, french, neither, long)
    report.update(dict(zip(REASONS, counts, strict=True)))
    if not kept:
        raise InputError(
            f"expected sentence pairs that match the patterns, got none in {read} "
            f"(fr_pattern: {fr_pattern}, en_pattern: {en_pattern}); check the patterns, and that "
            "French and English are not swapped"
        )


def _compile(pattern: str | None, key: str) -> tuple[str, Matcher]:
    """Return a sign that every match contains ("" when unknown) and the function that matches."""
    if pattern is None:
        return "", re.compile(r"(?s:.*)").match
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise InputError(
            f"{key}: expected a regular expression, got {pattern!r} ({error}); correct it or set "
            "it to null to keep whole sentences"
        ) from error
    last = _LAST_SIGN.fullmatch(pattern)
    # Search would try an anchored pattern again at every character.
    anchored = pattern.startswith("^") and "|" not in pattern
    return last["sign"] if last else "", compiled.match if anchored else compiled.search


def read_lines(path: str | Path) -> Iterator[str]:
    r"""Yield the lines of the text at ``path`` without their ends, which are \n or \r\n only.

    The first bytes decide whether the file is compressed; a .zip contains one file. A byte order
    mark is dropped. Raises InputError for a missing, empty or damaged file and for bytes that
    are not UTF-8 text.
    """
    return chain.from_iterable(_Text(path).blocks())


def aligned_lines(fr_path: str | Path, en_path: str | Path) -> Iterator[tuple[int, str, str]]:
    """Yield (line number from 1, French line, English line) of two line-aligned texts.

    Raises InputError as ``read_lines`` does, and when the texts have different line counts.
    """
    fr, en = _Text(fr_path), _Text(en_path)
    fr_blocks, en_blocks = fr.blocks(), en.blocks()
    # Iterators in C pass the lines on, so that no Python code runs for a single line here.
    yield from zip(
        count(1), chain.from_iterable(fr_blocks), chain.from_iterable(en_blocks), strict=False
    )
    deque(chain(fr_blocks, en_blocks), maxlen=0)  # the longer text to its end, for its count
    if fr.count != en.count:
        raise InputError(
            f"expected line-aligned texts, got {fr.count} lines in {fr_path} and {en.count} in "
            f"{en_path}; check that both are complete and belong together"
        )


def tabbed_lines(
    path: str | Path, fr_column: int, en_column: int
) -> Iterator[tuple[int, str, str]]:
    """Yield (line number, French field, English field) of a tab-separated text.

    Line numbers and columns count from 1. Raises InputError as ``read_lines`` does, and for a
    line that lacks a column or has another number of fields than the first.
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
    """A text file; ``count`` is the number of lines read so far."""

    def __init__(self, path: str | Path) -> None:
        self.path = path
        self.count = 0

    def blocks(self) -> Iterator[list[str]]:
        """Yield all lines, some thousands at a time."""
        for block in self._line_blocks():
            lines = self._decode(block if self.count else block.removeprefix(BOM_UTF8)).split("\n")
            if not lines[-1]:
                lines.pop()
            self.count += len(lines)
            yield lines
        if not self.count:
            raise self._error("lines of text", "an empty file; fetch it again")

    def _line_blocks(self) -> Iterator[bytes]:
        """Yield the bytes in blocks that end at the end of a line."""
        if not Path(self.path).is_file():
            raise self._error("a text file", "no file; check the path")
        try:
            with Path(self.path).open("rb") as file, self._unpack(file) as text:
                while block := text.read(BLOCK):
                    rest = text.readline(_MAX_LINE + 1)
                    if len(rest) > _MAX_LINE:
                        problem = f"one of more than {_MAX_LINE} bytes"
                        advice = "check that this is the right file"
                        raise self._error("lines of text", f"{problem}; {advice}", block)
                    yield block + rest
        except (EOFError, OSError, *_DAMAGE) as error:
            raise self._error(
                "a text, plain or compressed",
                f"an unreadable, damaged, truncated or encrypted file ({shorten(error)}); "
                "fetch it again",
            ) from error

    def _unpack(self, file: BufferedReader) -> IO[bytes]:
        """Return the text in the file, which may be compressed."""
        start = file.peek(4)
        if start.startswith(_GZIP):
            return cast(IO[bytes], gzip.GzipFile(fileobj=file))
        if not start.startswith(_ZIP):
            return file
        archive = zipfile.ZipFile(file)
        names = sorted(info.filename for info in archive.infolist() if not info.is_dir())
        if len(names) != 1:
            got = ", ".join(names) or "none"
            raise self._error("one file in the archive", f"{got}; unpack the right one")
        return archive.open(names[0])

    def _decode(self, block: bytes) -> str:
        """Return ``block`` as text in which only line feeds end lines."""
        expected, position = "text", block.find(b"\0")
        if position < 0:
            try:
                return block.decode("utf-8").replace("\r\n", "\n")
            except UnicodeDecodeError as error:
                expected, position = "UTF-8", error.start
        column = position - block.rfind(b"\n", 0, position)
        got = f"byte 0x{block[position]:02x} at byte {column} of the line"
        raise self._error(expected, f"{got}; convert the file to UTF-8 text", block[:position])

    def _error(self, expected: str, got: str, before: bytes | None = None) -> InputError:
        """Return the error in the line after the bytes ``before`` of a block, or in the file."""
        line = None if before is None else self.count + before.count(b"\n") + 1
        location = self.path if line is None else f"{self.path}, line {line}"
        return InputError(f"{location}: expected {expected}, got {got}")
