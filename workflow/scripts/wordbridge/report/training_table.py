"""Losses per epoch of every training, as the lesson printed them."""

import pandas as pd

from wordbridge.report.cells import Column

CAPTION = (
    "Losses per epoch in nats: the training loss as a running average, and on the valid part the "
    "free-running loss as the lesson has it, the likelihood of each token after the true ones, and "
    "BLEU."
)

COLUMNS = {
    "variant": Column("Variant"),
    "seed": Column("Seed", 0),
    "epoch": Column("Epoch", 0),
    "forcing": Column("Forcing", 2, note="chance of feeding the true word"),
    "train_loss": Column(
        "Training", 4,
        note="running average over the batches so far, the last ones counting most; with dropout, "
        "forcing, label smoothing and the epoch's mix of texts where they are set, so no figure "
        "to be held against the losses beside it",
    ),
    "free_running_loss": Column("Validation", 4),
    "nll": Column("NLL/token", 4),
    "bleu": Column("BLEU", 2, note="valid part, greedy, one reference, the model's tokens"),
}  # fmt: skip


def tabulate_training(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of ``metrics`` (see report/metrics.py) with the columns that are shown."""
    return metrics[list(COLUMNS)]
