"""The store: verified bytes under the name of their sha256, kept when results are deleted.

- ``store/<sha256>`` holds the bytes, read-only.
- ``store/known/<key>`` holds the sha256 of what a place gave; for resources that are not pinned.
- ``store/work/<key>/`` holds what is being fetched; a half download waits here to be resumed.
- ``store/locks/<key>`` lets one process at a time fetch one thing.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wordbridge.atomic import partial_of, replacing, sweep
from wordbridge.digests import sha256_of
from wordbridge.errors import InputError
from wordbridge.locked import locked

PART = "part"  # what may stay in a workspace after an error begins like this
READ_ONLY = 0o444  # names elsewhere are hard links: writing through one would change the store


class Mismatch(InputError):
    """The bytes are not the expected ones."""


class Store:
    """Verified bytes in one folder, safe for several processes at once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def notes(self) -> Path:
        """Return the folder of notes on what places gave; without them each is asked anew."""
        return self.root / "known"

    def path(self, sha256: str) -> Path:
        """Return where the bytes with this digest lie, or would lie."""
        return self.root / sha256

    def holds(self, sha256: str) -> bool:
        """Return whether the bytes are here and unharmed; harmed ones are thrown away."""
        path = self.path(sha256)
        if not path.is_file():
            return False
        try:
            verify(path, sha256, None)
        except Mismatch as problem:
            print(f"{path} was changed ({problem}): it is fetched again", file=sys.stderr)
            path.unlink(missing_ok=True)
            return False
        return True

    def add(self, path: Path, sha256: str | None = None, size: int | None = None) -> str:
        """Move a file into the store and return its sha256.

        Raises Mismatch, and leaves the file where it is, if the bytes are not the expected ones.
        """
        actual = verify(path, sha256, size)
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        path.replace(self.path(actual))
        # Last: killed before, a read-only half would stay in the workspace and stop the next try.
        self.path(actual).chmod(READ_ONLY)
        return actual

    def link(self, sha256: str, destination: Path) -> None:
        """Give the bytes a second name, whole at once; a copy where no hard link is possible."""
        destination.parent.mkdir(parents=True, exist_ok=True)
        sweep(destination.parent)
        partial = partial_of(destination)
        try:
            os.link(self.path(sha256), partial)
            partial.replace(destination)
        except OSError:  # another file system, one without hard links, or too many of them
            with replacing(destination) as copy:
                shutil.copyfile(self.path(sha256), copy)
            destination.chmod(READ_ONLY)
        finally:
            # A rename between two names of one file does nothing and leaves both.
            partial.unlink(missing_ok=True)

    def remember(self, key: str, sha256: str, words: str) -> None:
        """Note which bytes a place gave; ``words`` name the place for people who look."""
        with replacing(self.notes / key) as partial:
            partial.write_text(f"{sha256}\n{words}\n", encoding="utf-8")

    def recall(self, key: str) -> str | None:
        """Return the sha256 of what a place gave before, or None."""
        note = self.notes / key
        return note.read_text(encoding="utf-8").partition("\n")[0] if note.is_file() else None

    def forget(self, key: str) -> None:
        """Drop the note of what a place gave before, because that turned out to be unusable.

        The bytes stay: another resource may have them pinned.
        """
        (self.notes / key).unlink(missing_ok=True)

    @contextmanager
    def workspace(self, key: str, words: str) -> Iterator[Path]:
        """Yield a folder that is this process's alone until the block ends.

        The folder is deleted on success; after an error a half download stays in it.
        """
        folder = self.root / "work" / key
        with locked(self.root / "locks" / key, f"fetches {words}"):
            if folder.exists():  # a process was killed here
                _clear(folder)
            folder.mkdir(parents=True, exist_ok=True)
            try:
                yield folder
            except BaseException:
                _clear(folder)
                raise
            shutil.rmtree(folder)


def _clear(folder: Path) -> None:
    """Delete everything in a workspace but a download that can be resumed, and else itself."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif not path.name.startswith(PART):
            path.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()


def verify(path: Path, sha256: str | None, size: int | None) -> str:
    """Return the file's sha256; raises Mismatch if it or the size in bytes is another."""
    actual_size = path.stat().st_size
    if size is not None and actual_size != size:
        raise Mismatch(f"expected {size} bytes, got {actual_size}")
    actual = sha256_of(path)
    if sha256 is not None and actual != sha256:
        raise Mismatch(f"expected sha256 {sha256}, got {actual} ({actual_size} bytes)")
    return actual
