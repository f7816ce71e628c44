import base64
import hashlib
import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from tests.sources.conftest import Page
from wordbridge.errors import InputError
from wordbridge.sources import registry
from wordbridge.sources.locations import Location
from wordbridge.sources.registry import download_package

PYPI = Location(registry="pypi", package="toy-verses", version="1.2.3")
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
    path = download_package(PYPI, folder)
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
    assert download_package(PYPI, folder).read_bytes() == content
    ranges = [request.get("Range") for request in site.requests if "Range" in request]
    assert ranges == ["bytes=400-", "bytes=600-"]


def test_the_error_has_pips_reason_for_a_missing_package(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(InputError, match=r"pip failed .* toy-verses==1\.2\.3") as problem:
        download_package(PYPI, folder)
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
    monkeypatch.setattr(registry.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(InputError, match="pip is not installed; run: python -m ensurepip"):
        download_package(PYPI, folder)


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
    monkeypatch.setattr(registry, "MAX_SECONDS", 0.2)
    monkeypatch.setattr(registry, "POLL_SECONDS", 0.1)
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
