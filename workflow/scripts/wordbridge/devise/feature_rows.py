"""Which picture each row of a shard's features belongs to."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from wordbridge.table_file import read_table, write_table


class Row(NamedTuple):
    """The picture that a row of features belongs to."""

    set: str
    picture: str
    stamp: str


HEADER = Row._fields


def write_rows(path: str | Path, rows: Iterable[Row]) -> None:
    """Write the table of ``rows``, in their order."""
    write_table(path, HEADER, rows)


def read_rows(path: str | Path) -> list[Row]:
    """Return the rows of the table at ``path``. Raises InputError when it is no such table."""
    return list(read_table(path, HEADER, Row, "extract the features again"))
