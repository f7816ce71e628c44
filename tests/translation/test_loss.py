"""Tests of the losses."""

import math

import pytest
import torch
from torch.nn import functional as F

from wordbridge.corpus.batches import pad
from wordbridge.corpus.specials import EOS, PAD
from wordbridge.translation.loss import (
    activation_penalty,
    free_running_loss,
    lesson_loss,
    word_loss,
)

WORDS = 7
TARGET = pad([[4, 5, EOS], [6, EOS]])  # (3, 2) with one position of padding
LOGITS = torch.randn(3, 2, WORDS, generator=torch.Generator().manual_seed(1))


def test_the_lesson_counts_padding() -> None:
    expected = F.cross_entropy(LOGITS.view(6, WORDS), TARGET.flatten())
    assert lesson_loss(LOGITS, TARGET) == expected


def test_the_lesson_cuts_what_is_too_long() -> None:
    longer = torch.cat([LOGITS, torch.randn(2, 2, WORDS)])
    assert lesson_loss(longer, TARGET) == lesson_loss(LOGITS, TARGET)


def test_a_missing_step_costs_as_much_as_a_guess_among_all_words() -> None:
    known = F.cross_entropy(LOGITS[:1].flatten(0, 1), TARGET[0])
    expected = (known + 2 * math.log(WORDS)) / 3
    torch.testing.assert_close(lesson_loss(LOGITS[:1], TARGET), expected)


def test_words_alone_count_in_the_corrected_loss() -> None:
    words = TARGET != PAD
    expected = -LOGITS.log_softmax(2).gather(2, TARGET.unsqueeze(2)).squeeze(2)[words].mean()
    torch.testing.assert_close(word_loss(LOGITS[words], TARGET[words]), expected)


def test_a_model_that_says_nothing_after_its_end_is_right_about_padding() -> None:
    ends = torch.tensor([1, 2])
    losses = F.cross_entropy(LOGITS.flatten(0, 1), TARGET.flatten(), reduction="none").view(3, 2)
    # first: two words missing; second: padding after the end
    expected = (losses[0].sum() + losses[1, 1] + 2 * math.log(WORDS)) / 6
    torch.testing.assert_close(free_running_loss(LOGITS, TARGET, ends), expected)
    torch.testing.assert_close(free_running_loss(LOGITS[:2], TARGET, ends), expected)


def test_a_model_that_never_stops_pays_as_in_the_lesson() -> None:
    assert free_running_loss(LOGITS, TARGET, None) == lesson_loss(LOGITS, TARGET)


def test_activation_regularisation_looks_at_words_alone() -> None:
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
