"""Setup and phases of `make`, and its errors."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def make(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=checkout,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def python(checkout: Path, *failing: str) -> str:
    """Return a command that calls itself Python 3.9 and fails where asked for these words."""
    command = checkout / "python"
    tests = "".join(f'case "$*" in *{word}*) exit 1;; esac\n' for word in failing)
    command.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2\n{tests}')
    command.chmod(0o755)
    return f"PYTHON={command}"


@pytest.fixture
def ready(checkout: Path) -> Path:
    """Return a checkout whose Python prints its arguments, one in brackets after the other."""
    (checkout / ".venv/bin").mkdir(parents=True)
    python = checkout / ".venv/bin/python"
    python.write_text("#!/bin/sh\nprintf '[%s]' \"$@\"\necho\n")
    python.chmod(0o755)
    (checkout / ".venv/ready").touch()
    for name in ("mine.yaml", "a path with spaces.yaml", 'l\'été (2) "x".yaml'):
        (checkout / name).touch()
    return checkout


@pytest.mark.parametrize(
    ("arguments", "phases", "configs"),
    [
        ([], "text vectors shards all", []),
        (["run"], "text vectors shards all", []),
        (["full"], "text vectors shards all", ["configs/full.yaml"]),
        (
            ["full", "CONFIG=mine.yaml"],
            "text vectors shards all",
            ["configs/full.yaml", "mine.yaml"],
        ),
        (
            ["factorial", "CONFIG=mine.yaml"],
            "text vectors translation",
            ["configs/factorial.yaml", "mine.yaml"],
        ),
        (["images", "CONFIG=mine.yaml"], "shards images", ["mine.yaml"]),
        (["images", "CONFIG=mine.yaml mine.yaml"], "shards images", ["mine.yaml", "mine.yaml"]),
        (
            ["images", "CONFIG=a path with spaces.yaml"],
            "shards images",
            ["a path with spaces.yaml"],
        ),
        (["images", 'CONFIG=l\'été (2) "x".yaml'], "shards images", ['l\'été (2) "x".yaml']),
    ],
)
def test_phases_are_separate_runs_in_turn(
    ready: Path, arguments: list[str], phases: str, configs: list[str]
):
    output = make(ready, *arguments, "CORES=3", "QUIET=").stdout
    options = ["--configfile", *configs] if configs else []
    lines = iter(output.splitlines())
    for number, phase in enumerate(names := phases.split(), start=1):
        words = ["-m", "snakemake", "--cores", "3", phase, *options]
        assert next(lines) == f"Phase {number} of {len(names)}: {phase}"
        assert next(lines) == "".join(f"[{word}]" for word in words)
    assert not [*lines]


@pytest.mark.parametrize(("target", "last"), [("faults", "model"), ("vectors", "pretrained")])
def test_ablations_are_experiments_in_turn_on_top_of_the_configuration(
    target: str, last: str, ready: Path
):
    output = make(ready, target, "CONFIG=mine.yaml", "CORES=3", "QUIET=").stdout
    runs = [line for line in output.splitlines() if line.startswith("[")]
    names = re.findall(rf"\[translation\].*configs/{target}/(\w+).yaml\]", output)
    configs = {path.stem for path in (ROOT / "configs" / target).glob("*.yaml")} - {"corrected"}
    assert set(names) == configs
    assert names[-1] == last
    assert len(runs) == 3 * len(names)
    start = "[-m][snakemake][--cores][3][text][--configfile][mine.yaml]"
    assert runs[0] == f"{start}[configs/faults/corrected.yaml][configs/{target}/{names[0]}.yaml]"


@pytest.mark.parametrize(
    ("arguments", "runs"),
    [
        (["docs"], ["-m", "docs.render_configuration", "docs/configuration.md"]),
        (["benchmark"], ["-m", "benchmarks.run_all"]),
        (
            ["benchmark", "PHOTOS=my photos", 'NOTE=A "busy" machine.'],
            ["-m", "benchmarks.run_all", "--photos", "my photos", "--note", 'A "busy" machine.'],
        ),
    ],
)
def test_docs_and_benchmarks_are_modules(ready: Path, arguments: list[str], runs: list[str]):
    assert make(ready, *arguments).stdout.splitlines()[-1] == "".join(f"[{word}]" for word in runs)


@pytest.mark.parametrize(
    ("target", "programs"),
    [
        ("test", ["ruff", "ruff", "snakefmt", "snakemake", "mypy", "pytest"]),
        ("long", ["pytest"]),
    ],
)
def test_checks_run_one_after_the_other_until_one_fails(
    ready: Path, target: str, programs: list[str]
):
    for program in programs:
        path = ready / ".venv/bin" / program
        path.write_text(f"#!/bin/sh\necho {program}\n")
        path.chmod(0o755)
    assert make(ready, "--silent", target).stdout.splitlines() == programs
    (ready / ".venv/bin" / programs[-2:][0]).write_text("#!/bin/sh\nexit 1\n")
    done = make(ready, "--silent", target)
    assert done.returncode != 0
    assert "pytest" not in done.stdout.splitlines()


def test_a_missing_config_file_is_one_line_before_the_set_up(checkout: Path):
    done = make(checkout, "CONFIG=a missing.yaml")
    assert done.stderr.startswith("error: CONFIG: expected a file, got no a; check the path\n")
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize("name", [b"a{b}", b"a:b", b"a\nb", b"caf\xe9"])
def test_a_checkout_with_an_impossible_path_is_one_line_before_the_set_up(
    checkout: Path, tmp_path: Path, name: bytes
):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
    folder.mkdir()
    for file in ("Makefile", "pyproject.toml", "requirements.lock"):
        shutil.copy(checkout / file, folder)
    done = make(folder, "setup")
    assert done.stderr.startswith("error: checkout ")
    assert "expected a path in UTF-8 without braces, colons and line ends; rename" in done.stderr
    assert not (folder / ".venv").exists()


def test_another_torch_than_that_without_cuda_is_one_clear_line(checkout: Path):
    done = make(checkout, "setup", "TORCH=cuda")
    assert done.returncode != 0
    assert done.stderr.startswith("error: TORCH: expected cpu, got cuda; leave it out for torch")
    assert not (checkout / ".venv").exists()


def test_an_old_python_is_one_clear_line(checkout: Path):
    done = make(checkout, "setup", python(checkout, "version_info"))
    assert done.returncode != 0
    assert done.stderr.startswith("error: expected Python 3.11, 3.12 or 3.13, got Python 3.9.2; ")


def test_a_python_without_venv_is_one_clear_line(checkout: Path):
    done = make(checkout, "setup", python(checkout, "ensurepip"))
    assert done.returncode != 0
    expected = "error: expected a Python with venv, got one without; on Debian: apt-get install "
    assert done.stderr.startswith(f"{expected}python3-venv\n")
    assert not (checkout / ".venv").exists()


def test_setup_runs_once_and_after_a_change_of_the_lock(checkout: Path):
    (checkout / ".venv").mkdir()
    (checkout / ".venv/ready").touch()
    assert make(checkout, "--question", "setup").returncode == 0
    later = (checkout / ".venv/ready").stat().st_mtime + 10  # a clock may tick every 4 ms only
    os.utime(checkout / "requirements.lock", (later, later))
    assert make(checkout, "--question", "setup").returncode == 1


def test_clean_keeps_the_downloads(checkout: Path):
    for name in ("results/tables", "resources/store"):
        (checkout / name).mkdir(parents=True)
    assert make(checkout, "clean").returncode == 0
    assert not (checkout / "results").exists()
    assert (checkout / "resources/store").exists()


def test_torch_without_cuda_comes_from_the_index_of_pytorch_in_the_versions_of_the_lock(
    checkout: Path,
) -> None:
    commands = make(checkout, "--dry-run", "setup", "TORCH=cpu").stdout
    assert "-r requirements.lock" not in commands
    assert "grep -Ev '^(nvidia|cuda|triton)' requirements.lock | .venv/bin/python" in commands
    assert "--extra-index-url https://download.pytorch.org/whl/cpu" in commands
    assert "-r requirements.lock" in make(checkout, "--dry-run", "setup").stdout
