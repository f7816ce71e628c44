"""Published figures of the lesson."""

import math

import pandas as pd
import pytest

from wordbridge.report.published import add_published_trainings, published_losses

OURS = pd.DataFrame({"variant": ["baseline", "bidirectional", "forcing", "attention", "all"]})
OURS = OURS.assign(epochs=1, validation_loss=1.0)


@pytest.mark.parametrize(
    ("variant", "run", "epochs", "loss"),
    [
        ("baseline", "notebook", 12, 3.5812),
        ("bidirectional", "notebook", 12, 3.5140),
        ("forcing", "notebook", 12, 3.4906),
        ("attention", "notebook", 15, 3.3686),
        ("all", "notebook", 15, 3.3242),
        ("baseline", "notes", 12, 3.5963),
        ("bidirectional", "notes", 12, 3.3738),
        ("forcing", "notes", 12, 3.4329),
        ("attention", "notes", 15, 3.2406),
    ],
)
def test_the_last_losses_are_the_published_ones(
    variant: str, run: str, epochs: int, loss: float
) -> None:
    rows = add_published_trainings(OURS)
    row = rows[(rows["variant"] == variant) & (rows["run"] == run)].iloc[0]
    assert (row["epochs"], row["validation_loss"]) == (epochs, loss)


def test_the_notes_lack_the_variant_all() -> None:
    assert (add_published_trainings(OURS)["run"] != "here").sum() == 9


def test_curves_have_all_epochs_of_all_trainings() -> None:
    losses = published_losses()
    assert len(losses) == 3 * 12 + 2 * 15 + 3 * 12 + 15
    first = losses.iloc[0]
    assert (first["epoch"], first["train_loss"], first["free_running_loss"]) == (1, 5.4898, 5.4626)
    assert losses["free_running_loss"].max() == 14.757  # attention in the notes, first epoch
    assert not losses.isna().to_numpy().any()


def test_published_rows_follow_ours_and_have_only_shared_columns() -> None:
    ours = pd.DataFrame(
        {"variant": ["all", "sixth", "forcing"], "validation_loss": [3.0, 4.0, 5.0], "bleu": 1.0}
    )
    table = add_published_trainings(ours)
    assert list(table.columns) == ["variant", "run", "validation_loss", "bleu"]
    assert list(zip(table["variant"], table["run"], table["validation_loss"], strict=True)) == [
        ("all", "here", 3.0),
        ("all", "notebook", 3.3242),
        ("sixth", "here", 4.0),
        ("forcing", "here", 5.0),
        ("forcing", "notebook", 3.4906),
        ("forcing", "notes", 3.4329),
    ]
    assert [math.isnan(bleu) for bleu in table["bleu"]] == [False, True, False, False, True, True]
