import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordbridge.corpus.specials import SPECIALS, UNK
from wordbridge.corpus.vocabulary import (
    Vocabulary,
    build_vocabulary,
    read_vocabulary,
    write_vocabulary,
)
from wordbridge.errors import InputError

quick = settings(derandomize=True, max_examples=60, deadline=None, database=None)
SENTENCES = [["b", "a", "c"], ["a", "c", "d"], ["a"]]


def test_the_most_common_words_follow_the_specials_and_ties_keep_their_first_order():
    vocabulary = build_vocabulary(SENTENCES)
    assert vocabulary.words == (*SPECIALS, "a", "c", "b", "d")
    assert vocabulary.counts == (0, 0, 0, 0, 3, 2, 1, 1)


def test_size_and_least_count_leave_rare_words_out():
    assert build_vocabulary(SENTENCES, size=1).words[4:] == ("a",)
    assert build_vocabulary(SENTENCES, min_count=2).words[4:] == ("a", "c")


def test_words_have_ids_and_ids_have_words():
    vocabulary = build_vocabulary(SENTENCES)
    assert vocabulary.ids(["a", "zebra", "b"]) == [4, UNK, 6]
    assert vocabulary.tokens([2, 4, 6]) == ["_eos_", "a", "b"]


def test_a_corpus_word_spelled_like_a_special_is_an_unknown_word():
    vocabulary = build_vocabulary([["_eos_", "a", "_eos_", "_pad_"]])
    assert vocabulary.words == (*SPECIALS, "a")
    assert vocabulary.ids(["_eos_", "_bos_", "_unk", "a"]) == [UNK, UNK, UNK, 4]


@pytest.mark.parametrize("number", [-1, 8])
def test_an_id_that_no_word_has_is_an_error(number):
    with pytest.raises(ValueError, match="no word has id"):
        build_vocabulary(SENTENCES).tokens([number])


@quick
@given(st.lists(st.lists(st.text("ab \\e\n\t\u2028é", max_size=4), max_size=5), max_size=4))
def test_any_vocabulary_comes_back_from_its_file(tmp_path_factory, lists):
    path = tmp_path_factory.mktemp("vocabulary") / "en.tsv"
    vocabulary = build_vocabulary(lists)
    write_vocabulary(vocabulary, path)
    assert read_vocabulary(path) == vocabulary
    for tokens in lists:
        assert vocabulary.tokens(vocabulary.ids(tokens)) == tokens


GOOD = ["id\ttoken\tcount", "0\t_bos_\t0", "1\t_pad_\t0", "2\t_eos_\t0", "3\t_unk\t0", "4\ta\t7"]


@pytest.mark.parametrize(
    ("place", "line", "message"),
    [
        (0, "id\tword\tcount", "line 1: expected the columns id, token, count, got"),
        (2, "1\t_unk\t0", "line 2: expected the special tokens"),
        (5, "5\ta\t7", "line 6: expected id 4"),
        (5, "4\ta", "line 6: expected 3 columns, got 2"),
        (5, "4\ta\tmany", "line 6: expected a number, a token and a count"),
        (5, "4\t_unk\t7", "line 6: expected every word once, got '_unk as on line 5'"),
        (5, "4\ta\\q\t7", "unknown escape"),
    ],
)
def test_a_damaged_table_is_an_error_that_names_the_line(tmp_path, place, line, message):
    path = tmp_path / "en.tsv"
    path.write_text("\n".join(GOOD) + "\n", encoding="utf-8")
    assert read_vocabulary(path) == Vocabulary((*SPECIALS, "a"), (0, 0, 0, 0, 7))
    path.write_text("\n".join([*GOOD[:place], line, *GOOD[place + 1 :]]), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_vocabulary(path)


def test_a_missing_table_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no table can be read"):
        read_vocabulary(tmp_path / "none.tsv")
