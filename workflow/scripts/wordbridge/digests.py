"""Digests: what stands for the bytes of files."""

import hashlib
from pathlib import Path


def sha256_of(path: str | Path) -> str:
    """Return the sha256 of a file, in hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
