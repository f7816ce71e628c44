"""Tests of the training loop: resuming, selection, early ends."""

import os
import signal
import subprocess
import sys
import time
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import torch

from tests.translation.toys import (
    LESSON,
    VARIANTS,
    Block,
    parallel,
    reversals,
    settings,
    translator,
)
from wordbridge import attempts
from wordbridge.errors import InputError
from wordbridge.translation import checkpoint
from wordbridge.translation import training as training_module
from wordbridge.translation.resumption import Stopped
from wordbridge.translation.settings import Settings
from wordbridge.translation.training import Training
from wordbridge.translation.translator import Translator
from wordbridge.translation.validation import FreeRun

TRAIN, VALID = reversals(13, 1), reversals(5, 2)
SHORT = {"epochs": 2, "batch_size": 4, "save_seconds": 1e-9}

Rows = list[dict[str, float]]


def training(made: Settings, seed: int = 3, state: Path | None = None) -> Training:
    torch.manual_seed(seed)
    return Training(translator(made, seed), made, TRAIN, VALID, seed=seed, state=state)


def short(name: str = "all", **changes: Any) -> Settings:
    block: Block = {**VARIANTS[name], "training": {**SHORT, **changes}}
    return settings(block)


def run(made: Settings, seed: int = 3, state: Path | None = None) -> tuple[bytes, Rows]:
    """Return the chosen weights as bytes, and the rows of the epochs."""
    one = training(made, seed, state)
    weights = one.run()
    content = b"".join(weights[name].numpy().tobytes() for name in sorted(weights))
    return content, one.standing.epochs


def test_the_same_seed_gives_the_same_bytes_and_another_one_others() -> None:
    first, second, other = run(short()), run(short()), run(short(), seed=4)
    assert first == second
    assert first[0] != other[0]


class Killed(Exception):
    """The process ends here."""


def killed_after(saves: int) -> AbstractContextManager[Any]:
    """Let the process end right after so many saved states."""
    left, save = [saves], checkpoint._write

    def dying(*arguments: Any) -> None:
        save(*arguments)
        left[0] -= 1
        if not left[0]:
            raise Killed

    return patch.object(checkpoint, "_write", dying)


@pytest.mark.parametrize("saves", range(1, 12))
def test_a_training_killed_after_any_save_ends_with_the_same_bytes(
    saves: int, tmp_path: Path
) -> None:
    # 4 batches an epoch: a save after each, one after each epoch, one at the end
    made, state = short(), tmp_path / "state"
    whole = run(made)
    with killed_after(saves), pytest.raises(Killed):
        run(made, state=state)
    torch.rand(saves)  # a new process has other random numbers behind it
    assert run(made, state=state) == whole


def test_a_continued_training_knows_the_seconds_of_its_attempts_and_their_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "seconds_since_start", lambda: 100.0)
    for number in (1, 2, 3):
        monkeypatch.setattr(attempts, "_earlier", attempts._Earlier())  # a process of its own
        one = training(short(), state=tmp_path / "state")
        with killed_after(2), suppress(Killed):
            one.run()
        assert (one.standing.spent, one.standing.attempts) == (number * 100.0, number)


