"""Which exceptions a job tells in one line."""

import errno
import os

import numpy as np
import pytest
import torch

from wordbridge.errors import InputError
from wordbridge.failures import in_one_line


def too_much(library: str) -> None:
    if library == "numpy":
        np.empty(2**60, np.uint8)
    torch.empty(2**60, dtype=torch.uint8)


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_memory_that_a_library_does_not_get_is_one_line_with_advice(library: str):
    with pytest.raises((MemoryError, RuntimeError)) as raised:
        too_much(library)
    line = in_one_line(raised.value)
    assert line is not None
    assert line.startswith("expected more memory, got ")
    assert line.endswith("lower batch_size, and run the same command again")
    assert os.linesep not in line


def test_what_a_person_can_act_on_is_one_line_and_the_rest_has_none():
    words = "x: expected a, got b; mend it"
    assert in_one_line(InputError(words)) == words
    assert "Ctrl-C" in str(in_one_line(KeyboardInterrupt()))
    assert in_one_line(KeyError("x")) is None
    assert in_one_line(FileNotFoundError(errno.ENOENT, "No such file", "x")) is None


def test_what_the_system_refuses_is_one_line_that_names_the_file():
    line = in_one_line(PermissionError(errno.EACCES, "Permission denied", "some/file"))
    assert line == (
        "some/file: expected one that can be read or written, got Permission denied; "
        "check the path, its permissions and the disk"
    )
