"""Tests of the sample translations."""

import pytest

from wordbridge.errors import InputError
from wordbridge.report.samples import spread_over_lengths, tabulate_samples


@pytest.mark.parametrize(
    ("lengths", "count", "positions"),
    [
        ([1, 2, 3, 4, 5, 6], 3, [1, 3, 5]),
        ([6, 5, 4, 3, 2, 1], 3, [4, 2, 0]),
        ([3, 1, 2], 9, [1, 2, 0]),
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


def test_a_variant_with_too_few_translations_is_named() -> None:
    with pytest.raises(InputError, match="variant 'all': expected 2 translations, got 1"):
        tabulate_samples(["a", "b"], ["c", "d"], {"all": ["e"]})
