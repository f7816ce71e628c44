"""Tests of the training of translators: resuming, selection, averaging."""

import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.training.kills import Killed, killed_after, killed_process
from tests.translation.toys import (
    LESSON,
    VARIANTS,
    Block,
    parallel,
    reversals,
    settings,
    translator,
)
from wordbridge import job
from wordbridge.errors import InputError
from wordbridge.training import checkpoint
from wordbridge.training.checkpoint import Stopped
from wordbridge.translation import training as training_module
from wordbridge.translation.losses import GreedyValidation
from wordbridge.translation.settings import Settings
from wordbridge.translation.training import (
    TranslatorTrainer,
    weight_average,
)
from wordbridge.translation.translator import Translator

TRAIN, VALID = reversals(13, 1), reversals(5, 2)
SHORT = {"epochs": 2, "batch_size": 4}

Rows = list[dict[str, float]]


def training(
    options: Settings, seed: int = 3, state: Path | None = None, seconds: float = 1e-9
) -> TranslatorTrainer:
    torch.manual_seed(seed)
    return TranslatorTrainer(
        translator(options, seed),
        options,
        TRAIN,
        VALID,
        seed=seed,
        checkpoint=state,
        checkpoint_seconds=seconds,
    )


def short(name: str = "all", **changes: Any) -> Settings:
    block: Block = {**VARIANTS[name], "training": {**SHORT, **changes}}
    return settings(block)


def run(
    options: Settings, seed: int = 3, state: Path | None = None, seconds: float = 1e-9
) -> tuple[bytes, Rows]:
    """Return the kept weights as bytes, and the rows of the epochs."""
    one = training(options, seed, state, seconds)
    weights = one.run()
    content = b"".join(weights[name].numpy().tobytes() for name in sorted(weights))
    return content, one.state.epochs


def test_equal_seeds_give_equal_bytes_and_different_seeds_different_ones() -> None:
    first, second, other = run(short()), run(short()), run(short(), seed=4)
    assert first == second
    assert first[0] != other[0]


@pytest.mark.parametrize("saves", range(1, 12))
def test_a_training_killed_after_any_save_ends_with_the_same_bytes(
    saves: int, tmp_path: Path
) -> None:
    # 4 batches an epoch: a save after each, one after each epoch, one at the end
    options, state = short(), tmp_path / "state"
    uninterrupted = run(options)
    with killed_after(saves), pytest.raises(Killed):
        run(options, state=state)
    torch.rand(saves)  # a new process has other random numbers behind it
    assert run(options, state=state) == uninterrupted


def test_a_resumed_training_includes_the_elapsed_time_of_interrupted_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "seconds_since_start", lambda: 100.0)
    for number in (1, 2, 3):
        monkeypatch.setattr(checkpoint, "elapsed", job.Elapsed())  # as in a new process
        one = training(short(), state=tmp_path / "state")
        with killed_after(2), suppress(Killed):
            one.run()
        assert checkpoint.elapsed.total() == number * 100.0


