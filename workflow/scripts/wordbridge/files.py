"""Files: atomic writes, JSON, tables with tabs, checksums, locks."""

import errno
import hashlib
import json
import os
import re
import sys
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_LE
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from wordbridge.errors import InputError, shorten

Row = TypeVar("Row")

_LONE_RETURN = re.compile(rb"\r(?!\n)")
_ESCAPES = {"\\": "\\\\", " ": "\\s", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_CHARACTERS = {escape[1]: character for character, escape in _ESCAPES.items()}
_EMPTY = "\\e"  # an empty token would otherwise vanish between two spaces
# With controls and rare spaces: some readers end a line at U+0085 or U+2028.
_UNSAFE = re.compile(r"[\\\s\x00-\x1f\x7f-\x9f]")
_ESCAPED = re.compile(r"\\(u[0-9a-f]{4}|[^u]|u|$)", re.DOTALL)

# Why a disk or a folder takes no more bytes, and what to do about it.
_REMEDIES = {
    errno.ENOSPC: "free some space there",
    errno.EDQUOT: "free some of your quota there",
    errno.EFBIG: "raise the limit of file sizes (ulimit -f)",
    errno.EROFS: "make it writable, or choose another folder (pathvars in the config)",
    errno.EACCES: "make it writable, or choose another folder (pathvars in the config)",
}


class DiskError(InputError):
    """A disk or a folder takes no more bytes."""


@contextmanager
def atomic_write(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; move it there when the block ends without an error.

    The bytes are flushed to disk before the rename, so that not even a power cut leaves an
    incomplete file under the final name. A temporary file that a killed process left is
    overwritten. Raises DiskError when the disk or the folder takes no more bytes.
    """
    target = Path(path)
    partial = partial_path(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.unlink(missing_ok=True)
        try:
            yield partial
            with partial.open("rb+") as written:
                os.fsync(written.fileno())
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        # numpy gives no number when the disk takes fewer bytes than it writes.
        number = errno.ENOSPC if str(error).endswith(" written") else error.errno
        # An error about another file is raised by the block and has another remedy.
        folder = Path(error.filename).parent if error.filename is not None else target.parent
        if number not in _REMEDIES or not (folder == target.parent or folder in target.parents):
            raise
        raise DiskError(
            f"{target}: expected to write it, got {str(error.strerror or error)!r}; "
            f"{_REMEDIES[number]} and run the same command again"
        ) from error


def partial_path(target: Path) -> Path:
    """Return the path of the incomplete ``target``, in its folder.

    It ends like the target's, because writers such as numpy's choose a format by that.
    """
    return target.with_name(f".partial.{target.name}")


def write_json(path: str | Path, value: Mapping[str, Any]) -> None:
    """Write an object as JSON with sorted keys, so that equal objects give equal bytes.

    Raises ValueError for a number that is not finite, which JSON cannot represent.
    """
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    with atomic_write(path) as partial:
        partial.write_text(text + "\n", encoding="utf-8", newline="\n")


def read_json(
    path: str | Path, expected: str, remedy: str, keys: Collection[str] = ()
) -> dict[str, Any]:
    """Return the object in a JSON file, which has at least ``keys``.

    ``expected`` names the content, ``remedy`` is the advice in the error. Raises InputError when
    the file is missing, damaged or something else.
    """
    try:
        value = json.loads(Path(path).read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path}: expected {expected} in JSON, got none ({shorten(error)}); {remedy}"
        ) from error
    if not isinstance(value, dict):
        got = type(value).__name__
        raise InputError(f"{path}: expected {expected} as a JSON object, got {got}; {remedy}")
    missing = sorted(set(keys) - value.keys())
    if missing:
        raise InputError(
            f"{path}: expected {expected} with {', '.join(keys)}, got none with "
            f"{', '.join(missing)}; {remedy}"
        )
    return value


def read_records(paths: Iterable[str | Path]) -> list[dict[str, Any]]:
    """Return the scores or times of runs, one JSON object a file, in the order of ``paths``.

    Raises InputError when a file is missing or is not a JSON object.
    """
    return [
        read_json(path, "the scores or times of a run", "score the run again") for path in paths
    ]


def decode(data: bytes, path: object, line: int = 1) -> str:
    r"""Return the bytes from the start of ``line`` of the file at ``path`` as text with ends \n.

    A byte order mark before line 1 is dropped. Raises InputError with the line for bytes that are
    not UTF-8, a NUL and a carriage return without line feed.
    """
    if line == 1:
        if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
            name = "UTF-32" if data.startswith(BOM_UTF32_LE) else "UTF-16"
            remedy = f"convert the file, for example with iconv -f {name} -t UTF-8"
            raise InputError(f"{path}, line 1: expected UTF-8, got {name}; {remedy}")
        data = data.removeprefix(BOM_UTF8)
    expected, remedy = "text", "name a text file, or convert it if it is UTF-16"
    position = data.find(b"\0")
    if position < 0:
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            expected, position = "UTF-8", error.start
            remedy = "convert the file, for example with iconv -f WINDOWS-1252 -t UTF-8"
        else:
            lone = _LONE_RETURN.search(data) if b"\r" in data else None
            if lone is None:
                return text.replace("\r\n", "\n")
            expected, position = r"lines that end in \n or \r\n", lone.start()
            remedy = "convert the ends of lines, for example with mac2unix"
    number = line + data.count(b"\n", 0, position)
    column = position - data.rfind(b"\n", 0, position)
    raise InputError(
        f"{path}, line {number}: expected {expected}, got byte 0x{data[position]:02x} at byte "
        f"{column} of the line; {remedy}"
    )


def write_tsv(path: str | Path, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Write a table with a header. No field may have a tab or the end of a line."""
    with atomic_write(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as table:
        table.writelines("\t".join(row) + "\n" for row in chain([columns], rows))


def read_tsv(
    path: str | Path,
    columns: Sequence[str],
    row: Callable[..., Row],
    remedy: str,
    optional: Sequence[str] = (),
) -> Iterator[Row]:
    r"""Yield ``row(*fields)`` for each row of the table at ``path``, one at a time.

    The table has exactly ``columns``, with or without the ``optional`` ones behind them. Raises
    InputError, with the line and ``remedy``, for a file that cannot be read, for text that is not
    as in ``decode``, for other columns, and for a row with more or fewer fields. An
    InputError or ValueError that ``row`` raises becomes one with path and line in front.
    """
    try:
        with Path(path).open("rb") as lines:
            header = _split(lines.readline(), path, 1)
            if header not in ([*columns], [*columns, *optional]):
                perhaps = f" and perhaps {', '.join(optional)}" if optional else ""
                raise InputError(
                    f"{path}, line 1: expected the columns {', '.join(columns)}{perhaps}, got "
                    f"{shorten(', '.join(header))!r}; {remedy}"
                )
            for number, line in enumerate(lines, start=2):
                fields = _split(line, path, number)
                try:
                    if len(fields) != len(header):
                        sizes = f"expected {len(header)} columns, got {len(fields)}"
                        raise InputError(f"{sizes}; {remedy}")
                    yield row(*fields)
                except InputError as error:
                    raise InputError(f"{path}, line {number}: {error}") from None
                except ValueError as error:
                    raise InputError(
                        f"{path}, line {number}: expected values of {', '.join(columns)}, got "
                        f"others ({shorten(error)}); {remedy}"
                    ) from None
    except OSError as error:
        raise InputError(f"{path}: no table can be read ({shorten(error)}); {remedy}") from error


def _split(line: bytes, path: str | Path, number: int) -> list[str]:
    return decode(line, path, number).removesuffix("\n").split("\t")


def escape_token(token: str) -> str:
    """Return ``token`` without spaces, tabs, line ends or controls, and never empty."""
    return _UNSAFE.sub(_escape, token) if token else _EMPTY


def unescape_token(field: str) -> str:
    """Return the token that ``escape_token`` wrote. Raises ValueError for an unknown escape."""
    if field == _EMPTY:
        return ""
    return _ESCAPED.sub(_unescape, field) if "\\" in field else field


def _escape(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[0]) or f"\\u{ord(match[0]):04x}"


def _unescape(match: re.Match[str]) -> str:
    code = match.group(1)
    if len(code) == 5:
        return chr(int(code[1:], 16))
    if code not in _CHARACTERS:
        raise ValueError(f"unknown escape {match.group()!r} in a token")
    return _CHARACTERS[code]


def format_value(value: object) -> str:
    """Return a value as a field of a table; a float has 6 digits."""
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def file_sha256(path: str | Path) -> str:
    """Return the sha256 of a file, in hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def lock(path: Path, activity: str, timeout: float = -1) -> Iterator[None]:
    """Hold the lock file ``path`` during the block; the kernel releases it for a dead process.

    ``activity`` describes the work of another holder in messages. Raises InputError when another
    process still holds the lock after ``timeout`` seconds (-1 waits without a limit), and on a
    file system without locks; OSError when the file cannot be opened.
    """
    from filelock import FileLock, Timeout  # its import costs a search 9 ms

    path.parent.mkdir(parents=True, exist_ok=True)
    file_lock = FileLock(path, fallback_to_soft=False)
    try:
        try:
            file_lock.acquire(timeout=0)
        except Timeout:
            print(f"waiting for another process that {activity}", file=sys.stderr)
            file_lock.acquire(timeout=timeout, poll_interval=0.2)
    except Timeout:
        raise InputError(
            f"{path} is locked: another process {activity}; wait for it, or end it and run again"
        ) from None
    except (NotImplementedError, OSError) as error:
        if getattr(error, "filename", None):  # the file cannot be opened
            raise
        raise InputError(
            f"{path}: expected a file system with locks (flock), got {shorten(error)!r}; mount it "
            "with locks, or run the workflow with --directory on another one"
        ) from None
    try:
        yield
    finally:
        file_lock.release()
