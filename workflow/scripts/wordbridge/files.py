"""Files that appear whole or not at all.

Objects in JSON files.

Tables with tabs: a line with the names of the columns, then a line for each row.

Digests: what stands for the bytes of files.

A lock that one process at a time holds, and that the kernel takes from a dead one.

The figures of one run as a JSON file.
"""

import errno
import fcntl
import hashlib
import json
import math
import os
import secrets
import sys
import time
from codecs import BOM_UTF8
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from wordbridge.errors import InputError, brief

# What a disk or folder says that takes no more bytes, and what to do about each.
_REFUSALS = {
    errno.ENOSPC: "free some space there",
    errno.EDQUOT: "free some of your quota there",
    errno.EFBIG: "raise the limit of file sizes (ulimit -f)",
    errno.EROFS: "make it writable, or choose another folder (pathvars in the config)",
    errno.EACCES: "make it writable, or choose another folder (pathvars in the config)",
}


class Refused(InputError):
    """A disk or a folder takes no more bytes."""


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; move it there when the block ends without an error.

    The bytes are flushed to disk before the rename, so that not even a power cut
    leaves a half file under the final name. Half files of jobs that were killed are
    deleted from the folder. Raises Refused when the disk or the folder takes no more bytes.
    """
    target = Path(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep(target.parent)
        partial = partial_of(target)
        with partial.open("xb") as held:
            try:
                # Where a file system has no locks, nobody can lock, so that nobody sweeps either.
                with suppress(OSError):
                    _lock(held.fileno())
                yield partial
                with partial.open("rb+") as written:
                    os.fsync(written.fileno())
                partial.replace(target)
            finally:
                partial.unlink(missing_ok=True)
    except OSError as error:
        # numpy gives no number when fewer bytes were written than it wanted.
        number = errno.ENOSPC if str(error).endswith(" written") else error.errno
        if number not in _REFUSALS or not _is_about(error, target):
            raise
        raise Refused(
            f"{target}: expected to write it, got {str(error.strerror or error)!r}; "
            f"{_REFUSALS[number]} and run the same command again"
        ) from error


def partial_of(target: Path) -> Path:
    """Return a new name for the unfinished ``target``, in its folder.

    It ends like the target's, because writers such as numpy's choose a format by that.
    """
    return target.with_name(f".{secrets.token_hex(4)}.partial.{target.name}")


def sweep(folder: Path) -> None:
    """Delete the half files in ``folder`` that nobody writes to any longer."""
    for partial in folder.glob(".*.partial.*"):
        with suppress(OSError):  # another process finished it or sweeps too, or writes to it
            # A network file system wants to write for a lock; a link into the store is read-only.
            mode = os.O_RDWR if os.access(partial, os.W_OK) else os.O_RDONLY
            descriptor = os.open(partial, mode)
            try:
                _lock(descriptor)
                partial.unlink()
            finally:
                os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Mark a half file as alive until its descriptor is closed; the kernel does so at the latest.

    Raises BlockingIOError when another process has, and OSError where there are no locks.
    """
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_about(error: OSError, target: Path) -> bool:
    """Return whether an error names no file, or one on the way to ``target`` or beside it."""
    if error.filename is None:
        return True
    named = Path(error.filename)
    return named.parent == target.parent or target.is_relative_to(named)


def write_object(path: str | Path, value: Mapping[str, Any]) -> None:
    """Write an object with sorted keys: equal ones give equal bytes.

    Raises ValueError for a figure that is not finite, since JSON has no word for it.
    """
    with replacing(path) as partial:
        text = json.dumps(value, indent=1, sort_keys=True, allow_nan=False)
        partial.write_text(text + "\n", encoding="utf-8", newline="\n")


def read_object(
    path: str | Path, expected: str, remedy: str, keys: Collection[str] = ()
) -> dict[str, Any]:
    """Return the object in a JSON file, which has at least ``keys``.

    ``expected`` says what the file should be, ``remedy`` what to do when it is not. Raises
    InputError when it is missing, damaged or something else.
    """
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path}: expected {expected} in JSON, got none ({brief(error)}); {remedy}"
        ) from error
    if not isinstance(found, dict):
        got = type(found).__name__
        raise InputError(f"{path}: expected {expected} as a JSON object, got {got}; {remedy}")
    lacking = sorted(set(keys) - found.keys())
    if lacking:
        raise InputError(
            f"{path}: expected {expected} with {', '.join(keys)}, got none with "
            f"{', '.join(lacking)}; {remedy}"
        )
    return found


