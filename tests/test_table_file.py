"""One reader and one writer for all tables: what they take, and what they tell."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from wordbridge.errors import InputError
from wordbridge.table_file import read_table, rounded, write_table

COLUMNS = ("word", "count")
REMEDY = "do it again"


def counted(word: str, count: str, *part: str) -> tuple[str | int, ...]:
    if not count.isdecimal():
        raise InputError(f"expected a number, got {count!r}; count again")
    return word, int(count), *part


def read(path: Path, *optional: str) -> list[tuple[str | int, ...]]:
    return list(read_table(path, COLUMNS, counted, REMEDY, optional))


def test_what_is_written_is_read_again(tmp_path: Path):
    path = tmp_path / "new" / "t.tsv"
    rows = [("où", "3"), ("", "4"), ('"a\u2028\0', "5")]
    assert write_table(path, COLUMNS, iter(rows)) == 3
    assert path.read_bytes() == 'word\tcount\noù\t3\n\t4\n"a\u2028\0\t5\n'.encode()
    assert read(path) == [("où", 3), ("", 4), ('"a\u2028\0', 5)]


def test_a_table_without_rows_is_one(tmp_path: Path):
    assert write_table(tmp_path / "t.tsv", COLUMNS, []) == 0
    assert read(tmp_path / "t.tsv") == []


def test_a_table_that_fails_half_way_is_not_left_behind(tmp_path: Path):
    def broken() -> Iterator[tuple[str, str]]:
        yield "a", "1"
        raise InputError("no more")

    with pytest.raises(InputError, match="no more"):
        write_table(tmp_path / "t.tsv", COLUMNS, broken())
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
        write_table(path, [*COLUMNS, *["part"] * len(part)], [["a", "1", *part]])
        assert read(path, "part") == [("a", 1, *part)]
    with pytest.raises(InputError, match="got 'word, count, part'"):
        read(path)


def test_rows_come_one_at_a_time(tmp_path: Path):
    (tmp_path / "t.tsv").write_bytes(b"word\tcount\na\t1\nb\n")
    rows = read_table(tmp_path / "t.tsv", COLUMNS, counted, REMEDY)
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
            "line 3: expected UTF-8, got byte 0xe9 at byte 3 of the line; do it again",
        ),
        ("word\n".encode("utf-16"), "line 1: expected UTF-8, got byte 0xff at byte 1 of the line;"),
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
    assert rounded(value) == field
