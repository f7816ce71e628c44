"""Tests of the network as a whole, for every variant and flag, and of its files."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

from tests.settings import variant
from tests.translation.toys import (
    AWD,
    FLAGS,
    LESSON,
    NO_DROPOUT,
    SOURCE_WORDS,
    TARGET_WORDS,
    VARIANTS,
    settings,
    translator,
)
from wordbridge.corpus.batches import pad
from wordbridge.corpus.special_tokens import BOS, EOS, PAD
from wordbridge.errors import InputError
from wordbridge.tensors import SavedModel, copy_weights, write_model
from wordbridge.training.loop import write_metrics
from wordbridge.translation.settings import settings_from
from wordbridge.translation.translator import Translator, read_translator

ALL = VARIANTS | FLAGS
SOURCES = [[5, 6, 7, 8, EOS], [9, EOS], [4, 12, EOS]]
TARGETS = [[4, 5, EOS], [6, 7, 8, EOS], [9, EOS]]
LENGTHS = torch.tensor([5, 2, 3])
UNFORCED = torch.zeros(4, 3, dtype=torch.bool)


def every_word(count: int) -> torch.Tensor:
    """Return sentences (time, 3) with every token except padding."""
    words = [word for word in range(count) if word != PAD]
    words += [4] * (-len(words) % 3)
    return torch.tensor(words).view(-1, 3)


@pytest.mark.parametrize("kind", ["corrected", "lesson", "awd"])
@pytest.mark.parametrize("name", ALL)
def test_gradient_flows_to_every_parameter(name: str, kind: str) -> None:
    changes = {"corrected": NO_DROPOUT, "lesson": NO_DROPOUT | LESSON, "awd": AWD}[kind]
    options = settings(ALL[name], **changes)
    model = translator(options).train()
    source, target = every_word(SOURCE_WORDS), every_word(TARGET_WORDS)
    lengths = torch.full((3,), len(source))
    forced = torch.ones(len(target), 3, dtype=torch.bool)
    decoded = model(source, lengths, len(target), target, forced)
    logits = model.logits(decoded.dropped)
    loss = F.cross_entropy(logits.flatten(0, 1), target[: len(logits)].flatten())
    loss.backward()
    for parameter_name, parameter in model.named_parameters():
        assert parameter.grad is not None, parameter_name
        assert parameter.grad.isfinite().all(), parameter_name
        assert parameter.grad.any(), parameter_name
    if kind == "corrected":
        rows = model.encoder.embedding.weight.grad.abs().sum(dim=1)
        assert (rows > 0).tolist() == [word != PAD for word in range(SOURCE_WORDS)]


@pytest.mark.parametrize("forced_share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("name", ALL)
def test_padding_and_other_sentences_change_nothing(name: str, forced_share: float) -> None:
    model = translator(settings(ALL[name])).eval()
    target, steps = pad([*TARGETS, [10, 11, 4, 5, 6, EOS]]), 6
    source = pad([*SOURCES, [11] * 8 + [EOS]])
    lengths = torch.tensor([*LENGTHS.tolist(), 9])
    forced = torch.rand(steps, 4, generator=torch.Generator().manual_seed(5)) < forced_share
    with torch.no_grad():
        together = model.logits(model(source, lengths, steps, target, forced).outputs)
        for row, ids in enumerate(SOURCES):
            alone = model(
                torch.tensor(ids).view(-1, 1),
                LENGTHS[row : row + 1],
                steps,
                target[:, row : row + 1],
                forced[:, row : row + 1],
            )
            logs = model.logits(alone.outputs).log_softmax(dim=-1)
            expected = together[:, row : row + 1].log_softmax(dim=-1)
            torch.testing.assert_close(logs, expected, atol=1e-5, rtol=0)
            assert torch.equal(logs.argmax(dim=-1), expected.argmax(dim=-1))


@pytest.mark.parametrize("name", ALL)
def test_attention_is_a_distribution_over_the_words_alone(name: str) -> None:
    model = translator(settings(ALL[name])).eval()
    attention = model(pad(SOURCES), LENGTHS, 4, pad(TARGETS), UNFORCED).attention
    if not model.settings.attention:
        assert attention is None
        return
    assert attention.shape == (4, 3, 5)
    torch.testing.assert_close(attention.sum(dim=2), torch.ones(4, 3))
    words = (pad(SOURCES) != PAD).t()
    assert (attention[:, words] > 0).all()
    assert (attention[:, ~words] == 0).all()


@pytest.mark.parametrize("name", VARIANTS)
def test_true_words_foretell_the_same_as_a_fully_forced_run(name: str) -> None:
    model = translator(settings(VARIANTS[name])).eval()
    target = pad(TARGETS)
    forced = torch.ones(target.shape, dtype=torch.bool)
    run = model(pad(SOURCES), LENGTHS, len(target), target, forced).outputs
    states = model.forced_outputs(pad(SOURCES), LENGTHS, target)
    torch.testing.assert_close(states, run, atol=1e-6, rtol=0)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
@pytest.mark.parametrize("name", VARIANTS)
def test_bfloat16_stays_close_and_has_finite_gradients(name: str, cell: str) -> None:
    options = settings(VARIANTS[name], cell=cell, **NO_DROPOUT)
    model, target = translator(options).train(), pad(TARGETS)
    forced = torch.ones(target.shape, dtype=torch.bool)
    exact = model.logits(model(pad(SOURCES), LENGTHS, 4, target, forced).outputs)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = model.logits(model(pad(SOURCES), LENGTHS, 4, target, forced).outputs)
    rough.float().square().mean().backward()
    torch.testing.assert_close(rough.float(), exact, atol=0.1, rtol=0.1)
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


def test_predictions_in_bfloat16_leave_the_gradients_of_the_output_layers() -> None:
    # torch before 2.11 keeps weights that it cast without gradients for the rest of the step.
    model = translator(settings({}, deep_output=True, **NO_DROPOUT)).train()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model.logits(model(pad(SOURCES), LENGTHS, 4, pad(TARGETS), UNFORCED).outputs)
    logits.float().square().mean().backward()
    assert model.decoder.deep_output is not None
    for layer in (model.decoder.deep_output, model.decoder.output):
        assert layer.weight.grad is not None
        assert layer.weight.grad.any()


def test_a_free_run_ends_when_all_sentences_have_ended() -> None:
    model = translator(settings({})).eval()
    model.decoder.output.bias.data[EOS] = 100.0
    assert len(model(pad(SOURCES), LENGTHS, 9).outputs) == 1
    # With a target the whole of it is wanted.
    assert len(model(pad(SOURCES), LENGTHS, 4, pad(TARGETS), UNFORCED).outputs) == 4


def test_a_source_of_one_token_is_enough() -> None:
    for block in ALL.values():
        model = translator(settings(block)).eval()
        decoded = model(torch.tensor([[EOS]]), torch.tensor([1]), 3)
        assert decoded.outputs.isfinite().all()


def test_tied_weights_are_one_matrix_and_copied_weights_two() -> None:
    counts = {
        kind: translator(settings({}, output_weights=kind)).parameter_count()
        for kind in ("tied", "copied", "random")
    }
    assert counts["copied"] == counts["random"] == counts["tied"] + TARGET_WORDS * 8
    copied = translator(settings({}, output_weights="copied"))
    assert torch.equal(copied.decoder.output.weight, copied.decoder.embedding.weight)
    assert copied.decoder.output.weight is not copied.decoder.embedding.weight


READOUTS = [name for name, block in ALL.items() if block.get("model", {}).get("deep_output", True)]


@pytest.mark.parametrize("name", READOUTS)
def test_deep_output_reads_state_input_and_context(name: str) -> None:
    model = translator(settings(ALL[name])).eval()
    decoder = model.decoder
    reading = decoder.initial_state(model.encoder(pad(SOURCES), LENGTHS))
    embedded = decoder.embedding(torch.tensor([7, 5, 9]))
    result, after, weights = decoder.step(embedded, reading)
    seen = [after.states[-1][0], embedded]
    if weights is not None:
        seen.append((weights.unsqueeze(2) * reading.memory.outputs).sum(dim=1))
    layer = decoder.deep_output
    expected = torch.tanh(torch.cat(seen, dim=1) @ layer.weight.t() + layer.bias)
    torch.testing.assert_close(result, expected, atol=1e-6, rtol=0)
    assert result.shape == (3, 8)


@pytest.mark.parametrize("deep_output", [False, True])
def test_penalties_are_for_the_recurrent_layer_with_deep_output_too(deep_output: bool) -> None:
    model = translator(settings({}, deep_output=deep_output)).eval()
    options = model(pad(SOURCES), LENGTHS, 4)
    assert torch.equal(options.recurrent, options.outputs) is not deep_output
    reading = model.decoder.initial_state(model.encoder(pad(SOURCES), LENGTHS))
    before = model.decoder.embedding(torch.full((3,), BOS))
    _, after, _ = model.decoder.step(before, reading)
    torch.testing.assert_close(options.recurrent[0], after.states[-1][0])


@pytest.mark.parametrize("name", ALL)
def test_without_deep_output_the_state_predicts_the_word(name: str) -> None:
    model = translator(settings(ALL[name], deep_output=False)).eval()
    reading = model.decoder.initial_state(model.encoder(pad(SOURCES), LENGTHS))
    result, after, _ = model.decoder.step(model.decoder.embedding(torch.tensor([7, 5, 9])), reading)
    assert result is after.states[-1][0]
    assert model.decoder.deep_output is None


# A row each for state and input, and for the context: 6 wide, or 12 when read in both directions.
@pytest.mark.parametrize(
    ("name", "rows"), [("baseline", 16), ("bidirectional", 16), ("attention", 22), ("all", 28)]
)
def test_deep_output_is_as_wide_as_the_embedding(name: str, rows: int) -> None:
    counts = [
        translator(settings(VARIANTS[name], deep_output=flag)).parameter_count()
        for flag in (False, True)
    ]
    assert counts[1] - counts[0] == rows * 8 + 8


def test_scaled_logits_are_those_of_states_divided_by_the_root_of_the_width() -> None:
    scaled, plain = (translator(settings({}, scale_logits=flag)) for flag in (True, False))
    states = torch.randn(3, 8)
    torch.testing.assert_close(scaled.logits(states), plain.logits(states / 8**0.5))


def test_training_does_not_change_the_input_embeddings() -> None:
    source, target = torch.randn(SOURCE_WORDS, 5), torch.randn(TARGET_WORDS, 8)
    kept = source.clone(), target.clone()
    model = Translator(settings({}).model, source, target)
    for parameter in model.parameters():
        parameter.data.add_(1.0)
    assert torch.equal(source, kept[0])
    assert torch.equal(target, kept[1])


COUNTS = {  # the lesson's, with embedding and output layer counted both
    "baseline": 19_982_969,
    "bidirectional": 21_276_281,
    "forcing": 19_982_969,
    "attention": 20_317_469,
    "all": 21_764_381,
}


@pytest.mark.parametrize("name", VARIANTS)
def test_the_lesson_has_as_many_parameters_as_in_2018(name: str) -> None:
    block = {**VARIANTS[name], "model": VARIANTS[name].get("model", {}) | LESSON}
    with torch.device("meta"):
        source, target = torch.empty(24_793, 300), torch.empty(17_573, 300)
        model = Translator(settings_from(variant(block)).model, source, target)
    assert model.parameter_count() == COUNTS[name]


CPU = torch.device("cpu")


def saved(folder: Path, name: str) -> tuple[Path, Path]:
    options = settings((VARIANTS | FLAGS)[name])
    paths = folder / f"{name}.safetensors", folder / f"{name}.json"
    shapes = {"source": [17, 5], "target": [13, 8]}
    description = {"settings": asdict(options), "direction": "fr-en", **shapes}
    write_model(SavedModel(copy_weights(translator(options)), description), *paths)
    return paths


@pytest.mark.parametrize("name", VARIANTS | FLAGS)
def test_a_translator_read_from_disk_is_ready_to_translate(name: str, tmp_path: Path) -> None:
    model, description = read_translator(*saved(tmp_path, name), CPU)
    expected = copy_weights(translator(settings((VARIANTS | FLAGS)[name])))
    assert {key: value.tolist() for key, value in copy_weights(model).items()} == {
        key: value.tolist() for key, value in expected.items()
    }
    assert not model.training
    assert description["direction"] == "fr-en"


def test_weights_of_another_variant_are_an_error(tmp_path: Path) -> None:
    paths = {name: saved(tmp_path, name) for name in ("baseline", "attention")}
    for weights, other in (("baseline", "attention"), ("attention", "baseline")):
        with pytest.raises(InputError, match=r"expected the weights that .* describes"):
            read_translator(paths[weights][0], paths[other][1], CPU)


@pytest.mark.parametrize("content", [b"", b"<html>" * 20])
def test_damaged_files_are_errors(tmp_path: Path, content: bytes) -> None:
    model, described = saved(tmp_path, "baseline")
    weights = model.read_bytes()
    model.write_bytes(content)
    with pytest.raises(InputError, match=r"train (the translator|it) again"):
        read_translator(model, described, CPU)
    model.write_bytes(weights[:-7])
    with pytest.raises(InputError, match=r"train (the translator|it) again"):
        read_translator(model, described, CPU)
    described.write_bytes(content)
    with pytest.raises(InputError, match="expected the settings of a model"):
        read_translator(model, described, CPU)


def test_settings_that_lack_something_are_an_error(tmp_path: Path) -> None:
    model, described = saved(tmp_path, "baseline")
    described.write_text(json.dumps({"direction": "fr-en"}))
    with pytest.raises(InputError, match=r"train (the translator|it) again"):
        read_translator(model, described, CPU)


def test_figures_of_epochs_are_written_exactly(tmp_path: Path) -> None:
    row = {"epoch": 1, "learning_rate": 0.1 + 0.2, "forcing": 1.0, "train_loss": 2.0}
    write_metrics(tmp_path / "m.tsv", [row | {"nll": 1 / 3, "free_running_loss": 9.0, "bleu": 7.5}])
    header, line = (tmp_path / "m.tsv").read_text().splitlines()
    assert header == "epoch\tlearning_rate\tforcing\ttrain_loss\tnll\tfree_running_loss\tbleu"
    assert line == "1\t0.30000000000000004\t1.0\t2.0\t0.3333333333333333\t9.0\t7.5"
