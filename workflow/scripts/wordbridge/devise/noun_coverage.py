"""The file of the nouns' coverage: one option of finding a vector a line."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from wordbridge.table_file import rounded, write_table


def write_noun_coverage(path: str | Path, coverage: Sequence[Mapping[str, object]]) -> None:
    """Write the table of ``coverage``, whose rows have the same columns; shares with 6 digits."""
    write_table(path, coverage[0], (map(rounded, row.values()) for row in coverage))
