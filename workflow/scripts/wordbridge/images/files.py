"""The files in a folder of images, and a stamp of the content of each.

workflow/folders.py runs this file before anything is installed: it imports only the standard
library.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

SUFFIXES = (".jpeg", ".jpg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")
# A change in the middle of an uncompressed file changes neither its size nor its ends.
_UNCOMPRESSED = (".bmp", ".tif", ".tiff")
_END = 1 << 12  # bytes


class Content(NamedTuple):
    """The stamp of the bytes of a file, or the reason why it is not an image."""

    stamp: str
    reason: str = ""


def walk(
    root: str | os.PathLike[str], on_error: Callable[[OSError], None] | None = None
) -> Iterator[tuple[str, list[str]]]:
    """Yield each folder at or below ``root`` with the names of its files, both sorted.

    Hidden files and folders are skipped, links to folders are not followed. ``on_error`` gets the
    error of a folder that cannot be listed.
    """
    for folder, subfolders, names in os.walk(root, onerror=on_error):
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        yield folder, sorted(name for name in names if not name.startswith("."))


def is_image(path: str) -> bool:
    """Return whether a file is an image by its suffix."""
    return path.lower().endswith(SUFFIXES)


def content(path: str | os.PathLike[str]) -> Content:
    """Return the stamp of a file's content, the same for every copy of it.

    The stamp is the size and a digest of both ends, since reading all of a large collection takes
    hours; files in formats without compression are read whole.
    """
    try:
        # A named pipe must not wait for a writer.
        with open(path, "rb", opener=lambda p, flags: os.open(p, flags | os.O_NONBLOCK)) as file:
            size = os.fstat(file.fileno()).st_size
            if not size:
                return Content("", "empty")
            whole = os.fspath(path).lower().endswith(_UNCOMPRESSED)
            ends = file.read(size if whole else _END)
            file.seek(max(size - _END, len(ends)))
            ends += file.read(_END)
    except OSError as error:
        return Content("", f"cannot be read ({error.strerror})")
    except ValueError as error:  # a name with a NUL
        return Content("", f"cannot be read ({error})")
    return Content(f"{size}-{hashlib.sha256(ends).hexdigest()[:16]}")
