"""The table of losses per epoch that stands beside a translator."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from wordbridge.atomic import replacing

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
    with replacing(path) as partial, partial.open("w", encoding="utf-8", newline="\n") as table:
        table.write("\t".join(COLUMNS) + "\n")
        for row in epochs:
            table.write("\t".join(repr(row[name]) for name in COLUMNS) + "\n")
