"""Files appear whole or not at all, half ones of the dead are deleted, a full disk says so."""

import errno
import fcntl
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from wordbridge.atomic import Refused, partial_of, replacing
from wordbridge.translation.tensor_file import write_tensors

SCRIPTS = Path(__file__).resolve().parents[1] / "workflow/scripts"
DYING = """
import os, signal, sys
from wordbridge.atomic import replacing
with replacing(sys.argv[1]) as partial:
    partial.write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_half_file_of_a_killed_process_is_deleted_by_the_next_write_into_its_folder(
    tmp_path: Path,
):
    command = [sys.executable, "-c", DYING, str(tmp_path / "a.txt")]
    done = subprocess.run(command, env={"PYTHONPATH": str(SCRIPTS)}, check=False)
    assert done.returncode == -9
    (half,) = names(tmp_path)
    assert half.endswith(".partial.a.txt")
    with replacing(tmp_path / "b.txt") as partial:
        partial.write_text("b")
    assert names(tmp_path) == ["b.txt"]


def test_what_another_process_writes_to_is_left_alone(tmp_path: Path):
    with replacing(tmp_path / "a.txt") as one:
        one.write_text("a")
        with replacing(tmp_path / "b.txt") as other:
            other.write_text("b")
    assert names(tmp_path) == ["a.txt", "b.txt"]


def test_tensors_are_written_without_a_file_of_the_librarys_own(tmp_path: Path):
    # which would have a name that nobody sweeps
    plain, tensors = tmp_path / "plain", tmp_path / "tensors"
    plain.touch()
    write_tensors(tensors, {"x": torch.arange(3)})
    assert tensors.stat().st_mode == plain.stat().st_mode
    assert load_file(tensors)["x"].tolist() == [0, 1, 2]


def test_without_locks_files_are_written_and_nothing_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    old = partial_of(tmp_path / "a.txt")
    old.touch()
    with replacing(tmp_path / "a.txt") as partial:
        partial.write_text("a")
    assert names(tmp_path) == [old.name, "a.txt"]


WRITERS: dict[str, Callable[[Path], object]] = {
    "text": lambda path: path.write_text("x" * 2000),
    "arrays": lambda path: np.zeros(2000).tofile(path),
}


@pytest.mark.parametrize(
    ("writer", "says"),
    [("text", "File too large"), ("arrays", r"2000 requested and \d+ written")],
)
@pytest.mark.usefixtures("small_files")
def test_a_file_that_does_not_fit_leaves_what_was_there_and_says_what_to_do(
    tmp_path: Path, writer: str, says: str
):
    target = tmp_path / "a"
    target.write_text("before")
    message = rf"a: expected to write it, got '{says}'; .* and run the same command again"
    with pytest.raises(Refused, match=message), replacing(target) as partial:
        WRITERS[writer](partial)
    assert target.read_text() == "before"
    assert names(tmp_path) == ["a"]


def test_a_file_elsewhere_that_cannot_be_read_is_not_taken_for_this_one(tmp_path: Path):
    def read() -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/elsewhere/input")

    with pytest.raises(PermissionError), replacing(tmp_path / "a"):
        read()
    assert names(tmp_path) == []
