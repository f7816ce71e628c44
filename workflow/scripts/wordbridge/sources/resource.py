"""Where a file may be had: an address, a package of a registry, or this machine.

What a resource is: an ordered list of places, and the bytes that are expected from them.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from wordbridge.errors import InputError
from wordbridge.sources.archives import climbs


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


# A leading letter or digit, so that no name can be taken for an option of the client.
PACKAGE_NAMES = {
    "pypi": r"[A-Za-z0-9][A-Za-z0-9._-]*",
    "npm": r"(@[a-z0-9][a-z0-9._~-]*/)?[A-Za-z0-9][A-Za-z0-9._~-]*",
    "debian": r"[a-z0-9][a-z0-9+.-]+",
}
VERSIONS = {
    "pypi": r"[0-9][A-Za-z0-9.!+_-]*",
    "npm": r"[0-9][A-Za-z0-9.+-]*",
    "debian": r"[0-9][A-Za-z0-9.+~:-]*",
}
COMMON_KEYS = ("member", "archive_sha256")
PLACE_KEYS = {
    "url": ("url",),
    "registry": ("registry", "package", "version"),
    "local": ("local",),
}
RESOURCE_KEYS = ("places", "sha256", "size", "licence", "citation")


@dataclass(frozen=True)
class Resource:
    """A named file, the places to get it from and what is known of its bytes."""

    name: str
    places: tuple[Place, ...]
    sha256: str | None = None
    size: int | None = None  # bytes
    licence: str = ""
    citation: str = ""


def parse_resource(name: str, entry: Mapping[str, object]) -> Resource:
    """Return the resource that a configuration entry describes.

    Raises InputError on an unknown key or a value that cannot be meant.
    """
    at = f"resource {name}"
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
        raise InputError(f"{at}: expected a name of letters, digits, '.', '_' and '-'")
    _check_keys(at, entry, RESOURCE_KEYS)
    places = entry.get("places")
    if not isinstance(places, list) or not places:
        raise InputError(f"{at}: expected places to be a list of at least one place, got {places}")
    size = entry.get("size")
    if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 0):
        raise InputError(f"{at}: expected size to be a number of bytes, got {size!r}")
    return Resource(
        name,
        tuple(_parse_place(f"{at}, place {n}", place) for n, place in enumerate(places, 1)),
        _sha256(at, entry, "sha256"),
        size,
        _text(at, entry, "licence") or "",
        _text(at, entry, "citation") or "",
    )


def _parse_place(at: str, entry: object) -> Place:
    kinds = [kind for kind in PLACE_KEYS if isinstance(entry, Mapping) and kind in entry]
    if not isinstance(entry, Mapping) or len(kinds) != 1:
        raise InputError(f"{at}: expected exactly one of url, registry and local, got {entry}")
    _check_keys(at, entry, (*PLACE_KEYS[kinds[0]], *COMMON_KEYS))
    member = _text(at, entry, "member")
    archive_sha256 = _sha256(at, entry, "archive_sha256")
    if member is not None and climbs(member):
        raise InputError(
            f"{at}: member {member!r} climbs out of the archive; expected a path such as "
            "folder/file, without a leading '/', a drive, '..' or '\\'"
        )
    if archive_sha256 and member is None:
        raise InputError(f"{at}: archive_sha256 is for a place with a member; use sha256 instead")
    value = _text(at, entry, kinds[0]) or ""
    if kinds[0] == "local":
        return LocalPlace(path=Path(value), member=member, archive_sha256=archive_sha256)
    if kinds[0] == "registry":
        package, version = _package(at, entry, value)
        return PackagePlace(
            registry=value,
            package=package,
            version=version,
            member=member,
            archive_sha256=archive_sha256,
        )
    address = _address(at, value)
    if address.scheme == "file":
        path = Path(unquote(address.path))
        return LocalPlace(path=path, member=member, archive_sha256=archive_sha256)
    return UrlPlace(url=value, member=member, archive_sha256=archive_sha256)


def _address(at: str, url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError as problem:
        raise InputError(f"{at}: {url!r} is no address ({problem})") from None
    local = parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path
    if not (local or (parts.scheme in ("http", "https") and parts.hostname)):
        raise InputError(f"{at}: expected an address with http, https or file:///, got {url!r}")
    return parts


def _package(at: str, entry: Mapping[str, object], registry: str) -> tuple[str, str]:
    if registry not in PACKAGE_NAMES:
        known = ", ".join(PACKAGE_NAMES)
        raise InputError(f"{at}: expected registry to be one of {known}, got {registry!r}")
    package, version = _text(at, entry, "package") or "", _text(at, entry, "version") or ""
    if not re.fullmatch(PACKAGE_NAMES[registry], package):
        raise InputError(f"{at}: expected the name of a {registry} package, got {package!r}")
    if not re.fullmatch(VERSIONS[registry], version):
        raise InputError(f"{at}: expected an exact version of {package}, got {version!r}")
    return package, version


def _check_keys(at: str, entry: Mapping[str, object], known: tuple[str, ...]) -> None:
    for key in entry:
        if key not in known:
            nearest = get_close_matches(str(key), known, n=1)
            hint = f"did you mean {nearest[0]}?" if nearest else f"known: {', '.join(known)}"
            raise InputError(f"{at}: unknown key {key!r}; {hint}")


def _text(at: str, entry: Mapping[str, object], key: str) -> str | None:
    value = entry.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{at}: expected {key} to be a text, in quotes if need be, got {value!r}")
    return value


def _sha256(at: str, entry: Mapping[str, object], key: str) -> str | None:
    value = _text(at, entry, key)
    if value is not None and not re.fullmatch(r"[0-9A-Fa-f]{64}", value):
        raise InputError(f"{at}: expected {key} to be 64 hexadecimal digits, got {value!r}")
    return value.lower() if value else None
