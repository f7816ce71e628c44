import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordbridge.corpus.special_tokens import SPECIALS, UNK
from wordbridge.corpus.vocabulary import (
    Vocabulary,
    build_vocabulary,
    numericalize,
    read_vocabulary,
    write_vocabulary,
)
from wordbridge.errors import InputError

quick = settings(derandomize=True, max_examples=60, deadline=None, database=None)
SENTENCES = [["b", "a", "c"], ["a", "c", "d"], ["a"]]


def test_the_most_common_words_follow_the_specials_and_ties_keep_their_order():
    vocabulary = build_vocabulary(SENTENCES, 99, 1)
    assert vocabulary.words == (*SPECIALS, "a", "c", "b", "d")
    assert vocabulary.counts == (0, 0, 0, 0, 3, 2, 1, 1)


def test_size_and_min_count_leave_rare_words_out():
    assert build_vocabulary(SENTENCES, 1, 1).words[4:] == ("a",)
    assert build_vocabulary(SENTENCES, 99, 2).words[4:] == ("a", "c")


def test_words_have_ids_and_ids_have_words():
    vocabulary = build_vocabulary(SENTENCES, 99, 1)
    assert vocabulary.ids(["a", "zebra", "b"]) == [4, UNK, 6]
    assert vocabulary.tokens([2, 4, 6]) == ["_eos_", "a", "b"]


def test_a_corpus_word_that_is_spelled_like_a_special_is_unknown():
    vocabulary = build_vocabulary([["_eos_", "a", "_eos_", "_pad_"]], 99, 1)
    assert vocabulary.words == (*SPECIALS, "a")
    assert vocabulary.ids(["_eos_", "_bos_", "_unk", "a"]) == [UNK, UNK, UNK, 4]


@pytest.mark.parametrize("number", [8, 99])
def test_an_id_out_of_range_is_an_error(number):
    with pytest.raises(IndexError):
        build_vocabulary(SENTENCES, 99, 1).tokens([number])


@quick
@given(st.lists(st.lists(st.text("ab \\e\n\t\u2028é", max_size=4), max_size=5), max_size=4))
def test_any_vocabulary_round_trips_through_its_file(tmp_path_factory, lists):
    path = tmp_path_factory.mktemp("vocabulary") / "en.tsv"
    vocabulary = build_vocabulary(lists, 99, 1)
    write_vocabulary(vocabulary, path)
    assert read_vocabulary(path) == vocabulary
    for tokens in lists:
        assert vocabulary.tokens(vocabulary.ids(tokens)) == tokens


GOOD = ["id\ttoken\tcount", "0\t_bos_\t0", "1\t_pad_\t0", "2\t_eos_\t0", "3\t_unk\t0", "4\ta\t7"]


@pytest.mark.parametrize(
    ("place", "line", "message"),
    [
        (0, "id\tword\tcount", "line 1: expected the columns id, token, count, got"),
        (2, "1\t_unk\t0", "special tokens _bos_ _pad_ _eos_ _unk first"),
        (5, "5\ta\t7", "expected ids from 0 on"),
        (5, "4\ta", "line 6: expected 3 columns, got 2"),
        (5, "4\ta\tmany", "line 6: expected values of id, token, count, got others"),
        (5, "4\t_unk\t7", "every word once"),
        (5, "4\ta\\q\t7", "unknown escape"),
    ],
)
def test_a_damaged_table_is_an_error_with_its_line(tmp_path, place, line, message):
    path = tmp_path / "en.tsv"
    path.write_text("\n".join(GOOD) + "\n", encoding="utf-8")
    assert read_vocabulary(path) == Vocabulary((*SPECIALS, "a"), (0, 0, 0, 0, 7))
    path.write_text("\n".join([*GOOD[:place], line, *GOOD[place + 1 :]]), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_vocabulary(path)


def test_a_missing_table_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no table can be read"):
        read_vocabulary(tmp_path / "none.tsv")


TEXTS = [["a", "b"], ["b", "c", "a", "d", "a"], ["a", "b", "c", "d", "e", "f", "g"]]
SPLITS = ["train", "valid", "train"]
VOCABULARY = build_vocabulary([["a", "a", "b"]], 99, 1)  # a has id 4, b has id 5


def test_texts_become_ids_with_an_end_of_sequence():
    texts = numericalize(TEXTS[:2], ["train", "valid"], VOCABULARY, 100, "all", True)
    assert texts[0].tolist() == [4, 5, 2]
    assert texts[1].tolist() == [5, 3, 4, 3, 4, 2]
    assert texts.split.tolist() == [0, 1]


def test_versions_belong_to_their_texts():
    texts = numericalize(TEXTS, SPLITS, VOCABULARY, 99, "train", True, ["o", "l", "o"])
    assert [texts.versions[number] for number in texts.version] == ["o", "l", "o"]


@pytest.mark.parametrize(("from_split", "limit"), [("train", 5), ("all", 6)])
def test_the_limit_is_that_of_the_train_split_or_of_all_splits(from_split, limit):
    texts = numericalize(TEXTS, SPLITS, VOCABULARY, 50, from_split, True)
    assert texts.lengths.max() == limit


def test_the_limit_is_the_percentile_rounded_down():
    texts = [["a"] * (length - 1) for length in range(1, 41)]
    for percentile, limit in ((97, 38), (99, 39)):
        ids = numericalize(texts, ["train"] * 40, VOCABULARY, percentile, "train", True)
        assert ids.lengths.max() == int(np.percentile(range(1, 41), percentile)) == limit


def test_truncation_keeps_the_end_of_sequence():
    texts, splits = [["a", "b", "a", "b"], ["a", "b"]], ["valid", "train"]
    ids = numericalize(texts, splits, VOCABULARY, 99, "train", True)
    assert [ids[0].tolist(), ids[1].tolist()] == [[4, 5, 2], [4, 5, 2]]


def test_the_lessons_truncation_drops_the_end_of_sequence():
    texts, splits = [["a", "b", "a", "b"], ["a", "b"]], ["valid", "train"]
    ids = numericalize(texts, splits, VOCABULARY, 99, "train", False)
    assert [ids[0].tolist(), ids[1].tolist()] == [[4, 5, 4], [4, 5, 2]]


def test_an_empty_train_split_is_an_error():
    with pytest.raises(InputError, match="expected pairs in the train split, got none"):
        numericalize(TEXTS, ["valid"] * 3, VOCABULARY, 99, "train", True)
