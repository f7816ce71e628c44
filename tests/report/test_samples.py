"""Tests of the sample translations."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from wordbridge.errors import InputError
from wordbridge.report.samples import (
    attention_sample,
    samples_of,
    spread_over_lengths,
    tabulate_samples,
)
from wordbridge.translation.translations import (
    Translation,
    write_attention,
    write_translations,
)
from workflow.samples import drawn_samples


@pytest.mark.parametrize(
    ("lengths", "count", "positions"),
    [
        ([1, 2, 3, 4, 5, 6], 3, [1, 3, 5]),
        ([6, 5, 4, 3, 2, 1], 3, [4, 2, 0]),
        ([3, 1, 2], 9, [1, 1, 1, 2, 2, 2, 0, 0, 0]),
        ([3, 1], 3, [1, 0, 0]),
        ([1, 1, 1, 1, 1], 2, [1, 3]),
        ([4, 2, 9], 1, [0]),
        ([4, 2], 0, []),
        ([], 4, []),
    ],
)
def test_samples_go_from_short_to_long_in_even_steps(
    lengths: list[int], count: int, positions: list[int]
) -> None:
    texts = [" ".join(["w"] * length) for length in lengths]
    assert spread_over_lengths(texts, count) == positions


def test_no_text_is_taken_twice() -> None:
    for size in range(1, 12):
        for count in range(1, size + 1):
            positions = spread_over_lengths(["w " * size] * size, count)
            assert len(set(positions)) == len(positions) == count


def test_a_sample_has_source_reference_and_every_variant() -> None:
    table = tabulate_samples(
        ["Qui est-ce donc ?", "Qui ?"],
        ["Who is it then?", "Who?"],
        {"source": ["who?", "a?"], "all": ["who is it?", "b?"]},
        count=2,
    )
    assert list(table.itertuples(index=False, name=None)) == [
        ("1", "source", "Qui ?"),
        ("1", "reference", "Who?"),
        ("1", "source", "a?"),
        ("1", "all", "b?"),
        ("2", "source", "Qui est-ce donc ?"),
        ("2", "reference", "Who is it then?"),
        ("2", "source", "who?"),
        ("2", "all", "who is it?"),
    ]


def translated(source: str) -> Translation:
    """Return a translation whose attention has one row and looks at its first word alone."""
    tokens = source.split()
    weights = np.zeros((1, len(tokens) + 1), dtype=np.float32)
    weights[0, 0] = 1
    return Translation(source, source.upper(), "x", tokens, [], -1.0, weights)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (
            ["a"],
            "translation 2: expected 'b c' as its source text, like the first variant, got",
        ),
        (["a", "b c", "d"], "translation 3: expected nothing as its source text, like the first"),
        (["b c", "a"], "translation 1: expected 'a' as its source text, like the first variant, "),
    ],
)
def test_a_variant_that_translated_other_texts_is_named(other: list[str], message: str) -> None:
    first = [translated(source) for source in ("a", "b c")]
    made = {"plain": first, "all": [translated(source) for source in other]}
    with pytest.raises(InputError, match=f"^variant 'all', {re.escape(message)}"):
        samples_of(made, 2)


@pytest.mark.parametrize(
    ("count", "attention", "numbers"),
    [
        (10, 3, [2, 6, 9]),
        (10, 1, [6]),
        (10, 0, []),
        (4, 4, [1, 2, 3, 4]),
        (3, 5, [1, 2, 3]),
    ],
)
def test_samples_are_drawn_in_even_steps(count: int, attention: int, numbers: list[int]) -> None:
    assert drawn_samples(count, attention) == numbers


def test_drawn_samples_are_of_the_table_and_go_from_short_to_long() -> None:
    for count in range(1, 13):
        for attention in range(1, 13):
            numbers = drawn_samples(count, attention)
            assert len(numbers) == min(count, attention)
            assert all(before < after for before, after in pairwise(numbers))
            assert set(numbers) <= set(range(1, count + 1))


@pytest.mark.parametrize("size", [1, 2, 5, 7, 30])
def test_a_drawn_sample_is_that_of_the_same_number_in_the_table(size: int, tmp_path: Path) -> None:
    made = [translated(" ".join(f"w{n}" for n in range(size - at))) for at in range(size)]
    write_translations(tmp_path / "t.tsv", made)
    write_attention(tmp_path / "a.npz", made)
    table = samples_of({"all": made}, count=7)
    sources = table[table["line"] == "source"]
    shown = {
        int(number): text
        for label, text in zip(sources["sample"], sources["text"], strict=True)
        for number in label.split(", ")
    }
    assert list(shown) == list(range(1, 8))
    assert len(sources) == min(7, size)
    for number in drawn_samples(7, 3):
        weights, source, words = attention_sample(tmp_path / "t.tsv", tmp_path / "a.npz", number, 7)
        assert source == [*shown[number].split(), "_eos_"]
        assert weights.shape == (len(words), len(source))
