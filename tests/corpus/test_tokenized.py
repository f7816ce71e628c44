import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordbridge.corpus.tokenized import (
    TokenizedPair,
    read_tokenized,
    token_lists,
    write_tokenized,
)
from wordbridge.errors import InputError

quick = settings(derandomize=True, max_examples=40, deadline=None, database=None)
PAIRS = [
    TokenizedPair("1", "a", "Qui ?", "Who?", ["qui", "?"], ["who", "?"], "train"),
    TokenizedPair("2", "b", "O\u00f9\u00a0?", 'Where "?', ["o\u00f9", " "], ["\\", '"'], "test"),
]


def test_pairs_come_back_with_and_without_their_part(tmp_path):
    write_tokenized(tmp_path / "split.tsv", PAIRS)
    assert read_tokenized(tmp_path / "split.tsv") == PAIRS
    unsplit = [pair._replace(part="") for pair in PAIRS]
    write_tokenized(tmp_path / "tokens.tsv", unsplit)
    assert read_tokenized(tmp_path / "tokens.tsv") == unsplit
    header = (tmp_path / "tokens.tsv").read_text(encoding="utf-8").split("\n")[0]
    assert header.split("\t") == ["item", "group", "fr", "en", "fr_tokens", "en_tokens"]


@quick
@given(st.lists(st.text(" \\esnt\n\t\u2028\u00e9", max_size=4), max_size=4))
def test_any_tokens_come_back(tmp_path_factory, tokens):
    path = tmp_path_factory.mktemp("tokenized") / "pairs.tsv"
    pairs = [TokenizedPair("1", "a", "x", "y", tokens, ["z"])]
    write_tokenized(path, pairs)
    assert read_tokenized(path) == pairs


def test_the_tokens_of_a_part_are_found():
    assert token_lists(PAIRS, "en", "train") == [["who", "?"]]
    assert token_lists(PAIRS, "fr", "all") == [["qui", "?"], ["o\u00f9", " "]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("item\tfr\n", "expected the columns item, group, fr, en, fr_tokens, en_tokens"),
        ("item\tgroup\tfr\ten\tfr_tokens\ten_tokens\n1\ta\tx\n", "line 2: expected 6 columns"),
    ],
)
def test_a_table_of_another_form_is_an_error(tmp_path, text, message):
    (tmp_path / "pairs.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_tokenized(tmp_path / "pairs.tsv")
