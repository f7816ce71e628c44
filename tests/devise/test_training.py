"""Tests of the training of heads: resuming, selection, early ends, learning."""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch

from tests.devise.head_toys import NOUNS, settings, training_data
from tests.training.kills import Killed, killed_after, killed_process
from wordbridge.devise.training import HeadTrainer, shuffled_batches
from wordbridge.errors import InputError
from wordbridge.training.checkpoint import Stopped
from wordbridge.training.loop import write_metrics
from wordbridge.training.lr_finder import range_test

Rows = list[dict[str, float]]


def training(
    block: dict[str, Any], seed: int = 3, state: Path | None = None, seconds: float = 1e-9
) -> HeadTrainer:
    return HeadTrainer(block, seed, training_data(), state, seconds)


def run(
    block: dict[str, Any], seed: int = 3, state: Path | None = None, seconds: float = 1e-9
) -> tuple[bytes, Rows]:
    """Return the best weights as bytes, and the metrics of the epochs."""
    trainer = training(block, seed, state, seconds)
    weights = trainer.run()
    content = b"".join(weights[name].numpy().tobytes() for name in sorted(weights))
    return content, trainer.state.epochs


def test_equal_seeds_give_equal_bytes_and_different_seeds_different_ones() -> None:
    first, second, other = run(settings()), run(settings()), run(settings(), seed=4)
    assert first == second
    assert first[0] != other[0]


@pytest.mark.parametrize("saves", range(1, 12))
def test_a_training_killed_after_any_save_ends_with_the_same_bytes(
    saves: int, tmp_path: Path
) -> None:
    # 57 points are 4 batches an epoch: a save after each, one after each epoch, one at the end
    state, uninterrupted = tmp_path / "state", run(settings())
    with killed_after(saves), pytest.raises(Killed):
        run(settings(), state=state)
    torch.rand(saves)  # a new process has other random numbers behind it
    assert run(settings(), state=state) == uninterrupted


@pytest.mark.parametrize(
    "blocks",
    [
        {"loss": {"kind": "hinge_rank", "negatives": 4}},
        {"loss": {"kind": "l1"}, "head": {"batch_norm": False}},
        {"loss": {"kind": "softmax"}, "head": {"hidden": [], "dropouts": [0.3]}},
        {"loss": {"kind": "contrastive"}},
        {"schedule": {"kind": "one_cycle", "momentum_high": 0.95, "momentum_low": 0.85}},
        {"training": {"freeze_batch_norm_after": 1}},
    ],
)
def test_every_kind_of_training_continues_with_the_same_bytes(
    blocks: dict[str, Any], tmp_path: Path
) -> None:
    block = settings(**blocks)
    uninterrupted = run(block)
    with killed_after(3), pytest.raises(Killed):
        run(block, state=tmp_path / "state")
    assert run(block, state=tmp_path / "state") == uninterrupted


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_the_state_and_stops(number: int, tmp_path: Path) -> None:
    block, state = settings(), tmp_path / "state"
    uninterrupted, one = run(block), training(block, state=state, seconds=1e9)
    batch, count = one.train_set.batch, [0]

    def signalled(_: Any, indices: Any, device: Any) -> Any:
        count[0] += 1
        if count[0] == 2:
            os.kill(os.getpid(), number)
        return batch(indices, device)

    with (
        patch.object(type(one.train_set), "batch", signalled),
        pytest.raises(Stopped, match=r"stopped by SIG\w+ in epoch 1, its state is saved"),
    ):
        one.run()
    assert one.state.step == 2
    assert run(block, state=state) == uninterrupted


@pytest.mark.parametrize(
    ("points", "size", "sizes"),
    [(7, 3, [3, 4]), (8, 3, [3, 3, 2]), (4, 9, [4]), (3, 2, [3]), (6, 3, [3, 3])],
)
def test_no_batch_has_a_single_image(points: int, size: int, sizes: list[int]) -> None:
    batches = shuffled_batches(points, size, 1, 2)
    assert [len(each) for each in batches] == sizes
    assert sorted(np.concatenate(batches).tolist()) == list(range(points))
    assert (np.concatenate(batches) != np.concatenate(shuffled_batches(points, size, 1, 3))).any()


