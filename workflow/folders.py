"""Digests of image folders by content: neither a touch nor a fresh checkout changes them.

A plan asks for the size and times of every file, and reads the two ends of the files in folders
where any of these changed. What it read is cached in ``CACHE``. With 64,000 images in 64 folders
and a warm disk cache the first plan takes 4.3 s, later ones 0.8 s.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from wordbridge.images.files import content, is_image, walk

CACHE = Path("resources/folders")  # outside the results, which may be deleted
THREADS = 8  # folders read at once
SETTLED = 2.0  # seconds; a file that changed later may change again within the same time stamp


class FolderState(NamedTuple):
    """One folder: a digest of its files' names, sizes and times, and one of names and contents."""

    listing: str
    contents: str
    is_settled: bool


def folder_digest(folder: str, any_ending: bool = False) -> str:
    """Return a digest of the names of all files below a folder and the contents of its images.

    ``wordbridge.images.files`` decides which files are images; with ``any_ending`` all that are
    not hidden are. A folder that does not exist or cannot be listed counts as empty: the job that
    lists it reports the reason.
    """
    cache = CACHE / f"{_digest([os.path.abspath(folder), str(any_ending)])}.json"
    contents = _read(cache)
    scan = partial(_scan, root=folder, contents=contents, any_ending=any_ending)
    with ThreadPoolExecutor(THREADS) as pool:
        states = list(pool.map(scan, (entry for entry in walk(folder) if entry[1])))
    settled = {state.listing: state.contents for state in states if state.is_settled}
    if settled != contents:
        _write(cache, settled)
    return _digest(state.contents for state in states)


def _scan(
    entry: tuple[str, list[str]], root: str, contents: dict[str, str], any_ending: bool
) -> FolderState:
    """Return the state of one folder; nothing in it is read if its listing is in ``contents``."""
    (folder, names), now = entry, time.time()
    relative, stats = os.path.relpath(folder, root), [_stat(folder, name) for name in names]
    listing = _digest([relative, *map("{}\0{}".format, names, stats)])
    digest = contents.get(listing) or _digest(
        [relative, *(_digest_file(folder, name, any_ending) for name in names)]
    )
    newest = max((stat[-1] for stat in stats if stat), default=0)
    return FolderState(listing, digest, newest < (now - SETTLED) * 1e9)


def _stat(folder: str, name: str) -> tuple[int, int, int] | None:
    """Return size and times of a file; the last one, of its inode, cannot be set by programs."""
    try:
        stat = os.stat(os.path.join(folder, name))
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def _digest_file(folder: str, name: str, any_ending: bool) -> str:
    if not (any_ending or is_image(name)):
        return name
    return "\0".join([name, *content(os.path.join(folder, name))])


def _digest(texts: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(os.fsencode(text) + b"\0\0")
    return digest.hexdigest()


def _read(cache: Path) -> dict[str, str]:
    """Return {listing: contents} of earlier plans; {} if the file is missing or damaged."""
    try:
        read = json.loads(cache.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    entries = read.items() if isinstance(read, dict) else ()
    return {listing: digest for listing, digest in entries if isinstance(digest, str)}


def _write(cache: Path, contents: dict[str, str]) -> None:
    partial_file = cache.with_suffix(f".{os.getpid()}")
    with suppress(OSError):  # without a cache the next plan reads all files again
        cache.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial_file.write_text(json.dumps(contents, indent=0), encoding="utf-8")
            partial_file.replace(cache)
        finally:
            partial_file.unlink(missing_ok=True)
