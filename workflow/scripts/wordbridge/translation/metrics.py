"""The table of losses per epoch that stands beside a translator."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from wordbridge.table_file import write_table

COLUMNS = (
    "epoch",
    "learning_rate",
    "forcing",
    "train_loss",
    "nll",
    "free_running_loss",
    "bleu",
)


def write_metrics(path: str | Path, epochs: Sequence[Mapping[str, float]]) -> None:
    """Write one row per epoch; figures are written so that they read back exactly."""
    write_table(path, COLUMNS, ([repr(row[name]) for name in COLUMNS] for row in epochs))
