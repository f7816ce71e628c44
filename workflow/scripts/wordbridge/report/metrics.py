"""The figures of every epoch of many trainings as one table."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from wordbridge.errors import InputError
from wordbridge.report.frames import read_frame


def read_metrics(paths: Iterable[str | Path]) -> pd.DataFrame:
    """Return the rows of all tables at ``paths``, with the columns variant and seed in front.

    A path ends in {variant}/{seed}/metrics.tsv; order is that of ``paths``. Raises InputError
    when a table has no row or cannot be read.
    """
    return pd.concat([_read(Path(path)) for path in paths], ignore_index=True)


def _read(path: Path) -> pd.DataFrame:
    rows = read_frame(path, "train the variant again", gaps=True)
    if rows.empty:
        raise InputError(f"{path}: expected a row per epoch, got none; train the variant again")
    rows.insert(0, "variant", path.parent.parent.name)
    rows.insert(1, "seed", path.parent.name)
    return rows