@pytest.fixture
def any_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every processor imitate what it does not compute in: slow, but the same numbers."""
    able = {"avx512_bf16": True, "amx_fp16": True}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)


@pytest.mark.parametrize(("precision", "ability"), [("bfloat16", "bf16"), ("float16", "fp16")])
def test_a_cpu_without_the_precision_is_an_error(
    precision: str, ability: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    able = {"avx2": True, f"amx_{ability}": False}
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: able)
    with pytest.raises(InputError, match=f"got {precision}; set it to float32, or use a GPU"):
        run(short(precision=precision))


@pytest.mark.parametrize(("ability", "precision"), [("bf16", "bfloat16"), ("fp16", "float32")])
def test_auto_is_the_format_that_the_cpu_computes_in(
    ability: str, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {f"avx512_{ability}": True})
    assert training(short(precision="auto")).precision == precision


def test_a_training_continues_in_the_format_of_its_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})
    uninterrupted = run(short(precision="auto"))
    with killed_after(3), pytest.raises(Killed):
        run(short(precision="auto"), state=tmp_path / "state")
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": False})
    assert run(short(precision="auto"), state=tmp_path / "state") == uninterrupted
    assert run(short(precision="auto")) != uninterrupted


@pytest.mark.usefixtures("any_precision")
@pytest.mark.parametrize(
    "block",
    [
        {"schedule": {"kind": "one_cycle", "momentum_high": 0.95, "momentum_low": 0.85}},
        {"training": {"clip_norm": 0.1, "weight_decay": 0.01, "label_smoothing": 0.1}},
        {"training": {"activation_regularisation": 2.0, "temporal_regularisation": 1.0}},
        {"model": {"cell": "lstm", "variational_dropout": True, "weight_dropout": 0.5}},
        {"model": LESSON, "training": {"count_padding": True, "keep_epoch": "last"}},
        {
            "model": LESSON,
            "forcing": {"schedule": "constant", "rate": 0.5, "sampling_unit": "token"},
        },
        {"training": {"ema_decay": 0.9}},
        {"training": {"ema_decay": 0.7, "keep_epoch": "last"}, "model": {"output_weights": "tied"}},
        {"training": {"precision": "bfloat16"}},
        {"training": {"precision": "float16"}},
    ],
)
def test_every_kind_of_training_continues_with_the_same_bytes(block: Block, tmp_path: Path) -> None:
    options = settings({**block, "training": {**SHORT, **block.get("training", {})}})
    uninterrupted = run(options)
    with killed_after(3), pytest.raises(Killed):
        run(options, state=tmp_path / "state")
    assert run(options, state=tmp_path / "state") == uninterrupted


@pytest.mark.usefixtures("any_precision")
@pytest.mark.parametrize(("precision", "seconds"), [("float32", 1e-9), ("float16", 9e9)])
def test_a_finished_state_gives_its_weights_at_once(
    precision: str, seconds: float, tmp_path: Path
) -> None:
    options = short(precision=precision)  # the second is saved at its end only
    first = run(options, state=tmp_path / "state", seconds=seconds)
    with patch.object(TranslatorTrainer, "_train_epoch", side_effect=AssertionError):
        assert run(options, state=tmp_path / "state") == first


@pytest.mark.parametrize(
    ("batch_size", "epochs", "batches"), [(100, 1, 1), (13, 1, 1), (12, 2, 4), (1, 1, 13)]
)
def test_batches_of_any_size_are_trained_on(batch_size: int, epochs: int, batches: int) -> None:
    one = training(short(batch_size=batch_size, epochs=epochs))
    one.run()
    assert one.state.step == one.steps == batches
    assert one.state.items == epochs * int(TRAIN.target_lengths.sum())
    assert len(one.state.epochs) == epochs


def losses(values: list[float]) -> AbstractContextManager[Any]:
    """Pretend these likelihoods of the valid part, one an epoch."""
    return patch.object(training_module, "nll_per_token", side_effect=values)


def free_runs(values: list[float], bleu: list[float]) -> AbstractContextManager[Any]:
    """Pretend these free-running losses and BLEU of the valid part, one of each an epoch."""
    runs = [GreedyValidation(*figures) for figures in zip(values, bleu, strict=True)]
    return patch.object(training_module, "greedy_validation", side_effect=runs)


@pytest.mark.parametrize(
    ("keep_epoch", "best"),
    [
        ({"keep_epoch": "nll"}, 0),
        ({"keep_epoch": "free_running_loss"}, 1),
        ({"keep_epoch": "bleu"}, 2),
        ({}, 2),
    ],
)
def test_the_best_epoch_is_kept(keep_epoch: dict[str, str], best: int) -> None:
    one = training(short(epochs=4, **keep_epoch))
    weights: list[torch.Tensor] = []

    def nll(model: Translator, *_: Any) -> float:
        weights.append(model.decoder.output.bias.detach().clone())
        return [1.0, 3.0, 2.0, 1.0][len(weights) - 1]

    with (
        patch.object(training_module, "nll_per_token", nll),
        free_runs([6.0, 4.0, 5.0, 4.0], [7.0, 8.0, 9.0, 9.0]),
    ):
        kept = one.run()
    assert one.state.best_epoch == best
    assert [torch.equal(kept["decoder.output.bias"], each) for each in weights].index(True) == best
    assert [row["bleu"] for row in one.state.epochs] == [7.0, 8.0, 9.0, 9.0]


def test_the_log_reports_a_finished_epoch_with_its_bleu(capsys: pytest.CaptureFixture[str]) -> None:
    with free_runs([6.25], [7.123]), losses([3.5]):
        training(short(epochs=1)).run()
    line = capsys.readouterr().err.splitlines()[-1]
    assert "nll 3.5  free_running_loss 6.25  bleu 7.123  " in line


def test_the_lesson_keeps_the_last_epoch_and_never_stops_early() -> None:
    one = training(short(epochs=4, keep_epoch="last", patience=1))
    with losses([3.0, 1.0, 2.0, 4.0]):
        kept = one.run()
    assert one.state.best_epoch == 3
    for name, parameter in one.model.named_parameters():
        assert torch.equal(kept[name], parameter)


@pytest.mark.parametrize(("patience", "epochs"), [(1, 3), (2, 4), (3, 6), (None, 6)])
def test_patience_ends_a_training_that_does_not_improve(patience: int | None, epochs: int) -> None:
    one = training(short(epochs=6, patience=patience, keep_epoch="nll"))
    with losses([3.0, 2.0, 2.5, 2.4, 1.0, 2.0]):
        one.run()
    assert len(one.state.epochs) == epochs


@pytest.mark.parametrize("keep_epoch", ["last", "nll", "free_running_loss", "bleu"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_ends_the_training_with_advice(
    value: float, keep_epoch: str
) -> None:
    message = r"in epoch 1: .* lower learning_rate"
    with losses([value]), pytest.raises(InputError, match=f"^nll {message}"):
        training(short(keep_epoch=keep_epoch)).run()
    with (
        free_runs([value], [7.5]),
        pytest.raises(InputError, match=f"^free_running_loss {message}"),
    ):
        training(short(keep_epoch=keep_epoch)).run()


def test_a_training_loss_that_is_not_finite_ends_the_training() -> None:
    with pytest.raises(InputError, match="training loss in epoch 1"):
        training(settings({"training": {**SHORT, "learning_rate": 1e30}})).run()


def test_padding_does_not_weigh_in_the_corrected_training() -> None:
    options = settings({"training": {**SHORT, "label_smoothing": 0.1}})
    one = training(options)
    data = parallel([[4, 5], [6]], [[4, 5, 6, 7], [8]])
    one.train_data = data
    loss, _ = one.losses(np.array([0, 1]))
    assert loss.isfinite()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_the_state_and_stops(number: int, tmp_path: Path) -> None:
    options, state = short(), tmp_path / "state"
    uninterrupted = run(options)
    one = training(options, state=state, seconds=1e9)
    step, count = one.step, [0]

    def signalled(*arguments: Any) -> float:
        count[0] += 1
        if count[0] == 3:
            os.kill(os.getpid(), number)
        return step(*arguments)

    before = signal.getsignal(number)
    with (
        patch.object(one, "step", signalled),
        pytest.raises(Stopped, match=r"stopped by SIG\w+ in epoch 1, its state is saved"),
    ):
        one.run()
    assert signal.getsignal(number) is before
    assert one.state.step == 3
    assert run(options, state=state) == uninterrupted


LONGER = short(epochs=12)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_process_can_be_continued_and_ends_with_the_same_bytes(
    number: int, tmp_path: Path, python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    state = tmp_path / "state"
    process = killed_process(python, __name__, state, number)
    expected = 1 if number == signal.SIGTERM else -signal.SIGKILL
    assert process.returncode == expected, process.stderr
    assert ("training was stopped by SIGTERM" in process.stderr) is (number == signal.SIGTERM)
    one = training(LONGER, state=state)
    one.resume()
    assert 0 < one.state.step < one.steps
    assert run(LONGER, state=state)[0] == run(LONGER)[0]


def expected_mean(weights: list[Tensor], decay: float) -> Tensor:
    """Return the mean after ``weights``, one a step: each weighs what the later ones leave."""
    shares = [1.0]
    for step in range(1, len(weights)):
        kept = min(decay, (1 + step) / (10 + step))
        shares = [*(share * kept for share in shares), 1 - kept]
    assert sum(shares) == pytest.approx(1)
    return torch.stack([share * w for share, w in zip(shares, weights, strict=True)]).sum(dim=0)


def bias(model: Translator) -> Tensor:
    return model.decoder.output.bias.detach().clone()


def step(model: Translator) -> None:
    for parameter in model.parameters():
        parameter.data.add_(torch.randn_like(parameter))


@pytest.mark.parametrize("decay", [0.1, 0.25, 0.999])
def test_the_copy_is_the_decaying_mean_of_the_weights_after_each_step(decay: float) -> None:
    model = translator(settings({}))
    average, seen = weight_average(model, decay), []
    for _ in range(7):
        step(model)
        average.update_parameters(model)
        seen.append(bias(model))
        torch.testing.assert_close(bias(average.module), expected_mean(seen, decay))
        assert torch.equal(bias(model), seen[-1])


def test_the_copy_has_the_models_shape_and_its_tied_weights() -> None:
    model = translator(settings({}, output_weights="tied"))
    average = weight_average(model, 0.9)
    assert average.module.parameter_count() == model.parameter_count()
    assert average.module.decoder.output.weight is average.module.decoder.embedding.weight
    assert average.module.decoder.output.weight is not model.decoder.output.weight


def test_a_resumed_average_continues_with_the_decay_of_its_step() -> None:
    model = translator(settings({}))
    uninterrupted, resumed = weight_average(model, 0.999), weight_average(model, 0.999)
    for _ in range(5):
        step(model)
        uninterrupted.update_parameters(model)
    resumed.module.load_state_dict(uninterrupted.module.state_dict())
    resumed.n_averaged.fill_(5)
    step(model)
    for average in (uninterrupted, resumed):
        average.update_parameters(model)
    assert torch.equal(bias(uninterrupted.module), bias(resumed.module))


def test_the_mean_of_a_training_is_validated_and_kept() -> None:
    training = {**SHORT, "ema_decay": 0.6, "keep_epoch": "last"}
    options = settings({"training": training})
    one = TranslatorTrainer(translator(options), options, TRAIN, VALID, seed=3)
    seen: list[Tensor] = []
    update = one.step

    def watched(*given: object) -> float:
        loss = update(*given)  # type: ignore[arg-type]
        seen.append(bias(one.model))
        return loss

    one.step = watched  # type: ignore[method-assign]
    kept = one.run()["decoder.output.bias"]
    torch.testing.assert_close(kept, expected_mean(seen, 0.6))
    assert (kept - seen[-1]).abs().max() > 1e-4


def test_a_mean_changes_what_is_validated_and_not_how_it_is_trained() -> None:
    biases, rows = [], []
    for ema_decay in (0.0, 0.9):
        options = settings({"training": {**SHORT, "ema_decay": ema_decay}})
        torch.manual_seed(3)
        one = TranslatorTrainer(translator(options), options, TRAIN, VALID, seed=3)
        one.run()
        biases.append(bias(one.model))
        rows.append(one.state.epochs)
    assert torch.equal(*biases)
    for plain, averaged in zip(*rows, strict=True):
        assert plain["train_loss"] == averaged["train_loss"]
        assert plain["nll"] != averaged["nll"]
