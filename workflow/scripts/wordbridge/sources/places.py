"""Where a file may be had: an address, a package of a registry, or this machine."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True, kw_only=True)
class Place:
    """One place to look at; with ``member``, the file lies inside an archive found there."""

    member: str | None = None
    archive_sha256: str | None = None

    def __str__(self) -> str:
        """Return the place in words, for messages."""
        return self.where() + (f", member {self.member}" if self.member else "")

    def key(self, *, member: bool) -> str:
        """Return a digest that names what the place holds: its file, or the member inside it."""
        fields = {k: str(v) for k, v in asdict(self).items() if k != "archive_sha256" and v}
        if not member:
            fields.pop("member", None)
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()

    def filename(self) -> str:
        """Return the name of the file there; a lone compressed file's member is called by it."""
        raise NotImplementedError

    def where(self) -> str:
        """Return in words where the whole file is, without the member."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class UrlPlace(Place):
    """A file behind an http or https address."""

    url: str

    def filename(self) -> str:
        """Return the last part of the address's path."""
        return unquote(urlsplit(self.url).path).rpartition("/")[2]

    def where(self) -> str:
        """Return in words where the whole file is, without the member."""
        return re.sub(r"//[^/@]*@", "//***@", self.url)  # no password in logs


@dataclass(frozen=True, kw_only=True)
class PackagePlace(Place):
    """A package of a registry: pypi, npm or debian."""

    registry: str
    package: str
    version: str

    def filename(self) -> str:
        """Return the package's name."""
        return self.package

    def where(self) -> str:
        """Return in words where the whole file is, without the member."""
        return f"{self.registry} {self.package} {self.version}"


@dataclass(frozen=True, kw_only=True)
class LocalPlace(Place):
    """A file on this machine."""

    path: Path

    def filename(self) -> str:
        """Return the file's name."""
        return self.path.name

    def where(self) -> str:
        """Return in words where the whole file is, without the member."""
        return f"file {self.path}"