@pytest.fixture
def any_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every processor imitate what it does not compute in: slow, but the same numbers."""
    able = {"avx512_bf16": True, "amx_fp16": True}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)


@pytest.mark.parametrize(("precision", "ability"), [("bfloat16", "bf16"), ("float16", "fp16")])
def test_a_processor_without_a_precision_is_told(
    precision: str, ability: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    able = {"avx2": True, f"amx_{ability}": False}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    with pytest.raises(InputError, match=f"got {precision}; set it to float32, or use a GPU"):
        run(short(precision=precision))


@pytest.mark.usefixtures("any_precision")
@pytest.mark.parametrize(
    "block",
    [
        {"schedule": {"kind": "one_cycle", "momentum_high": 0.95, "momentum_low": 0.85}},
        {"training": {"clip_norm": 0.1, "weight_decay": 0.01, "label_smoothing": 0.1}},
        {"training": {"activation_regularisation": 2.0, "temporal_regularisation": 1.0}},
        {"model": {"cell": "lstm", "locked_dropout": True, "weight_dropout": 0.5}},
        {"model": LESSON, "training": {"count_padding": True, "select": "last"}},
        {"model": LESSON, "forcing": {"schedule": "constant", "rate": 0.5, "coin": "token"}},
        {"training": {"averaging": 0.9}},
        {"training": {"averaging": 0.7, "select": "last"}, "model": {"output_weights": "tied"}},
        {"training": {"precision": "bfloat16"}},
        {"training": {"precision": "float16"}},
    ],
)
def test_every_kind_of_training_continues_with_the_same_bytes(block: Block, tmp_path: Path) -> None:
    made = settings({**block, "training": {**SHORT, **block.get("training", {})}})
    whole = run(made)
    with killed_after(3), pytest.raises(Killed):
        run(made, state=tmp_path / "state")
    assert run(made, state=tmp_path / "state") == whole


@pytest.mark.usefixtures("any_precision")
@pytest.mark.parametrize("changes", [{}, {"precision": "float16", "save_seconds": 9e9}])
def test_a_finished_state_gives_its_weights_at_once(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    made = short(**changes)  # the second is saved at its end only
    first = run(made, state=tmp_path / "state")
    with patch.object(Training, "_epoch", side_effect=AssertionError):
        assert run(made, state=tmp_path / "state") == first


@pytest.mark.parametrize(
    ("batch_size", "epochs", "batches"), [(100, 1, 1), (13, 1, 1), (12, 2, 4), (1, 1, 13)]
)
def test_batches_of_any_size_are_trained_on(batch_size: int, epochs: int, batches: int) -> None:
    one = training(short(batch_size=batch_size, epochs=epochs))
    one.run()
    assert one.standing.step == one.steps == batches
    assert one.standing.tokens == epochs * int(TRAIN.target_lengths.sum())
    assert len(one.standing.epochs) == epochs


def losses(values: list[float]) -> AbstractContextManager[Any]:
    """Pretend these likelihoods of the valid part, one an epoch."""
    return patch.object(training_module, "nll_per_token", side_effect=values)


def free_runs(values: list[float], bleu: list[float]) -> AbstractContextManager[Any]:
    """Pretend these free-running losses and BLEU of the valid part, one of each an epoch."""
    runs = [FreeRun(*figures) for figures in zip(values, bleu, strict=True)]
    return patch.object(training_module, "free_run", side_effect=runs)


@pytest.mark.parametrize(
    ("select", "best"),
    [
        ({"select": "nll"}, 0),
        ({"select": "free_running_loss"}, 1),
        ({"select": "bleu"}, 2),
        ({}, 2),
    ],
)
def test_the_best_epoch_is_kept(select: dict[str, str], best: int) -> None:
    one = training(short(epochs=4, **select))
    weights: list[torch.Tensor] = []

    def nll(model: Translator, *_: Any) -> float:
        weights.append(model.decoder.output.bias.detach().clone())
        return [1.0, 3.0, 2.0, 1.0][len(weights) - 1]

    with (
        patch.object(training_module, "nll_per_token", nll),
        free_runs([6.0, 4.0, 5.0, 4.0], [7.0, 8.0, 9.0, 9.0]),
    ):
        kept = one.run()
    assert one.standing.best_epoch == best
    assert [torch.equal(kept["decoder.output.bias"], each) for each in weights].index(True) == best
    assert [row["bleu"] for row in one.standing.epochs] == [7.0, 8.0, 9.0, 9.0]


def test_a_finished_epoch_is_told_with_its_bleu(capsys: pytest.CaptureFixture[str]) -> None:
    with free_runs([6.25], [7.123]), losses([3.5]):
        training(short(epochs=1)).run()
    line = capsys.readouterr().err.splitlines()[-1]
    assert "valid 6.2500  nll 3.5000  bleu 7.12  " in line


def test_the_lesson_keeps_the_last_epoch_and_never_gives_up() -> None:
    one = training(short(epochs=4, select="last", patience=1))
    with losses([3.0, 1.0, 2.0, 4.0]):
        kept = one.run()
    assert one.standing.best_epoch == 3
    for name, parameter in one.model.named_parameters():
        assert torch.equal(kept[name], parameter)


@pytest.mark.parametrize(("patience", "epochs"), [(1, 3), (2, 4), (3, 6), (None, 6)])
def test_patience_ends_a_training_that_gets_no_better(patience: int | None, epochs: int) -> None:
    one = training(short(epochs=6, patience=patience, select="nll"))
    with losses([3.0, 2.0, 2.5, 2.4, 1.0, 2.0]):
        one.run()
    assert len(one.standing.epochs) == epochs


@pytest.mark.parametrize("select", ["last", "nll", "free_running_loss", "bleu"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_ends_the_training_with_advice(value: float, select: str) -> None:
    message = r"in epoch 1: .* lower learning_rate"
    with losses([value]), pytest.raises(InputError, match=f"^nll {message}"):
        training(short(select=select)).run()
    with (
        free_runs([value], [7.5]),
        pytest.raises(InputError, match=f"^free_running_loss {message}"),
    ):
        training(short(select=select)).run()


def test_a_training_loss_that_is_no_number_ends_the_training() -> None:
    with pytest.raises(InputError, match="training loss in epoch 1"):
        training(settings({"training": {**SHORT, "learning_rate": 1e30}})).run()


def test_padding_does_not_weigh_in_the_corrected_training() -> None:
    made = settings({"training": {**SHORT, "label_smoothing": 0.1}})
    one = training(made)
    data = parallel([[4, 5], [6]], [[4, 5, 6, 7], [8]])
    loss, _ = one.optimisation._losses(data.batch([0, 1]), 0.0)
    assert loss.isfinite()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_the_state_and_stops(number: int, tmp_path: Path) -> None:
    made, state = short(save_seconds=1e9), tmp_path / "state"
    whole = run(made)
    one = training(made, state=state)
    step, count = one.optimisation.step, [0]

    def signalled(*arguments: Any) -> float:
        count[0] += 1
        if count[0] == 3:
            os.kill(os.getpid(), number)
        return step(*arguments)

    before = signal.getsignal(number)
    with (
        patch.object(one.optimisation, "step", signalled),
        pytest.raises(Stopped, match=r"stopped by SIG\w+ in epoch 1, its state is saved"),
    ):
        one.run()
    assert signal.getsignal(number) is before
    assert one.standing.step == 3
    assert run(made, state=state) == whole


JOB = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from tests.translation import test_training as tests
tests.run(tests.LONGER, state=Path(sys.argv[1]))
"""
LONGER = short(epochs=12)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_process_can_be_continued_and_ends_with_the_same_bytes(
    number: int, tmp_path: Path
) -> None:
    state, root = tmp_path / "state", Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", JOB, str(state), str(root), str(root / "workflow/scripts")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        while not state.exists():
            assert process.poll() is None
            time.sleep(0.005)
        process.send_signal(number)
        errors = process.communicate()[1]
    assert process.returncode == (1 if number == signal.SIGTERM else -signal.SIGKILL), errors
    assert ("training was stopped by SIGTERM" in errors) is (number == signal.SIGTERM)
    one = training(LONGER, state=state)
    one._resume()
    assert 0 < one.standing.step < one.steps
    assert run(LONGER, state=state)[0] == run(LONGER)[0]
