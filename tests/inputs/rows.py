"""What a row of the table of bad and unusual inputs is, and what is done to files.

A bad input ends in one line that a person can act on, an unusual one in a correct result. The
rows are listed by subject in texts.py, vectors.py, archives.py, images.py, models.py, config.py and
commands.py; the doors of files are in doors.py; test_bad_inputs.py goes through them all. What
needs a test of its own is named with the place where that is.
"""

import pickle
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tests.inputs import files

Damage = bytes | Callable[[bytes], bytes]


class Bad(NamedTuple):
    """A file that a reader must refuse with a line that holds ``message``."""

    what: str
    door: str
    content: Damage
    message: str


class Unusual(NamedTuple):
    """A file that a reader must understand."""

    what: str
    door: str
    content: Damage
    gives: Any


class Value(NamedTuple):
    """A value that the library must refuse (``message``) or take (``gives``)."""

    what: str
    call: Callable[[], Any]
    message: str = ""
    gives: Any = None


class Setting(NamedTuple):
    """A key of the configuration with a value that must be refused."""

    what: str
    key: str
    value: Any
    message: str


class Command(NamedTuple):
    """A command line, in a finished run of which files were replaced.

    ``@`` is the folder of the best translator; other text is another folder of the run.
    HERE among the words is the run; without it the run is appended as --results.
    """

    what: str
    words: Sequence[str]
    message: str
    code: int = 1
    stdin: bytes | None = None
    damaged: Mapping[str, Damage | str] = {}


class Run(NamedTuple):
    """A small workflow up to ``target`` after ``edits`` of its files (old and new text, or bytes).

    It is the mini experiment, or with ``images`` that of the toy images. ``message`` is in the
    last line of a rule's log, or of Snakemake itself where no job can start.
    """

    what: str
    edits: Mapping[str, tuple[str, str] | bytes]
    target: str
    message: str
    long: bool = False
    images: bool = False


class Held(NamedTuple):
    """An input of which another test is the row; ``words`` of that test are the input."""

    what: str
    test: str
    words: str


Row = Bad | Unusual | Value | Setting | Command | Run | Held


class Reads:
    """Creates a file when it is unpickled: whoever can do that can do anything."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path("unpickled").write_text, ("x",))


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def cut(size: int) -> Callable[[bytes], bytes]:
    return lambda content: content[:size]


def swap(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def swapped(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new, 1)

    return swapped


def numbered(offset: int, layout: str, value: float) -> Callable[[bytes], bytes]:
    return lambda content: files.with_number(offset, layout, value, content)


def encrypted(content: bytes) -> bytes:
    """Return a zip whose members are marked as encrypted."""
    start = content.index(b"PK\x01\x02")
    content = files.with_number(6, "<H", 1, content)
    return files.with_number(start + 8, "<H", 1, content)


def npz(**arrays: Any) -> bytes:
    """Return numbered texts with other arrays in place of some."""
    complete = {
        "ids": np.array([5, 2], np.int32),
        "offsets": np.array([0, 2], np.int64),
        "split": np.array([0], np.int8),
        "version": np.zeros(0, np.int16),
        "names": np.zeros(0, np.uint8),
    }
    packed = {**complete, **arrays}
    return files.zipped({f"{name}.npy": files.npy(array) for name, array in packed.items()})


HERE = "<results>"
NAN = float("nan")
FR = "Où est-il ?\n"
OBJECTS = np.array([{}, {}], object)
UNPICKLED = pickle.dumps(Reads())
