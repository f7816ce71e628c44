"""Losses per epoch of every training, as the lesson printed them."""

import pandas as pd

from wordbridge.report.cells import Column

CAPTION = (
    "Losses per epoch in nats: the smoothed training loss, and on the valid part the free-running "
    "loss as the lesson has it, the likelihood of each token after the true ones, and BLEU."
)

COLUMNS = {
    "variant": Column("Variant"),
    "seed": Column("Seed", 0),
    "epoch": Column("Epoch", 0),
    "forcing": Column("Forcing", 2, note="chance of feeding the true word"),
    "train_loss": Column("Training", 4),
    "free_running_loss": Column("Validation", 4),
    "nll": Column("NLL/token", 4),
    "bleu": Column("BLEU", 2, note="valid part, greedy, one reference, the model's tokens"),
}


def tabulate_training(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of ``metrics`` (see report/metrics.py) with the columns that are shown."""
    return metrics[list(COLUMNS)]
