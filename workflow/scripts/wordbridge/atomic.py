"""Files that appear whole or not at all."""

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from wordbridge.errors import InputError

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
