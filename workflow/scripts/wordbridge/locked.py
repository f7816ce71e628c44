"""A lock that one process at a time holds, and that the kernel takes from a dead one."""

import fcntl
import math
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wordbridge.errors import InputError

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
