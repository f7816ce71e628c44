"""Tables with tabs: a line with the names of the columns, then a line for each row."""

from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from wordbridge.atomic import replacing
from wordbridge.errors import InputError, brief

Row = TypeVar("Row")


def write_table(path: str | Path, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> int:
    """Return the number of rows written to ``path``, which appears whole or not at all.

    Fields are written as they are: none may hold a tab or a line feed.
    """
    count = 0
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as table:
        table.write("\t".join(columns) + "\n")
        for row in rows:
            table.write("\t".join(row) + "\n")
            count += 1
    return count


def read_table(
    path: str | Path,
    columns: Sequence[str],
    row: Callable[..., Row],
    remedy: str,
    optional: Sequence[str] = (),
) -> Iterator[Row]:
    r"""Yield ``row(*fields)`` for each row of the table at ``path``, one at a time.

    It has just the ``columns``, with the ``optional`` ones behind them or without. Lines end in
    \n or \r\n; a byte order mark is dropped. Raises InputError, with the line where there is one
    and ``remedy`` as its end, for a file that cannot be read or is not UTF-8, other columns, and
    a row with more or fewer fields. One that ``row`` raises gets path and line in front.
    """
    number = 1
    try:
        with Path(path).open("rb") as lines:
            header = _fields(lines.readline().removeprefix(BOM_UTF8))
            _check(header, columns, optional, remedy)
            for line in lines:
                number += 1
                fields = _fields(line)
                if len(fields) != len(header):
                    got = len(fields)
                    raise InputError(f"expected {len(header)} columns, got {got}; {remedy}")
                yield row(*fields)
    except InputError as error:
        raise InputError(f"{path}, line {number}: {error}") from None
    except UnicodeDecodeError as error:
        byte = f"byte 0x{error.object[error.start]:02x} at byte {error.start + 1} of the line"
        raise InputError(f"{path}, line {number}: expected UTF-8, got {byte}; {remedy}") from None
    except OSError as error:
        raise InputError(f"{path}: no table can be read ({brief(error)}); {remedy}") from error


def rounded(value: object) -> str:
    """Return a value as a field, a share or another fraction with 6 digits."""
    return f"{value:.6f}" if isinstance(value, float) else str(value)


def _fields(line: bytes) -> list[str]:
    return line.decode().rstrip("\r\n").split("\t")


def _check(
    header: Sequence[str], columns: Sequence[str], optional: Sequence[str], remedy: str
) -> None:
    if list(header) not in ([*columns], [*columns, *optional]):
        perhaps = f" and perhaps {', '.join(optional)}" if optional else ""
        raise InputError(
            f"expected the columns {', '.join(columns)}{perhaps}, got "
            f"{brief(', '.join(header))!r}; {remedy}"
        )
