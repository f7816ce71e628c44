"""Valid files with flipped bits, cuts and splices: each reader reads it or names the error."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.inputs.doors import BINARY, DOORS
from wordbridge.errors import InputError
from wordbridge.images.decoding import UnreadableImageError

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 30  # of guided fuzzing for each door
Mutation = Callable[[bytes], bytes]

PLACE = st.floats(0, 1, exclude_max=True)
ODD = st.sampled_from(
    [b"\0" * 8, b"\xff" * 8, b"\xff\xff\xff\x7f", b"-1", b"1e400", b"9" * 20, b"NaN", b"\xe9", b"["]
)


def at(place: float, content: bytes) -> int:
    return int(place * len(content))


def flipped(place: float, bit: int) -> Mutation:
    def mutate(content: bytes) -> bytes:
        start = at(place, content)
        changed = bytes(byte ^ (1 << bit) for byte in content[start : start + 1])
        return content[:start] + changed + content[start + 1 :]

    return mutate


def cut(place: float) -> Mutation:
    return lambda content: content[: at(place, content)]


def overwritten(place: float, odd: bytes) -> Mutation:
    def mutate(content: bytes) -> bytes:
        start = at(place, content)
        return content[:start] + odd + content[start + len(odd) :]

    return mutate


def spliced(place: float, origin: float, length: int) -> Mutation:
    def mutate(content: bytes) -> bytes:
        start, source = at(place, content), at(origin, content)
        return content[:start] + content[source : source + length] + content[start:]

    return mutate


def dropped(place: float, length: int) -> Mutation:
    def mutate(content: bytes) -> bytes:
        start = at(place, content)
        return content[:start] + content[start + length :]

    return mutate


MUTATIONS = st.lists(
    st.one_of(
        st.builds(flipped, PLACE, st.integers(0, 7)),
        st.builds(cut, PLACE),
        st.builds(overwritten, PLACE, ODD),
        st.builds(spliced, PLACE, PLACE, st.integers(1, 40)),
        st.builds(dropped, PLACE, st.integers(1, 9)),
    ),
    min_size=1,
    max_size=4,
)


def check(door: str, mutations: list[Mutation]) -> None:
    """Read a mutated file; nothing but the reader's own errors may come, each in one line."""
    with tempfile.TemporaryDirectory() as folder:
        path = DOORS[door].set_up(Path(folder))
        content = path.read_bytes()
        for mutate in mutations:
            content = mutate(content)
        path.unlink()
        path.write_bytes(content)
        try:
            DOORS[door].read(path)
        except (InputError, UnreadableImageError) as error:
            message = str(error)
        else:
            message = ""
    assert "\n" not in message
    assert len(message) < 1200  # a line of NULs is long when it is shown


@pytest.mark.parametrize("door", DOORS)
@settings(derandomize=True, max_examples=15, deadline=None, database=None)
@given(mutations=MUTATIONS)
def test_a_mutated_file_is_read_or_refused_in_one_line(door: str, mutations: list[Mutation]):
    check(door, mutations)


@pytest.mark.long
@pytest.mark.parametrize("door", DOORS)
@settings(
    max_examples=2000,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(mutations=MUTATIONS)
def test_many_mutated_files_are_read_or_refused_in_one_line(door: str, mutations: list[Mutation]):
    check(door, mutations)


@pytest.mark.long
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is for Linux on x86_64")
def test_guided_fuzzing_finds_no_way_through_a_binary_reader():
    command = [sys.executable, "-m", "tests.inputs.fuzz", str(SECONDS)]
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    runs = [int(count) for count in re.findall(r"number_of_executed_units: (\d+)", done.stdout)]
    assert done.returncode == 0, done.stdout[-6000:]
    assert len(runs) == len(BINARY)
    print(f"{sum(runs)} executions")
