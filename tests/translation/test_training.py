"""Tests of the training of translators: resuming, selection, averaging, whole jobs."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.settings import variant
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
from wordbridge.corpus.ids import AuxiliarySampler, pack, write_ids
from wordbridge.corpus.special_tokens import EOS
from wordbridge.errors import InputError
from wordbridge.training import checkpoint
from wordbridge.training.checkpoint import Stopped
from wordbridge.translation import training as training_module
from wordbridge.translation.losses import GreedyValidation
from wordbridge.translation.settings import Settings
from wordbridge.translation.training import (
    TranslatorTrainer,
    prepare,
    train,
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


class Killed(Exception):
    """The process ends here."""


def killed_after(saves: int) -> AbstractContextManager[Any]:
    """Let the process end right after a number of saved states."""
    left, save = [saves], checkpoint.write_state

    def dying(*arguments: Any) -> None:
        save(*arguments)
        left[0] -= 1
        if not left[0]:
            raise Killed

    return patch.object(checkpoint, "write_state", dying)


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


JOB = """
import os
import sys
from pathlib import Path
from tests.translation import test_training as tests
state = Path(sys.argv[1])
state.with_name("pid").write_text(str(os.getpid()))
tests.run(tests.LONGER, state=state)
"""
LONGER = short(epochs=12)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_process_can_be_continued_and_ends_with_the_same_bytes(
    number: int, tmp_path: Path, python: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    state, root = tmp_path / "state", Path(__file__).resolve().parents[2]
    path = f"{root}{os.pathsep}{root / 'workflow/scripts'}"
    with ThreadPoolExecutor(1) as pool:
        process = pool.submit(python, "-c", JOB, state, cwd=root, path=path)
        while not state.exists():
            assert not process.done(), process.result()
            time.sleep(0.005)
        os.kill(int((tmp_path / "pid").read_text()), number)
    returncode, errors = process.result().returncode, process.result().stderr
    assert returncode == (1 if number == signal.SIGTERM else -signal.SIGKILL), errors
    assert ("training was stopped by SIGTERM" in errors) is (number == signal.SIGTERM)
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


VARIANT = {
    "direction": "fr-en",
    "tag_versions": False,
    "model": {"hidden": 6},
    "training": {"epochs": 2},
}  # and the defaults of the schema
VERSIONS = {"fr": ["l"] * 6 + ["o"], "en": ["k", "4", "k", "4", "k", "3", "k"]}
CODE = {"modules": {"a": "1"}}


def files(
    folder: Path, rows: int = 9, versions: bool = False, auxiliary: int = 0
) -> dict[str, str]:
    parts = ["train"] * 5 + ["valid"] * 2 + ["auxiliary"] * auxiliary
    for language, shift in (("fr", 4), ("en", 3)):
        texts = [[shift + place % 5, EOS] for place in range(len(parts))]
        names = VERSIONS[language] if versions else []
        write_ids(pack(texts, parts, names), folder / f"{language}.npz")
        width = {"fr": 5, "en": 8}[language]
        matrix = np.random.RandomState(width).randn(rows, width).astype(np.float32)
        np.save(folder / f"{language}.npy", matrix)
    endings = {"ids": "npz", "embedding": "npy"}
    return {
        f"{language}_{name}": str(folder / f"{language}.{ending}")
        for language in ("fr", "en")
        for name, ending in endings.items()
    }


def block(**changes: Any) -> dict[str, Any]:
    return {"variant": variant({**VARIANT, **changes}), "device": "cpu", "threads": 1}


def test_a_job_gives_weights_description_rows_and_times(tmp_path: Path) -> None:
    states = tmp_path / "states"
    trained = train(block(), 3, files(tmp_path), states, CODE, 9.0)
    assert trained.settings["source"] == [9, 5]
    assert trained.settings["target"] == [9, 8]
    assert trained.settings["target_versions"] == []
    assert trained.settings["parameters"] == sum(w.numel() for w in trained.tensors.values())
    assert [row["epoch"] for row in trained.epochs] == [1, 2]
    assert trained.times["device"] == "cpu"


def test_a_job_interrupted_before_writing_its_results_does_not_train_again(
    tmp_path: Path,
) -> None:
    first = train(block(), 3, files(tmp_path), tmp_path / "states", CODE, 9.0)
    again = train(block(), 3, files(tmp_path), tmp_path / "states", CODE, 9.0)
    assert again.settings == first.settings
    assert again.epochs == first.epochs
    assert again.times == first.times
    for name, value in first.tensors.items():
        assert torch.equal(value, again.tensors[name])


def test_how_often_the_state_is_saved_is_no_reason_to_train_again(tmp_path: Path) -> None:
    inputs, states = files(tmp_path), tmp_path / "states"
    first = train(block(), 3, inputs, states, CODE, 5.0)
    again = train(block(), 3, inputs, states, CODE, 0.5)
    assert len(list(states.glob("*.safetensors"))) == 1
    assert again.times == first.times  # a second training would not take the same time
    assert again.settings == first.settings


def test_the_other_direction_swaps_the_sides(tmp_path: Path) -> None:
    prepared = prepare(block(direction="en-fr"), 1, files(tmp_path))
    assert prepared.model.encoder.embedding.embedding_dim == 8
    assert prepared.model.decoder.embedding.embedding_dim == 5


def test_embeddings_of_too_few_words_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected rows for 9 words at least, got 6"):
        prepare(block(), 1, files(tmp_path, rows=6))


def test_versions_are_no_matter_to_a_variant_without_tags(tmp_path: Path) -> None:
    prepared = prepare(block(), 1, files(tmp_path, versions=True))
    plain = prepare(block(), 1, files(tmp_path))
    for name, value in plain.model.state_dict().items():
        assert torch.equal(value, prepared.model.state_dict()[name])
    assert prepared.train_data.batch([1]).source.tolist() == [[5], [EOS]]


@pytest.mark.parametrize(
    ("direction", "names", "width"), [("fr-en", ["k", "4", "3"], 5), ("en-fr", ["l", "o"], 8)]
)
def test_tags_follow_the_words_of_the_vocabulary(
    direction: str, names: list[str], width: int, tmp_path: Path
) -> None:
    changes = {"direction": direction, "tag_versions": True, "training": {"epochs": 1}}
    inputs = files(tmp_path, versions=True)
    trained = train(block(**changes), 3, inputs, tmp_path / "states", CODE, 9.0)
    assert trained.settings["target_versions"] == names
    assert trained.settings["source"] == [9 + len(names), width]
    assert trained.tensors["encoder.embedding.weight"].shape == (9 + len(names), width)

    prepared = prepare(block(**changes), 3, inputs)
    source = direction.split("-")[0]
    embedding = prepared.model.encoder.embedding.weight.detach()
    given = torch.from_numpy(np.load(inputs[f"{source}_embedding"]))
    torch.testing.assert_close(embedding[:9], given * prepared.settings.model.embedding_scale)
    assert 0.02 < embedding[9:].std() < 0.3  # as wide as the words' under the same scale
    first = prepared.valid_data.batch([0, 1]).source[0].tolist()
    assert first == {"fr-en": [9 + 2, 9 + 0], "en-fr": [9 + 0, 9 + 1]}[direction]


@pytest.mark.parametrize(
    "model",
    [
        {"attention": True, "output_weights": "tied"},
        {"attention": True, "output_weights": "copied"},
        {"cell": "transformer"},
    ],
)
def test_frozen_embeddings_keep_their_values_while_the_rest_is_trained(
    model: dict[str, Any], tmp_path: Path
) -> None:
    inputs = files(tmp_path)
    frozen = block(model={**model, "freeze_embeddings": True})
    before = prepare(frozen, 3, inputs).model
    tensors = train(frozen, 3, inputs, tmp_path / "states", CODE, 9.0).tensors
    state = before.state_dict()
    embeddings = {"encoder.embedding.weight", "decoder.embedding.weight"}
    assert {name for name in tensors if torch.equal(state[name], tensors[name])} == embeddings
    free = prepare(block(model=model), 3, inputs).model
    difference = free.parameter_count() - before.parameter_count()
    assert difference == sum(state[name].numel() for name in embeddings)


AUXILIARY = {"epochs": 3, "batch_size": 4, "auxiliary_pairs": 3, "auxiliary_epochs": 2}


def test_auxiliary_text_is_learned_from_in_the_first_epochs(tmp_path: Path) -> None:
    inputs = files(tmp_path, auxiliary=4)
    prepared = prepare(block(training=AUXILIARY), 1, inputs)
    assert prepared.sampler == AuxiliarySampler(train=5, auxiliary=4, drawn=3, epochs=2)
    assert len(prepared.train_data) == 9
    assert len(prepared.valid_data) == 2
    assert [len(prepared.sampler.indices(1, epoch)) for epoch in range(3)] == [8, 8, 5]
    # The auxiliary texts of the files follow those of the train split.
    assert prepared.train_data.batch([5]).source[0].tolist() == [4 + 7 % 5]

    trained = train(block(training=AUXILIARY), 3, inputs, tmp_path / "states", CODE, 9.0)
    plain = train(block(training={"epochs": 3, "batch_size": 4}), 3, inputs, tmp_path, CODE, 9.0)
    assert trained.times["epochs"] == 3
    assert any(not torch.equal(w, plain.tensors[n]) for n, w in trained.tensors.items())


def test_unused_auxiliary_text_changes_nothing(tmp_path: Path) -> None:
    with_text, without = (tmp_path / name for name in ("with", "without"))
    runs = []
    for folder, count in ((with_text, 4), (without, 0)):
        folder.mkdir()
        inputs = files(folder, auxiliary=count)
        runs.append(train(block(), 3, inputs, folder / "states", CODE, 9.0))
    assert all(torch.equal(w, runs[1].tensors[n]) for n, w in runs[0].tensors.items())


def test_auxiliary_text_that_there_is_not_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'auxiliary', got none; .* auxiliary\.use: true"):
        prepare(block(training=AUXILIARY), 1, files(tmp_path))


def test_another_seed_draws_other_tags(tmp_path: Path) -> None:
    inputs = files(tmp_path, versions=True)
    drawn = [
        prepare(block(tag_versions=True), seed, inputs).model.encoder.embedding.weight
        for seed in (1, 1, 2)
    ]
    assert torch.equal(drawn[0], drawn[1])
    assert torch.equal(drawn[0][:9], drawn[2][:9])
    assert (drawn[0][9:] != drawn[2][9:]).all()


def test_tags_need_a_corpus_with_versions(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="set tag_versions: false"):
        prepare(block(tag_versions=True), 1, files(tmp_path))
