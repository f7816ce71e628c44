"""The file of the nouns' coverage: one option of finding a vector a line."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from wordbridge.atomic import replacing


def write_noun_coverage(path: str | Path, coverage: Sequence[Mapping[str, object]]) -> None:
    """Write the table of ``coverage``, whose rows have the same columns; shares with 6 digits."""
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as table:
        table.write("\t".join(coverage[0]) + "\n")
        for row in coverage:
            table.write("\t".join(map(_cell, row.values())) + "\n")


def _cell(value: object) -> str:
    return f"{value:.6f}" if isinstance(value, float) else str(value)
