"""Tests of IBM model 1 against plain loops, and of the attention's statistics."""

import math
from collections import defaultdict
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from tests.translation.toys import VARIANTS, parallel, translator
from tests.translation.toys import settings as variant
from wordbridge.corpus.batches import ParallelData
from wordbridge.corpus.ids import pack
from wordbridge.corpus.special_tokens import EOS
from wordbridge.translation.word_alignment import (
    NULL,
    UNALIGNED,
    attention_statistics,
    common_links,
    train_model1,
)

TEXTS = st.lists(st.integers(4, 8), max_size=5)


def plain_model1(
    pairs: list[tuple[list[int], list[int]]], iterations: int
) -> dict[tuple[int, int], float]:
    """Return t(e|f) by (f, e), as in figure 4.3 of Koehn's Statistical Machine Translation."""
    probability: dict[tuple[int, int], float] = defaultdict(lambda: 1.0)
    for _ in range(iterations):
        count, total = defaultdict[tuple[int, int], float](float), defaultdict[int, float](float)
        for source, target in pairs:
            for e in target:
                norm = sum(probability[f, e] for f in [NULL, *source])
                for f in [NULL, *source]:
                    count[f, e] += probability[f, e] / norm
                    total[f] += probability[f, e] / norm
        probability = defaultdict(float, {(f, e): n / total[f] for (f, e), n in count.items()})
    return probability


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6), st.integers(1, 4))
def test_model_1_is_that_of_plain_loops(
    pairs: list[tuple[list[int], list[int]]], iterations: int
) -> None:
    sources, targets = (
        [np.array(text, np.int64) for text in side] for side in zip(*pairs, strict=True)
    )
    model = train_model1(sources, targets, iterations)
    expected, words = plain_model1(pairs, iterations), np.arange(10)
    if model.keys.size:
        table = model.table(words, words)
        assert table == pytest.approx(np.array([[expected[f, e] for e in words] for f in words]))


def test_a_word_is_linked_with_the_one_that_it_occurs_with() -> None:
    la, maison, fleur, the, house, flower = range(4, 10)
    sources = [np.array(text) for text in ([la, maison], [la, fleur], [la])]
    targets = [np.array(text) for text in ([the, house], [the, flower], [the])]
    forward, backward = train_model1(sources, targets, 10), train_model1(targets, sources, 10)
    source, target = np.array([maison, la, 11]), np.array([the, house, 12])
    assert forward.align(source, target)[1:].tolist() == [0, UNALIGNED]
    links = common_links(forward, backward, source, target)
    assert links[1:].tolist() == [0, UNALIGNED]
    empty = np.zeros(0, np.int64)
    assert common_links(forward, backward, empty, target).tolist() == [UNALIGNED] * 3


def test_links_are_those_of_both_directions() -> None:
    def fixed(*positions: int) -> SimpleNamespace:
        return SimpleNamespace(align=lambda *_: np.array(positions))

    forward, backward = fixed(0, 0, 2, UNALIGNED), fixed(1, UNALIGNED, 2)
    links = common_links(forward, backward, np.zeros(3, int), np.zeros(4, int))  # type: ignore[arg-type]
    assert links.tolist() == [UNALIGNED, 0, 2, UNALIGNED]


class Fixed(nn.Module):
    """A model with fixed attention (time, batch, source)."""

    def __init__(self, attention: list[list[list[float]]]) -> None:
        super().__init__()
        self.attention = nn.Parameter(torch.tensor(attention, dtype=torch.float64))

    def forward(self, *_: object) -> SimpleNamespace:
        return SimpleNamespace(attention=self.attention)


def statistics(
    model: object, data: ParallelData, links: list[list[int]], size: int = 9
) -> dict[str, float]:
    return attention_statistics(model, data, [np.array(row) for row in links], size)  # type: ignore[arg-type]


def test_the_statistics_of_two_pairs_are_those_by_hand() -> None:
    data = parallel([[4, 5], [6]], [[7, 8], [9]])
    spread = [0.25, 0.5, 0.25]
    model = Fixed(
        [
            [spread, [0.5, 0.25, 0.25]],  # the second source ends before the last position
            [[1, 0, 0], [0, 1, 0]],
            [[0, 0, 1], [0.2, 0.2, 0.6]],  # behind the end of the second target
        ]
    )
    record = statistics(model, data, [[1, UNALIGNED], [0]])
    assert record == pytest.approx(
        {
            "padding": 0.25 / 5,
            "entropy": 3 * math.log(2) / 5,
            "uniform_entropy": (3 * math.log(3) + 2 * math.log(2)) / 5,
            "agreement": 1,
            "diagonal": 1 / 2,
            "chance": (1 / 2 + 1) / 2,
        }
    )


def test_a_tag_and_the_end_of_sentence_are_no_words() -> None:
    source, target = pack([[4, EOS]], ["test"]), pack([[7, 8, EOS]], ["test"], ["v"])
    data = ParallelData(source, target, np.arange(1), first_tag=20)
    model = Fixed([[[0, 1, 0]], [[1, 0, 0]], [[0, 0, 1]]])
    record = statistics(model, data, [[0, 0]])
    assert (record["agreement"], record["diagonal"], record["chance"]) == (0.5, 1, 1)


@pytest.mark.parametrize("masked", [True, False])
def test_attention_is_on_padding_without_a_mask_only(masked: bool) -> None:
    data = parallel([[4, 5, 6, 7], [4], [8, 9]], [[4, 5], [6], [7, 8]])
    links = [[3, 0], [0], [1, UNALIGNED]]
    model = translator(variant(VARIANTS["all"], mask_padding=masked))
    together, alone = (statistics(model, data, links, size) for size in (3, 1))
    assert alone["padding"] == 0
    assert (together["padding"] == 0) == masked
    assert (together == pytest.approx(alone)) == masked
