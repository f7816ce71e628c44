import sqlite3
from pathlib import Path

import pytest

from wordbridge.corpus.verses import read_verses
from wordbridge.errors import InputError

ROWS = [
    ("l", 40, 5, 13, "Avec quoi la lui rendra-t-on?"),
    ("k", 40, 5, 13, "Wherewith shall it be salted?"),
    ("k", 1, 10, 2, "a"),
    ("k", 1, 2, 10, "b"),
    ("x", 1, 2, 10, "not asked for"),
    ("l", 1, 2, 10, None),
]


def database(
    folder: Path, rows: list[tuple[str, int, int, int, str | None]], table: str = "bible"
) -> Path:
    path = folder / "verses #1?.db"  # signs that mean something in an address
    connection = sqlite3.connect(path)
    connection.execute(
        f"create table {table} (id integer, bbName text, bNumber integer, cNumber integer, "
        "vNumber integer, vText text)"
    )
    connection.executemany(f"insert into {table} values (null, ?, ?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
    return path


def test_verses_come_in_the_order_of_the_book_with_the_versions_asked_for(tmp_path: Path):
    path = database(tmp_path, ROWS)
    path.chmod(0o444)
    verses = read_verses(path, ["l", "k"])
    assert list(verses) == [(1, 2, 10), (1, 10, 2), (40, 5, 13)]
    assert verses[1, 2, 10] == {"k": "b"}
    assert verses[40, 5, 13] == {"k": ROWS[1][4], "l": ROWS[0][4]}
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_an_unknown_version_is_an_error_that_lists_the_known_ones(tmp_path: Path):
    expected = r"among k \(King James Version\), l \(Segond 1910\), x, got kjv, nope; correct"
    with pytest.raises(InputError, match=expected):
        read_verses(database(tmp_path, ROWS), ["k", "kjv", "nope"])


def test_another_table_is_an_error(tmp_path: Path):
    with pytest.raises(InputError, match=r"expected a table bible\(bbName, .*got none with bbName"):
        read_verses(database(tmp_path, ROWS, table="koran"), ["k"])


@pytest.mark.parametrize(
    "content", [b"<!DOCTYPE html><html></html>" * 50, b"SQLite format 3\0" * 9]
)
def test_another_file_is_an_error(tmp_path: Path, content: bytes):
    path = tmp_path / "bible.db"
    path.write_bytes(content)
    with pytest.raises(InputError, match="expected an SQLite database"):
        read_verses(path, ["k"])


def test_a_truncated_database_is_an_error(tmp_path: Path):
    path = database(tmp_path, ROWS * 500)
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(InputError, match="unreadable file"):
        read_verses(path, ["k"])


def test_a_missing_file_is_an_error_and_is_not_made(tmp_path: Path):
    with pytest.raises(InputError, match="got no file"):
        read_verses(tmp_path / "bible.db", ["k"])
    assert list(tmp_path.iterdir()) == []
