"""The files in a folder of images, and a stamp of the content of each.

workflow/folders.py runs this file before anything is installed: it imports only the standard
library.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

# The suffixes that Pillow has for decoding.FORMATS (a test compares them).
SUFFIXES = (
    *(".apng", ".avif", ".avifs", ".bmp", ".gif", ".j2c", ".j2k", ".jfif", ".jp2", ".jpc", ".jpe"),
    *(".jpeg", ".jpf", ".jpg", ".jpx", ".mpo", ".pbm", ".pfm", ".pgm", ".png", ".pnm", ".ppm"),
    *(".qoi", ".tif", ".tiff", ".webp"),
)
# Images in other formats and raw photographs: the reason why they are left out has the format.
_OTHER_SUFFIXES = (
    *(".heic", ".heif", ".hif", ".jxl", ".jxr", ".psd", ".xcf", ".svg", ".eps", ".ico", ".tga"),
    *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dng", ".erf", ".nef", ".nrw", ".orf", ".pef"),
    *(".raf", ".raw", ".rw2", ".srw", ".x3f"),
)
# Files and folders of NAS systems, macOS, Windows and Linux: thumbnails, trash, snapshots.
_SYSTEM = (
    *("$recycle.bin", "@__thumb", "@eadir", "@recently-snapshot", "@recycle", "@sharebin", "@tmp"),
    *("#recycle", "#snapshot", "__macosx", "backups.backupdb", "config.msi", "desktop.ini"),
    *("ehthumbs.db", "ehthumbs_vista.db", "found.000", "icon\r", "lost.dir", "lost+found"),
    *("network trash folder", "recycled", "recycler", "system volume information"),
    *("temporary items", "thumbs.db"),
)
_LIBRARIES = (".photoslibrary", ".aplibrary", ".photolibrary", ".migratedphotolibrary", ".lrdata")
ANNOTATIONS = "val_annotations.txt"  # Tiny ImageNet's table of images and labels
_AGAIN = "a folder that is in the set already, or above it"
# A change in the middle of an uncompressed file changes neither its size nor its ends.
_UNCOMPRESSED = (".txt", ".bmp", ".tif", ".tiff", ".pbm", ".pfm", ".pgm", ".pnm", ".ppm")
_END = 1 << 12  # bytes


class LeftOut(NamedTuple):
    """A file or folder that is not in a set, and the reason."""

    image: str
    reason: str


def walk(
    root: str | os.PathLike[str], on_error: Callable[[OSError], None] | None = None
) -> Iterator[tuple[str, list[str], list[LeftOut]]]:
    """Yield each folder at or below ``root``, the names of its files, and the items left out of it.

    Hidden files and folders and those of the system are left out. Links to folders are followed
    last, so that each folder occurs once, below its own path if it has one. ``on_error`` gets the
    error of a folder that cannot be listed.
    """
    seen: set[str] = set()
    tops = [os.fspath(root).rstrip("/") or "/"]
    for top in tops:  # links to folders are appended below
        target = os.path.realpath(top)
        is_above = seen and os.path.commonpath([target, os.path.realpath(tops[0])]) == target
        if is_above or target in seen:
            folder, name = os.path.split(top)
            yield folder, [], [LeftOut(name, _AGAIN)]
            continue
        for folder, subfolders, names in os.walk(top, onerror=on_error):
            real = target + folder.removeprefix(top)
            seen.add(real)
            left_out = [LeftOut(n, name_reason(n)) for n in sorted(names) if name_reason(n)]
            followed = []
            for name in sorted(subfolders):
                if reason := name_reason(name):
                    left_out.append(LeftOut(name, reason))
                elif os.path.islink(path := os.path.join(folder, name)):
                    tops.append(path)
                elif os.path.join(real, name) in seen:
                    left_out.append(LeftOut(name, _AGAIN))
                else:
                    followed.append(name)
            subfolders[:] = followed
            yield folder, sorted(name for name in names if not name_reason(name)), left_out


def name_reason(name: str) -> str:
    """Return why a file or folder is left out by its name, or ""."""
    if name.startswith("."):
        return "hidden"
    if name.casefold().endswith(_LIBRARIES):
        return "a library with thumbnails; name its folder of originals as an image set"
    return "a file or folder of the system" if name.casefold() in _SYSTEM else ""


def suffix_reason(path: str) -> str:
    """Return why a file is not an image by its suffix, or ""."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix in SUFFIXES:
        return ""
    if suffix in _OTHER_SUFFIXES:
        return f"{suffix[1:].upper()} images cannot be decoded; convert it to JPEG"
    return "not an image by its suffix"


def file_stamp(path: str | os.PathLike[str]) -> tuple[str, str]:
    """Return the stamp of a file's content and "", or "" and the reason why it is not an image.

    Every copy of a file has the same stamp: the size, and a digest of both ends of the file, since
    reading all of a large collection takes hours. Files in formats without compression are read
    completely.
    """
    try:
        # A named pipe must not wait for a writer.
        with open(path, "rb", opener=lambda p, flags: os.open(p, flags | os.O_NONBLOCK)) as file:
            size = os.fstat(file.fileno()).st_size
            if not size:
                return "", "empty"
            is_uncompressed = os.fspath(path).lower().endswith(_UNCOMPRESSED)
            ends = file.read(size if is_uncompressed else _END)
            file.seek(max(size - _END, len(ends)))
            ends += file.read(_END)
    except OSError as error:
        return "", f"cannot be read ({error.strerror})"
    return f"{size}-{hashlib.sha256(ends).hexdigest()[:16]}", ""
