"""Tests of the decoder's inputs."""

import torch
from torch.nn import functional as F

from tests.translation.toys import AWD, model_settings
from wordbridge.corpus.special_tokens import BOS, PAD
from wordbridge.translation.decoder import DecoderInputs
from wordbridge.translation.settings import ModelSettings

TARGET = torch.tensor([[4, 5], [6, 7], [8, PAD]])
FORCED = torch.tensor([[True, True], [False, True], [False, False], [True, True]])


def decoder_inputs(
    table: torch.Tensor, settings: ModelSettings, training: bool = False
) -> DecoderInputs:
    return DecoderInputs(settings, table, batch=2, training=training, target=TARGET, forced=FORCED)


def test_each_step_reads_the_true_word_where_forced_and_the_prediction_elsewhere() -> None:
    table = torch.randn(9, 3)
    inputs = decoder_inputs(table, model_settings())
    words = []
    for step in range(4):
        values = inputs.embedded(step)
        words.append([int((table == value).all(dim=1).nonzero()) for value in values])
        inputs.predicted = torch.tensor([2, 3])
    assert words == [[BOS, BOS], [4, 5], [2, 7], [2, 3]]


def test_the_gradient_is_that_of_the_embedding_without_padding() -> None:
    table = torch.randn(9, 3, requires_grad=True)
    weights = torch.randn(4, 2, 3)
    inputs = decoder_inputs(table, model_settings())
    embedded = []
    for step in range(4):
        embedded.append(inputs.embedded(step))
        inputs.predicted = torch.tensor([4, PAD])
    (ours,) = torch.autograd.grad((torch.stack(embedded) * weights).sum(), table)
    words = torch.tensor([[BOS, BOS], [4, 5], [4, 7], [4, PAD]])
    plain = F.embedding(words, table, padding_idx=PAD)
    (theirs,) = torch.autograd.grad((plain * weights).sum(), table)
    torch.testing.assert_close(ours, theirs)
    assert not ours[PAD].any()


def test_variational_dropout_drops_the_same_inputs_at_all_steps() -> None:
    torch.manual_seed(4)
    settings = model_settings(**AWD | {"word_dropout": 0.0, "target_dropout": 0.5})
    inputs = decoder_inputs(torch.ones(9, 30), settings, training=True)
    first, second = inputs.embedded(0), inputs.embedded(1)
    assert torch.equal(first, second)
    assert not torch.equal(first[0], first[1])
