"""Atomic writes, tables, JSON files and locks."""

import errno
import fcntl
import math
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from wordbridge.errors import InputError
from wordbridge.files import (
    DiskError,
    atomic_write,
    escape_token,
    format_value,
    lock,
    read_records,
    read_tsv,
    unescape_token,
    write_json,
    write_tsv,
)
from wordbridge.tensors import write_tensors

SCRIPTS = Path(__file__).resolve().parents[1] / "workflow/scripts"
DYING = """
import os, signal, sys
from wordbridge.files import atomic_write
with atomic_write(sys.argv[1]) as partial:
    partial.write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_next_write_replaces_the_partial_file_of_a_killed_process(tmp_path: Path):
    command = [sys.executable, "-c", DYING, str(tmp_path / "a.txt")]
    done = subprocess.run(command, env={"PYTHONPATH": str(SCRIPTS)}, check=False)
    assert done.returncode == -9
    assert names(tmp_path) == [".partial.a.txt"]
    with atomic_write(tmp_path / "a.txt") as partial:
        partial.write_text("a")
    assert names(tmp_path) == ["a.txt"]


def test_two_files_of_a_folder_can_be_written_at_the_same_time(tmp_path: Path):
    with atomic_write(tmp_path / "a.txt") as one:
        one.write_text("a")
        with atomic_write(tmp_path / "b.txt") as other:
            other.write_text("b")
    assert names(tmp_path) == ["a.txt", "b.txt"]


def test_a_lock_that_another_process_holds_is_an_error_after_the_timeout(tmp_path: Path, capsys):
    path = tmp_path / "locks" / "a.lock"
    held = "from wordbridge.files import lock; import sys, pathlib, time\n"
    held += "with lock(pathlib.Path(sys.argv[1]), 'x'): print('held', flush=True); time.sleep(60)"
    command = [sys.executable, "-c", held, str(path)]
    environment = {"PYTHONPATH": str(SCRIPTS)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        locked = pytest.raises(InputError, match="is locked: another process trains; wait for it")
        with locked, lock(path, "trains", timeout=0.1):
            pass
        holder.kill()
    assert "waiting for another process that trains" in capsys.readouterr().err
    with lock(path, "trains", timeout=0.1):
        pass


def test_a_file_system_without_locks_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    refused = pytest.raises(InputError, match="expected a file system with locks")
    with refused, lock(tmp_path / "a.lock", "trains"):
        pass


def test_a_lock_that_cannot_be_opened_is_no_file_system_without_locks(tmp_path: Path):
    with pytest.raises(OSError, match="Is a directory"), lock(tmp_path, "trains"):
        pass


def test_tensors_are_written_without_a_file_of_the_librarys_own(tmp_path: Path):
    plain, tensors = tmp_path / "plain", tmp_path / "tensors"
    plain.touch()
    write_tensors(tensors, {"x": torch.arange(3)})
    assert tensors.stat().st_mode == plain.stat().st_mode
    assert load_file(tensors)["x"].tolist() == [0, 1, 2]


WRITERS: dict[str, Callable[[Path], object]] = {
    "text": lambda path: path.write_text("x" * 2000),
    "arrays": lambda path: np.zeros(2000).tofile(path),
}


@pytest.mark.parametrize(
    ("writer", "reason"),
    [("text", "File too large"), ("arrays", r"2000 requested and \d+ written")],
)
@pytest.mark.usefixtures("small_files")
def test_a_file_that_does_not_fit_leaves_what_was_there_and_says_what_to_do(
    tmp_path: Path, writer: str, reason: str
):
    target = tmp_path / "a"
    target.write_text("before")
    message = rf"a: expected to write it, got '{reason}'; .* and run the same command again"
    with pytest.raises(DiskError, match=message), atomic_write(target) as partial:
        WRITERS[writer](partial)
    assert target.read_text() == "before"
    assert names(tmp_path) == ["a"]


def test_a_file_elsewhere_that_cannot_be_read_is_not_taken_for_this_one(tmp_path: Path):
    def read() -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/elsewhere/input")

    with pytest.raises(PermissionError), atomic_write(tmp_path / "a"):
        read()
    assert names(tmp_path) == []


COLUMNS = ("word", "count")
REMEDY = "do it again"


def counted(word: str, count: str, *part: str) -> tuple[str | int, ...]:
    if not count.isdecimal():
        raise InputError(f"expected a number, got {count!r}; count again")
    return word, int(count), *part


def read(path: Path, *optional: str) -> list[tuple[str | int, ...]]:
    return list(read_tsv(path, COLUMNS, counted, REMEDY, optional))


def test_what_is_written_is_read_again(tmp_path: Path):
    path = tmp_path / "new" / "t.tsv"
    rows = [("où", "3"), ("", "4"), ('"a\u2028', "5")]
    write_tsv(path, COLUMNS, iter(rows))
    assert path.read_bytes() == 'word\tcount\noù\t3\n\t4\n"a\u2028\t5\n'.encode()
    assert read(path) == [("où", 3), ("", 4), ('"a\u2028', 5)]


def test_a_table_without_rows_is_one(tmp_path: Path):
    write_tsv(tmp_path / "t.tsv", COLUMNS, [])
    assert read(tmp_path / "t.tsv") == []


def test_a_table_that_fails_half_way_is_not_left_behind(tmp_path: Path):
    def broken() -> Iterator[tuple[str, str]]:
        yield "a", "1"
        raise InputError("no more")

    with pytest.raises(InputError, match="no more"):
        write_tsv(tmp_path / "t.tsv", COLUMNS, broken())
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffword\tcount\na\t1\n",
        "word\tcount\r\na\t1\r\n",
        "word\tcount\na\t1",
    ],
)
def test_other_editors_tables_are_understood(tmp_path: Path, content: str):
    (tmp_path / "t.tsv").write_bytes(content.encode())
    assert read(tmp_path / "t.tsv") == [("a", 1)]


def test_a_column_may_be_there_or_not(tmp_path: Path):
    path = tmp_path / "t.tsv"
    for part in ([], ["train"]):
        write_tsv(path, [*COLUMNS, *["part"] * len(part)], [["a", "1", *part]])
        assert read(path, "part") == [("a", 1, *part)]
    with pytest.raises(InputError, match="got 'word, count, part'"):
        read(path)


def test_rows_come_one_at_a_time(tmp_path: Path):
    (tmp_path / "t.tsv").write_bytes(b"word\tcount\na\t1\nb\n")
    rows = read_tsv(tmp_path / "t.tsv", COLUMNS, counted, REMEDY)
    assert next(rows) == ("a", 1)
    with pytest.raises(InputError, match="line 3: expected 2 columns, got 1"):
        next(rows)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "line 1: expected the columns word, count and perhaps part, got ''; do it again"),
        (b"word\n", "line 1: expected the columns word, count and perhaps part, got 'word'; do"),
        (b"count\tword\n", "got 'count, word'; do it again"),
        (b"word\tcount\na\t1\tb\n", "line 2: expected 2 columns, got 3; do it again"),
        (b"word\tcount\n\n", "line 2: expected 2 columns, got 1; do it again"),
        (b"word\tcount\na\tx\n", "line 2: expected a number, got 'x'; count again"),
        (
            b"word\tcount\na\t1\n\xc3\xa9\xe9\t2\n",
            "line 3: expected UTF-8, got byte 0xe9 at byte 3 of the line; convert",
        ),
        ("word\n".encode("utf-16"), "line 1: expected UTF-8, got UTF-16; convert"),
    ],
)
def test_a_harmed_table_is_told_with_its_line(tmp_path: Path, content: bytes, message: str):
    path = tmp_path / "t.tsv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=re.escape(message)) as caught:
        read(path, "part")
    assert str(caught.value).startswith(f"{path}, line ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("is_folder", [False, True])
def test_a_file_that_is_none_is_named(tmp_path: Path, is_folder: bool):
    path = tmp_path / "t.tsv"
    if is_folder:
        path.mkdir()
    with pytest.raises(InputError, match=r"t\.tsv: no table can be read \(.*\); do it again"):
        read(path)


@pytest.mark.parametrize(("value", "field"), [(0.5, "0.500000"), (3, "3"), ("a", "a")])
def test_shares_have_six_digits(value: object, field: str):
    assert format_value(value) == field


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    record = {"variant": "all\n\u00e9", "seed": 2, "bleu": 1 / 3, "counts": [[1, 2], [3, 4]]}
    write_json(tmp_path / "new" / "2.json", record)
    assert read_records([tmp_path / "new" / "2.json"]) == [record]


def test_keys_are_sorted(tmp_path: Path) -> None:
    write_json(tmp_path / "1.json", {"seed": 1, "bleu": "é"})
    assert (tmp_path / "1.json").read_text("utf-8") == '{\n "bleu": "é",\n "seed": 1\n}\n'


def test_records_keep_the_order_of_the_files(tmp_path: Path) -> None:
    paths = [tmp_path / f"{seed}.json" for seed in (3, 1, 2)]
    for path in paths:
        write_json(path, {"seed": int(path.stem)})
    assert [record["seed"] for record in read_records(paths)] == [3, 1, 2]


def test_a_figure_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "1.json", {"loss": math.nan})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "message"), [("[1, 2]", "a JSON object, got list"), ("{", "in JSON, got none")]
)
def test_other_files_are_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "1.json"
    path.write_text(text)
    with pytest.raises(InputError, match=rf"1\.json: .*{message}"):
        read_records([path])


@pytest.mark.parametrize(
    ("token", "field"),
    [
        ("where", "where"),
        ("", "\\e"),
        (" ", "\\s"),
        ("\n\t\r", "\\n\\t\\r"),
        ("a\\sb", "a\\\\sb"),
        ("\\e", "\\\\e"),
        ("1\u00a0000", "1\\u00a0000"),
        ("\u2028", "\\u2028"),
        ("où", "où"),
    ],
)
def test_an_escaped_token_has_no_space_and_round_trips(token, field):
    assert escape_token(token) == field
    assert unescape_token(field) == token


@pytest.mark.parametrize("field", ["\\q", "a\\", "\\u12", "\\u00G0", "\\ex"])
def test_an_escape_that_is_never_written_is_an_error(field):
    with pytest.raises(ValueError, match="unknown escape"):
        unescape_token(field)
