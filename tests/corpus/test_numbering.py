import numpy as np
import pytest

from wordbridge.corpus.numbering import length_limit, number_texts, truncated
from wordbridge.corpus.vocabulary import build_vocabulary
from wordbridge.errors import InputError

TEXTS = [["a", "b"], ["b", "c", "a", "d", "a"], ["a", "b", "c", "d", "e", "f", "g"]]
PARTS = ["train", "valid", "train"]
VOCABULARY = build_vocabulary([["a", "a", "b"]])  # a has id 4, b has id 5


def test_texts_become_ids_with_an_end_of_sequence():
    texts = number_texts(TEXTS[:2], ["train", "valid"], VOCABULARY, 100, limit_from="all")
    assert texts[0].tolist() == [4, 5, 2]
    assert texts[1].tolist() == [5, 3, 4, 3, 4, 2]
    assert texts.part.tolist() == [0, 1]


def test_versions_stay_with_their_texts():
    texts = number_texts(TEXTS, PARTS, VOCABULARY, 99, versions=["o", "l", "o"])
    assert [texts.versions[number] for number in texts.version] == ["o", "l", "o"]


@pytest.mark.parametrize(("limit_from", "limit"), [("train", 5), ("all", 6)])
def test_the_limit_is_measured_on_the_train_part_or_on_everything(limit_from, limit):
    texts = number_texts(TEXTS, PARTS, VOCABULARY, 50, limit_from=limit_from)
    assert texts.lengths.max() == limit


def test_the_limit_is_the_percentile_rounded_down():
    lengths = list(range(1, 41))
    assert length_limit(lengths, 97) == int(np.percentile(lengths, 97)) == 38
    assert length_limit(lengths, 99) == 39


def test_truncation_keeps_the_end_of_sequence():
    assert truncated([4, 5, 6, 7, 2], 3) == [4, 5, 2]
    assert truncated([4, 5, 2], 3) == [4, 5, 2]


def test_the_lessons_truncation_cuts_the_end_of_sequence():
    assert truncated([4, 5, 6, 7, 2], 3, keep_eos=False) == [4, 5, 6]


def test_faulty_settings_are_errors():
    with pytest.raises(InputError, match="limit_from 'test'"):
        number_texts(TEXTS, PARTS, VOCABULARY, 99, limit_from="test")
    with pytest.raises(InputError, match="train part is empty"):
        number_texts(TEXTS, ["valid"] * 3, VOCABULARY, 99)
    with pytest.raises(InputError, match="percentile 101"):
        length_limit([3], 101)