@pytest.mark.parametrize(("keep_epoch", "best"), [("last", 4), ("valid_loss", 2)])
def test_the_configured_epoch_is_kept(keep_epoch: str, best: int) -> None:
    results = [(1.0, 0.1), (0.9, 0.0), (1.0, 0.1), (0.5, 0.2)] + [(1.0, 0.3), (0.7, 0.2)] * 2
    with patch.object(HeadTrainer, "evaluate", side_effect=results):
        one = training(settings(training={"epochs": 4, "keep_epoch": keep_epoch}))
        one.run()
    assert one.state.best_epoch + 1 == best
    assert [row["valid_loss"] for row in one.state.epochs] == [0.9, 0.5, 0.7, 0.7]


def test_patience_ends_a_training_that_does_not_improve() -> None:
    results = [(0.1, 0.0), (0.5, 0.0)] * 9
    with patch.object(HeadTrainer, "evaluate", side_effect=results):
        one = training(settings(training={"epochs": 9, "patience": 3}))
        one.run()
    assert len(one.state.epochs) == 4


def test_a_loss_that_is_not_finite_ends_the_training_with_advice() -> None:
    with pytest.raises(InputError, match=r"in epoch 1: .* lower learning_rate"):
        training(settings(loss={"kind": "l1"}, training={"learning_rate": 1e38})).run()


@pytest.mark.parametrize("kind", ["cosine", "l1", "hinge_rank", "contrastive", "softmax"])
def test_every_loss_learns_nouns_from_features(kind: str) -> None:
    rate = {"epochs": 30, "learning_rate": 0.03}
    one = training(settings(loss={"kind": kind}, training=rate))
    one.run()
    rows = one.state.epochs
    assert rows[-1]["valid_loss"] < 0.7 * rows[0]["valid_loss"]
    assert rows[-1]["valid_hit5"] > 0.9


def test_statistics_of_batch_norm_stay_when_they_are_frozen() -> None:
    frozen = training(settings(training={"epochs": 3, "freeze_batch_norm_after": 0}))
    frozen.run()
    norm = frozen.head.layers[0]
    assert torch.equal(norm.running_mean, torch.zeros(10))
    assert not torch.equal(norm.weight, torch.ones(10))


def test_the_table_of_epochs_reads_back_exactly(tmp_path: Path) -> None:
    rows = run(settings())[1]
    write_metrics(tmp_path / "metrics.tsv", rows)
    header, *lines = (tmp_path / "metrics.tsv").read_text().splitlines()
    assert header.split("\t")[3:5] == ["fit_loss", "valid_loss"]
    assert [float(line.split("\t")[4]) for line in lines] == [row["valid_loss"] for row in rows]


def test_training_reads_no_valid_and_unseen_images() -> None:
    data = training_data()
    one = HeadTrainer(settings(), 1, data)
    store: Any = data.store
    for indices in shuffled_batches(len(one.train_set), 16, 1, 0):
        one.train_set.batch(indices, one.device)
    splits = {data.images[row].split for row in store.queried}
    assert splits == {"train"}
    assert len(one.class_rows) == NOUNS - 1


def test_the_range_test_raises_the_rate_over_epochs_and_suggests_one() -> None:
    table = range_test(training(settings()).range_test_step(), 40, 1e-4, 1.0)
    assert len(table.rates) > 20
    assert table.rates[:2] == pytest.approx([1e-4, 1e-4 * 10 ** (4 / 40)])
    assert table.suggestion in table.rates
    assert min(table.losses) < table.losses[0]


def test_the_range_test_ends_with_advice_where_the_first_loss_is_not_finite() -> None:
    one = training(settings())
    with (
        patch.object(one, "step", return_value=float("nan")),
        pytest.raises(InputError, match="nan"),
    ):
        range_test(one.range_test_step(), 9, 1e-4, 1.0)


LONGER = settings(training={"epochs": 60})


def test_a_process_killed_at_once_can_be_continued_and_ends_with_the_same_bytes(
    tmp_path: Path, python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    state = tmp_path / "state"
    process = killed_process(python, __name__, state, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL, process.stderr
    one = training(LONGER, state=state)
    one.resume()
    assert 0 < one.state.step < one.steps
    assert run(LONGER, state=state) == run(LONGER)
