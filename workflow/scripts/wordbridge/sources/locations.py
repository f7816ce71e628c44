"""Locations of files: an address, a package of a registry, or a file on this machine."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True, kw_only=True)
class Location:
    """One location: ``url`` (http or https), ``path``, or a package of a registry.

    With ``member``, the location has an archive, and the file is that member of it.
    """

    url: str | None = None
    path: Path | None = None
    registry: str | None = None  # pypi, npm or debian
    package: str | None = None
    version: str | None = None
    member: str | None = None
    archive_sha256: str | None = None

    def __str__(self) -> str:
        source = (
            f"file {self.path}" if self.path else f"{self.registry} {self.package} {self.version}"
        )
        if self.url:
            source = re.sub(r"//[^/@]*@", "//***@", self.url)  # no password in logs
        return source + (f", member {self.member}" if self.member else "")

    @property
    def filename(self) -> str:
        """The name of the file or archive there, or the package's name."""
        if self.url:
            return unquote(urlsplit(self.url).path).rpartition("/")[2]
        return self.path.name if self.path else self.package or ""

    def key(self) -> str:
        """Return a digest that identifies the file by its location alone."""
        fields = {k: str(v) for k, v in asdict(self).items() if k != "archive_sha256" and v}
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def parse_location(entry: Mapping[str, Any]) -> Location:
    """Return the location in an entry of the configuration, which its schema has checked."""
    fields = dict(entry)
    path = fields.pop("local", None)
    address = urlsplit(fields.get("url", ""))
    if address.scheme == "file":
        del fields["url"]
        path = unquote(address.path)
    return Location(path=None if path is None else Path(path), **fields)
