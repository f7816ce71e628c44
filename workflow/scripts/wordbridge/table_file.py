"""Tables with tabs, read line by line."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from wordbridge.errors import InputError, brief


@contextmanager
def opened_table(path: str | Path, remedy: str) -> Iterator[TextIO]:
    r"""Yield the lines of a table in UTF-8, which end at \n alone; a byte order mark is dropped.

    Raises InputError, which ends in ``remedy``, when the file is missing or no UTF-8.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="\n") as table:
            yield table
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: no table can be read ({brief(error)}); {remedy}") from error
