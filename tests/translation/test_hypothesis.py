"""Tests of the rules about one translation."""

import numpy as np
import pytest
import torch

from wordbridge.translation.hypothesis import block_repeats, forbid_marks, replace_unknown
from wordbridge.translation.settings import ModelSettings


@pytest.mark.parametrize(
    ("size", "said", "banned"),
    [
        (1, [4, 5], {4, 5}),
        (2, [4, 5, 4], {5}),
        (2, [4, 4], {4}),
        (2, [4], set()),
        (3, [4, 5, 6, 4, 5], {6}),
        (3, [4, 5], set()),
        (3, [4, 5, 6, 7, 4, 5, 8, 4, 5], {6, 8}),
    ],
)
def test_an_ngram_may_not_come_twice(size: int, said: list[int], banned: set[int]) -> None:
    logs = torch.zeros(2, 9)
    other = list(range(len(said)))  # no word twice
    block_repeats(logs, torch.tensor([said, other]).t(), size)
    assert set(logs[0].isinf().nonzero().flatten().tolist()) == banned
    assert size == 1 or not logs[1].isinf().any()


def test_marks_are_forbidden_to_a_model_that_ends_its_sentences() -> None:
    logs = torch.zeros(1, 6)
    forbid_marks(logs, ModelSettings(stop_at_eos=False))
    assert not logs.isinf().any()
    forbid_marks(logs, ModelSettings())
    assert logs.isinf().tolist() == [[True, True, False, False, False, False]]


def test_an_unknown_word_becomes_the_source_word_looked_at_most() -> None:
    attention = np.array([[0.1, 0.2, 0.7], [0.6, 0.3, 0.1], [0.2, 0.3, 0.5]])  # the end's as well
    assert replace_unknown(["a", "?", "b"], ["x", "y"], attention, "?") == ["a", "x", "b"]
    assert replace_unknown(["?", "b"], ["x", "y"], attention, "?") == ["y", "b"]
    assert replace_unknown(["?"], ["x"], None, "?") == ["?"]
    assert replace_unknown(["?"], [], attention, "?") == ["?"]
    assert replace_unknown([], ["x"], attention, "?") == []


@pytest.mark.parametrize(
    ("source", "tags", "expected"),
    [(["<l>", "x"], 1, ["x", "x"]), (["<l>", "x"], 0, ["x", "<l>"]), (["<l>"], 1, ["?", "?"])],
)
def test_a_tag_is_no_word_to_be_copied(source: list[str], tags: int, expected: list[str]) -> None:
    attention = np.array([[0.2, 0.3, 0.5], [0.7, 0.2, 0.1]])
    assert replace_unknown(["?", "?"], source, attention, "?", tags) == expected
