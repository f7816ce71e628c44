"""Tests of the losses, and of losses and BLEU on held-out pairs."""

import math

import pytest
import torch
from sacrebleu.metrics.bleu import BLEU
from torch import Tensor, nn
from torch.nn import functional as F

from tests.translation.toys import (
    LESSON,
    VARIANTS,
    model_settings,
    parallel,
    reversals,
    settings,
    translator,
)
from wordbridge.corpus.batches import pad
from wordbridge.corpus.special_tokens import EOS, PAD
from wordbridge.translation.losses import (
    activation_penalty,
    free_running_loss,
    greedy_validation,
    lesson_loss,
    nll_per_token,
)
from wordbridge.translation.translator import DecoderOutput

WORDS = 7
TARGET = pad([[4, 5, EOS], [6, EOS]])  # (3, 2) with one position of padding
LOGITS = torch.randn(3, 2, WORDS, generator=torch.Generator().manual_seed(1))


def test_the_lesson_counts_padding() -> None:
    expected = F.cross_entropy(LOGITS.view(6, WORDS), TARGET.flatten())
    assert lesson_loss(LOGITS, TARGET) == expected


def test_a_missing_step_costs_as_much_as_a_guess_among_all_words() -> None:
    known = F.cross_entropy(LOGITS[:1].flatten(0, 1), TARGET[0])
    expected = (known + 2 * math.log(WORDS)) / 3
    torch.testing.assert_close(lesson_loss(LOGITS[:1], TARGET), expected)


def test_padding_after_the_end_of_sentence_costs_nothing() -> None:
    ends = torch.tensor([1, 2])
    losses = F.cross_entropy(LOGITS.flatten(0, 1), TARGET.flatten(), reduction="none").view(3, 2)
    # first: two words missing; second: padding after the end
    expected = (losses[0].sum() + losses[1, 1] + 2 * math.log(WORDS)) / 6
    torch.testing.assert_close(free_running_loss(LOGITS, TARGET, ends), expected)
    torch.testing.assert_close(free_running_loss(LOGITS[:2], TARGET, ends), expected)


def test_a_model_that_never_stops_pays_as_in_the_lesson() -> None:
    assert free_running_loss(LOGITS, TARGET, None) == lesson_loss(LOGITS, TARGET)


def test_activation_regularisation_counts_words_only() -> None:
    states = torch.arange(6.0).view(3, 2, 1)
    dropped = states * 2
    words = TARGET != PAD
    ar = (0 + 4 + 16 + 36 + 64) / 5
    tar = 4.0  # each state is 2 larger than the one before
    assert float(activation_penalty(states, dropped, words, 0.5, 0.0)) == pytest.approx(ar / 2)
    assert float(activation_penalty(states, dropped, words, 0.0, 3.0)) == pytest.approx(3 * tar)
    assert float(activation_penalty(states, dropped, words, 0.5, 3.0)) == pytest.approx(
        ar / 2 + 3 * tar
    )
    assert float(activation_penalty(states[:1], dropped[:1], words[:1], 0.0, 3.0)) == 0.0


DATA = reversals(11, 3)


@pytest.mark.parametrize("name", VARIANTS)
def test_likelihood_does_not_depend_on_batches(name: str) -> None:
    model = translator(settings(VARIANTS[name]))
    values = [nll_per_token(model, DATA, size) for size in (1, 4, 100)]
    assert values == pytest.approx([values[0]] * 3, abs=1e-5)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_lesson_is_scored_on_every_token_even_when_it_would_stop(name: str) -> None:
    model = translator(settings(VARIANTS[name], **LESSON))
    before = nll_per_token(model, DATA, 1)
    # adding to all words changes no probability, but padding is now the best word throughout
    assert before == pytest.approx(nll_per_token(model, DATA, 1))
    model.decoder.output.bias.data[1] = 50.0
    assert nll_per_token(model, DATA, 1) > 40.0


def test_the_free_running_loss_reads_the_predictions_of_the_model() -> None:
    model = translator(settings({}, **LESSON)).eval()
    data = parallel([[5, 6]], [[7, 8]])
    batch = data.batch([0])
    with torch.no_grad():
        logits = model.logits(model(batch.source, batch.source_lengths, 3).outputs)
    expected = F.cross_entropy(logits.flatten(0, 1), batch.target.flatten())
    assert greedy_validation(model, data, 4).loss == pytest.approx(float(expected))


def test_a_model_that_ends_at_once_is_charged_for_what_is_missing() -> None:
    model = translator(settings({})).eval()
    model.decoder.output.bias.data[EOS] = 100.0
    loss = greedy_validation(model, parallel([[5, 6]], [[7, 8]]), 4).loss
    # 100 for the wrong end, ln 13 for each of the two missing words
    assert loss == pytest.approx((100 + 2 * 2.565) / 3, abs=3)


class Echo(nn.Module):
    """Says its source, the end of sentence included, and after that other words."""

    def __init__(self) -> None:
        super().__init__()
        self.settings = model_settings()
        self.certainty = nn.Parameter(torch.tensor(9.0))

    def forward(self, source: Tensor, lengths: Tensor, steps: int) -> DecoderOutput:
        words = F.pad(source, (0, 0, 0, max(0, steps - len(source))), value=6)[:steps]
        states = F.one_hot(words, 13) * self.certainty
        return DecoderOutput(states, states, states, None, [])

    def logits(self, states: Tensor) -> Tensor:
        return states


HYPOTHESES = [[4, 5, 6, 7], [8, 9, 4, 10, 11, 12], [5], [], [7, 8, 9, 10, 11]]
REFERENCES = [[4, 5, 6, 7], [8, 9, 4, 10, 5, 12, 4], [6, 5], [9], [7, 8, 9, 10, 4, 4]]


def bleu(predicted: list[list[int]], expected: list[list[int]]) -> float:
    texts = [[" ".join(map(str, ids)) for ids in side] for side in (predicted, expected)]
    return BLEU(tokenize="none", force=True).corpus_score(texts[0], [texts[1]]).score


@pytest.mark.parametrize("size", [1, 2, 100])
def test_bleu_is_that_of_the_words_before_the_end_in_batches_of_any_size(size: int) -> None:
    assert 30 < bleu(HYPOTHESES, REFERENCES) < 90
    result = greedy_validation(Echo(), parallel(HYPOTHESES, REFERENCES), size)  # type: ignore[arg-type]
    assert result.bleu == pytest.approx(bleu(HYPOTHESES, REFERENCES))


def test_correct_translations_have_the_highest_bleu() -> None:
    assert greedy_validation(Echo(), parallel(HYPOTHESES, HYPOTHESES), 3).bleu == pytest.approx(100)  # type: ignore[arg-type]


def test_without_an_end_as_many_words_count_as_the_longest_target_has() -> None:
    endless = [[4, 5, 6, 7, 8, 9, 10, 11], [7, 8]]
    result = greedy_validation(Echo(), parallel(endless, [[4, 5, 6, 7], [7]]), 2)  # type: ignore[arg-type]
    assert result.bleu == pytest.approx(bleu([endless[0][:5], [7, 8]], [[4, 5, 6, 7], [7]]))
