"""Tests of the Transformer: its steps, its independence of the batch, and what it learns."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.translation.toys import (
    NO_DROPOUT,
    SOURCE_WIDTH,
    SOURCE_WORDS,
    TARGET_WORDS,
    decoding_settings,
    reversals,
    settings,
)
from wordbridge.corpus.special_tokens import BOS, EOS, PAD
from wordbridge.errors import InputError
from wordbridge.tensors import SavedModel, copy_weights, write_model
from wordbridge.translation.decoder import EncoderDecoder
from wordbridge.translation.decoding import translate_ids
from wordbridge.translation.losses import greedy_validation, nll_per_token
from wordbridge.translation.training import TranslatorTrainer
from wordbridge.translation.transformer import HEADS, MultiHeadAttention, positions
from wordbridge.translation.translator import build_translator, read_translator

BLOCK = {"model": {"cell": "transformer"}, "forcing": {"schedule": "constant"}}
SENTENCES = [np.array([*ids, EOS]) for ids in ([5, 6], [], [9, 4, 7, 8], [10], [16, 16, 16])]


def model(width: int = 8) -> EncoderDecoder:
    torch.manual_seed(7)
    source = torch.randn(SOURCE_WORDS, SOURCE_WIDTH)
    return build_translator(settings(BLOCK).model, source, torch.randn(TARGET_WORDS, width))


@pytest.mark.parametrize("beam", [1, 3])
def test_other_sentences_of_the_batch_change_nothing(beam: int) -> None:
    toy, options = model(), decoding_settings(beam=beam, max_steps=7, batch_size=3)
    for sentence, hypothesis in zip(SENTENCES, translate_ids(toy, SENTENCES, options), strict=True):
        (alone,) = translate_ids(toy, [sentence], options)
        assert alone.ids.tolist() == hypothesis.ids.tolist()
        assert alone.log_probability == pytest.approx(hypothesis.log_probability, abs=1e-5)


def test_steps_give_the_outputs_of_all_words_at_once() -> None:
    toy = model().eval()
    source = torch.tensor([[5, 9], [6, 4], [EOS, 7], [PAD, EOS]])
    target = torch.tensor([[4, 8], [7, EOS], [EOS, PAD]])
    lengths = torch.tensor([3, 4])
    together = toy.forced_outputs(source, lengths, target)
    state = toy.decoder.initial_state(toy.encoder(source, lengths))
    for step, words in enumerate([torch.full((2,), BOS), *target[:-1]]):
        output, state, attention = toy.decoder.step(toy.decoder.embedding(words), state)
        torch.testing.assert_close(output, together[step])
        assert attention is None


def test_free_running_outputs_are_those_of_the_predicted_words() -> None:
    toy = model().eval()
    source, lengths = torch.tensor([[5, 9], [6, 4], [EOS, EOS]]), torch.tensor([3, 3])
    outputs = toy(source, lengths, 5).outputs
    predicted = toy.logits(outputs).argmax(dim=2)
    torch.testing.assert_close(toy.forced_outputs(source, lengths, predicted), outputs)


def test_positions_are_the_sinusoids_of_the_paper() -> None:
    waves = positions(torch.zeros(4, 2, 6))
    assert waves.shape == (4, 1, 6)
    for time in range(4):
        for pair in range(3):
            angle = time / 10_000 ** (2 * pair / 6)
            expected = [np.sin(angle), np.cos(angle)]
            assert waves[time, 0, 2 * pair : 2 * pair + 2].tolist() == pytest.approx(expected)


def test_it_learns_to_reverse_short_sequences() -> None:
    training = {"epochs": 40, "batch_size": 20, "learning_rate": 0.003}
    options = settings(BLOCK, training=training, **NO_DROPOUT)
    torch.manual_seed(1)
    toy = build_translator(options.model, torch.randn(9, 20), torch.randn(10, 32))
    train, valid = reversals(300, 1, longest=3, words=4), reversals(20, 2, longest=3, words=4)
    before = nll_per_token(toy, valid, 20)
    TranslatorTrainer(toy, options, train, valid, seed=1).run()
    assert nll_per_token(toy, valid, 20) < 0.3 * before
    assert greedy_validation(toy, valid, 20).loss < 0.5


def test_it_is_read_from_disk(tmp_path: Path) -> None:
    paths = tmp_path / "model.safetensors", tmp_path / "settings.json"
    description = {"settings": asdict(settings(BLOCK)), "source": [17, 5], "target": [13, 8]}
    write_model(SavedModel(copy_weights(model()), description), *paths)
    again, _ = read_translator(*paths, torch.device("cpu"))
    expected = translate_ids(model(), SENTENCES, decoding_settings(max_steps=5))
    for one, other in zip(
        expected, translate_ids(again, SENTENCES, decoding_settings(max_steps=5)), strict=True
    ):
        assert one.ids.tolist() == other.ids.tolist()


def test_a_width_that_the_heads_do_not_divide_is_an_error() -> None:
    with pytest.raises(InputError, match=r"multiple of 4, got 10"):
        model(width=10)


@pytest.mark.parametrize("causal", [False, True])
def test_attention_equals_that_of_torch(causal: bool) -> None:
    ours, theirs = MultiHeadAttention(8), torch.nn.MultiheadAttention(8, HEADS)
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([ours.query.weight, ours.key_value.weight]))
        theirs.in_proj_bias.copy_(torch.cat([ours.query.bias, ours.key_value.bias]))
        theirs.out_proj.load_state_dict(ours.output.state_dict())
    values = torch.randn(5, 3, 8)
    words = torch.tensor([[1, 1, 1, 1, 0], [1, 0, 1, 1, 1], [1, 1, 1, 1, 1]]).bool()
    up_to_now = torch.ones(5, 5, dtype=torch.bool).tril()
    expected, _ = theirs(values, values, values, ~words, attn_mask=~up_to_now if causal else None)
    mask = words[:, None, None] & up_to_now if causal else words[:, None, None]
    torch.testing.assert_close(ours(values, ours.keys_and_values(values), mask), expected)