Row = TypeVar("Row")


def write_table(path: str | Path, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> int:
    """Return the number of rows written to ``path``, which appears whole or not at all.

    Fields are written as they are: none may hold a tab or a line feed.
    """
    count = 0
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as table:
        table.write("\t".join(columns) + "\n")
        for row in rows:
            table.write("\t".join(row) + "\n")
            count += 1
    return count


def read_table(
    path: str | Path,
    columns: Sequence[str],
    row: Callable[..., Row],
    remedy: str,
    optional: Sequence[str] = (),
) -> Iterator[Row]:
    r"""Yield ``row(*fields)`` for each row of the table at ``path``, one at a time.

    It has just the ``columns``, with the ``optional`` ones behind them or without. Lines end in
    \n or \r\n; a byte order mark is dropped. Raises InputError, with the line where there is one
    and ``remedy`` as its end, for a file that cannot be read or is not UTF-8, other columns, and
    a row with more or fewer fields. One that ``row`` raises gets path and line in front.
    """
    number = 1
    try:
        with Path(path).open("rb") as lines:
            header = _fields(lines.readline().removeprefix(BOM_UTF8))
            _check(header, columns, optional, remedy)
            for line in lines:
                number += 1
                fields = _fields(line)
                if len(fields) != len(header):
                    got = len(fields)
                    raise InputError(f"expected {len(header)} columns, got {got}; {remedy}")
                yield row(*fields)
    except InputError as error:
        raise InputError(f"{path}, line {number}: {error}") from None
    except UnicodeDecodeError as error:
        byte = f"byte 0x{error.object[error.start]:02x} at byte {error.start + 1} of the line"
        raise InputError(f"{path}, line {number}: expected UTF-8, got {byte}; {remedy}") from None
    except OSError as error:
        raise InputError(f"{path}: no table can be read ({brief(error)}); {remedy}") from error


def rounded(value: object) -> str:
    """Return a value as a field, a share or another fraction with 6 digits."""
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def _fields(line: bytes) -> list[str]:
    return line.decode().rstrip("\r\n").split("\t")


def _check(
    header: Sequence[str], columns: Sequence[str], optional: Sequence[str], remedy: str
) -> None:
    if list(header) not in ([*columns], [*columns, *optional]):
        perhaps = f" and perhaps {', '.join(optional)}" if optional else ""
        raise InputError(
            f"expected the columns {', '.join(columns)}{perhaps}, got "
            f"{brief(', '.join(header))!r}; {remedy}"
        )


def sha256_of(path: str | Path) -> str:
    """Return the sha256 of a file, in hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_PAUSE = 0.2  # seconds between two attempts


@contextmanager
def locked(path: Path, words: str, patience: float = math.inf) -> Iterator[None]:
    """Hold the lock file ``path`` for the block; ``words`` say what another holder does.

    Raises InputError when another process still holds it after ``patience`` seconds. The file
    stays: to delete it safely, processes on other machines would have to see that at once, which
    network file systems do not promise.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        _acquire(descriptor, path, words, time.monotonic() + patience)
        yield
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, words: str, end: float) -> None:
    if _try(descriptor, path):
        return
    print(f"waiting for another process that {words}", file=sys.stderr)
    while not _try(descriptor, path):
        if time.monotonic() >= end:
            raise InputError(
                f"{path} is held: another process {words}; wait for it, or end it and run again"
            )
        time.sleep(_PAUSE)


def _try(descriptor: int, path: Path) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise InputError(
            f"{path}: expected a file system with locks (flock), got {error.strerror!r}; mount it "
            "with locks, or run the workflow with --directory on another one"
        ) from None
    return True


def write_record(path: str | Path, record: Mapping[str, Any]) -> None:
    """Write ``record`` as JSON, one key a line in the order of the mapping.

    Raises ValueError for a figure that is not finite, since JSON has no word for it.
    """
    lines = (
        f" {json.dumps(key)}: {json.dumps(value, ensure_ascii=False, allow_nan=False)}"
        for key, value in record.items()
    )
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")


def read_records(paths: Iterable[str | Path]) -> list[dict[str, Any]]:
    """Return the records at ``paths``, in their order.

    Raises InputError when a file is missing or holds anything but a JSON object.
    """
    return [read_object(path, "the figures of a run", "score the run again") for path in paths]
