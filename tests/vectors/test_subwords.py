"""The n-grams that fastText makes of a word."""

from itertools import chain
from pathlib import Path

import fasttext
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordbridge.vectors.subwords import subword_buckets


def _reference(word: str, shortest: int, longest: int, buckets: int) -> list[int]:
    marked, found = f"<{word}>", []
    for start in range(len(marked)):
        for end in range(start + shortest, min(start + longest, len(marked)) + 1):
            if (gram := marked[start:end]) in ("<", ">") and start in (0, len(marked) - 1):
                continue
            hashed = 2166136261
            for byte in gram.encode():
                signed = byte - 256 if byte > 127 else byte
                hashed = ((hashed ^ (signed & 0xFFFFFFFF)) * 16777619) & 0xFFFFFFFF
            found.append(hashed % buckets)
    return found


@pytest.mark.parametrize(("shortest", "longest"), [(3, 6), (1, 2), (2, 2), (1, 9)])
@given(words=st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=5))
@settings(max_examples=40, deadline=None)
def test_subwords_are_those_of_the_definition(
    words: list[str], shortest: int, longest: int
) -> None:
    buckets, counts = subword_buckets([word.encode() for word in words], shortest, longest, 1009)

    expected = [_reference(word, shortest, longest, 1009) for word in words]
    assert buckets.tolist() == list(chain.from_iterable(expected))
    assert counts.tolist() == list(map(len, expected))


def test_subwords_are_those_of_the_library(bin_model: Path, unknown_words: list[str]) -> None:
    model = fasttext.load_model(str(bin_model))
    for word in unknown_words:
        buckets, _ = subword_buckets([word.encode()], 2, 4, 211)
        _, rows = model.get_subwords(word)
        assert buckets.tolist() == (rows - len(model.get_words())).tolist()


@pytest.mark.parametrize(("longest", "buckets"), [(0, 100), (2, 100), (6, 0)])
def test_there_are_no_subwords_without_lengths_or_buckets(longest: int, buckets: int) -> None:
    found, counts = subword_buckets([b"where", b"what"], 3, longest, buckets)

    assert len(found) == 0
    assert counts.tolist() == [0, 0]


def test_no_words_have_no_subwords() -> None:
    found, counts = subword_buckets([], 3, 6, 100)

    assert (len(found), len(counts)) == (0, 0)
    assert found.dtype == np.int64
