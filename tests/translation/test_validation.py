"""Tests of the losses and of BLEU on held-out pairs."""

import pytest
import torch
from sacrebleu.metrics.bleu import BLEU
from torch import Tensor, nn
from torch.nn import functional as F

from tests.translation.toys import LESSON, VARIANTS, parallel, reversals, settings, translator
from wordbridge.corpus.specials import EOS
from wordbridge.translation.settings import ModelSettings
from wordbridge.translation.translator import Decoded
from wordbridge.translation.validation import free_run, nll_per_token

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


def test_free_running_loss_is_that_of_the_model_s_own_words() -> None:
    model = translator(settings({}, **LESSON)).eval()
    data = parallel([[5, 6]], [[7, 8]])
    batch = data.batch([0])
    with torch.no_grad():
        logits = model.logits(model(batch.source, batch.source_lengths, 3).states)
    expected = F.cross_entropy(logits.flatten(0, 1), batch.target.flatten())
    assert free_run(model, data, 4).loss == pytest.approx(float(expected))


def test_a_model_that_ends_at_once_is_charged_for_what_is_missing() -> None:
    model = translator(settings({})).eval()
    model.decoder.output.bias.data[EOS] = 100.0
    loss = free_run(model, parallel([[5, 6]], [[7, 8]]), 4).loss
    # 100 for the wrong end, ln 13 for each of the two missing words
    assert loss == pytest.approx((100 + 2 * 2.565) / 3, abs=3)


class Echo(nn.Module):
    """Says its source, the end of sentence included, and after that other words."""

    def __init__(self) -> None:
        super().__init__()
        self.settings = ModelSettings()
        self.certainty = nn.Parameter(torch.tensor(9.0))

    def forward(self, source: Tensor, lengths: Tensor, steps: int) -> Decoded:
        words = F.pad(source, (0, 0, 0, max(0, steps - len(source))), value=6)[:steps]
        states = F.one_hot(words, 13) * self.certainty
        return Decoded(states, states, states, None)

    def logits(self, states: Tensor) -> Tensor:
        return states


SAID = [[4, 5, 6, 7], [8, 9, 4, 10, 11, 12], [5], [], [7, 8, 9, 10, 11]]
MEANT = [[4, 5, 6, 7], [8, 9, 4, 10, 5, 12, 4], [6, 5], [9], [7, 8, 9, 10, 4, 4]]


def bleu(said: list[list[int]], meant: list[list[int]]) -> float:
    texts = [[" ".join(map(str, ids)) for ids in side] for side in (said, meant)]
    return BLEU(tokenize="none", force=True).corpus_score(texts[0], [texts[1]]).score


@pytest.mark.parametrize("size", [1, 2, 100])
def test_bleu_is_that_of_the_words_before_the_end_in_batches_of_any_size(size: int) -> None:
    assert 30 < bleu(SAID, MEANT) < 90
    found = free_run(Echo(), parallel(SAID, MEANT), size)  # type: ignore[arg-type]
    assert found.bleu == pytest.approx(bleu(SAID, MEANT))


def test_what_is_said_right_throughout_has_the_highest_bleu() -> None:
    assert free_run(Echo(), parallel(SAID, SAID), 3).bleu == pytest.approx(100)  # type: ignore[arg-type]


def test_without_an_end_as_many_words_count_as_the_longest_target_has() -> None:
    endless = [[4, 5, 6, 7, 8, 9, 10, 11], [7, 8]]
    found = free_run(Echo(), parallel(endless, [[4, 5, 6, 7], [7]]), 2)  # type: ignore[arg-type]
    assert found.bleu == pytest.approx(bleu([endless[0][:5], [7, 8]], [[4, 5, 6, 7], [7]]))
