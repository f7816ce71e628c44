"""Tests of the collection of training figures."""

from pathlib import Path

import pytest

from wordbridge.errors import InputError
from wordbridge.report.metrics import read_metrics


def written(folder: Path, text: str) -> Path:
    """Return the path of a table of figures with ``text``."""
    folder.mkdir(parents=True)
    (folder / "metrics.tsv").write_text(text)
    return folder / "metrics.tsv"


def test_rows_carry_variant_and_seed_of_their_folder(tmp_path: Path) -> None:
    paths = [
        written(tmp_path / "forcing" / "2", "epoch\ttrain_loss\n1\t4.5\n2\t3.25\n"),
        written(tmp_path / "all" / "1", "epoch\ttrain_loss\n1\t4\n"),
    ]
    table = read_metrics(paths)
    assert list(table.columns) == ["variant", "seed", "epoch", "train_loss"]
    assert list(table.itertuples(index=False, name=None)) == [
        ("forcing", "2", 1, 4.5),
        ("forcing", "2", 2, 3.25),
        ("all", "1", 1, 4.0),
    ]


def test_a_table_without_rows_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "all" / "1", "epoch\ttrain_loss\n")
    with pytest.raises(InputError, match=r"metrics\.tsv: expected a row per epoch"):
        read_metrics([path])
