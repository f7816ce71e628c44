"""Tests of the losses on held-out pairs."""

import pytest
import torch
from torch.nn import functional as F

from tests.translation.toys import LESSON, VARIANTS, parallel, reversals, settings, translator
from wordbridge.corpus.specials import EOS
from wordbridge.translation.validation import free_running_losses, nll_per_token

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
    assert free_running_losses(model, data, 4) == pytest.approx(float(expected))


def test_a_model_that_ends_at_once_is_charged_for_what_is_missing() -> None:
    model = translator(settings({})).eval()
    model.decoder.output.bias.data[EOS] = 100.0
    loss = free_running_losses(model, parallel([[5, 6]], [[7, 8]]), 4)
    # 100 for the wrong end, ln 13 for each of the two missing words
    assert loss == pytest.approx((100 + 2 * 2.565) / 3, abs=3)
