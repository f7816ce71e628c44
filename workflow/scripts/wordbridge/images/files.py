"""The files in a folder of images, and what stands for the content of each.

The plan of the workflow looks at folders in the same way (workflow/folders.py) before anything is
installed, so that only the standard library is imported here.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

ENDINGS = (".jpeg", ".jpg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")
# A change in the middle of a file that is not compressed shows neither in its size nor at its ends.
_READ_WHOLE = (".bmp", ".tif", ".tiff")
_END = 1 << 12  # bytes


class Content(NamedTuple):
    """What stands for the bytes of a file, or the reason why it can hold no image."""

    stamp: str
    reason: str = ""


def walk(
    root: str | os.PathLike[str], failed: Callable[[OSError], None] | None = None
) -> Iterator[tuple[str, list[str]]]:
    """Yield each folder at or below ``root`` with the names of the files in it, both sorted.

    Hidden files and folders are passed over, links to folders not followed. ``failed`` is told
    why a folder cannot be listed.
    """
    for at, folders, names in os.walk(root, onerror=failed):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield at, sorted(name for name in names if not name.startswith("."))


def is_image(path: str) -> bool:
    """Return whether a file is an image by its ending."""
    return path.lower().endswith(ENDINGS)


def content(path: str | os.PathLike[str]) -> Content:
    """Return what stands for a file's content, the same for every copy of it.

    That is its size and a digest of its two ends, since reading all of a large collection takes
    hours; of formats that may be uncompressed all is read.
    """
    try:
        with open(path, "rb", opener=_at_once) as file:
            size = os.fstat(file.fileno()).st_size
            if not size:
                return Content("", "empty")
            whole = os.fspath(path).lower().endswith(_READ_WHOLE)
            ends = file.read(size if whole else _END)
            file.seek(max(size - _END, len(ends)))
            ends += file.read(_END)
    except OSError as error:
        return Content("", f"cannot be read ({error.strerror})")
    except ValueError as error:  # a name with a NUL
        return Content("", f"cannot be read ({error})")
    return Content(f"{size}-{hashlib.sha256(ends).hexdigest()[:16]}")


def _at_once(path: str, flags: int) -> int:
    """Return a descriptor of a file; of a named pipe without waiting for somebody to write."""
    return os.open(path, flags | os.O_NONBLOCK)
