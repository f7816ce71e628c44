from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordbridge.corpus.pairs import Pair
from wordbridge.corpus.tokenized import (
    TokenizedPair,
    keep_short,
    read_tokenized,
    token_lists,
    tokenized_pair,
    versions,
    write_tokenized,
)
from wordbridge.errors import InputError

quick = settings(derandomize=True, max_examples=40, deadline=None, database=None)
PAIRS = [
    TokenizedPair("1", "a", "Qui ?", "Who?", ["qui", "?"], ["who", "?"], "train"),
    TokenizedPair("2", "b", "O\u00f9\u00a0?", 'Where "?', ["o\u00f9", " "], ["\\", '"'], "test"),
]
COLUMNS = ["item", "group", "fr", "en", "fr_version", "en_version", "fr_tokens", "en_tokens"]


def test_pairs_come_back_with_and_without_their_part(tmp_path):
    write_tokenized(tmp_path / "split.tsv", PAIRS)
    assert read_tokenized(tmp_path / "split.tsv") == PAIRS
    unsplit = [pair._replace(part="") for pair in PAIRS]
    write_tokenized(tmp_path / "tokens.tsv", unsplit)
    assert read_tokenized(tmp_path / "tokens.tsv") == unsplit
    header = (tmp_path / "tokens.tsv").read_text(encoding="utf-8").split("\n")[0]
    assert header.split("\t") == COLUMNS


def test_versions_come_back_with_and_without_a_part(tmp_path):
    named = [
        pair._replace(fr_version=fr, en_version=en)
        for pair, fr, en in zip(PAIRS, "lo", ["", "4"], strict=True)
    ]
    for pairs in (named, [pair._replace(part="") for pair in named]):
        write_tokenized(tmp_path / "pairs.tsv", pairs)
        assert read_tokenized(tmp_path / "pairs.tsv") == pairs
    lines = (tmp_path / "pairs.tsv").read_text(encoding="utf-8").splitlines()
    assert [line.split("\t")[4:6] for line in lines[1:]] == [["l", ""], ["o", "4"]]


def test_tokens_leave_everything_else_of_a_pair_as_it_was():
    pair = Pair("7", "b", "Qui ?", "Who?", "l", "k")
    expected = TokenizedPair("7", "b", "Qui ?", "Who?", ["qui"], ["who", "?"], "", "l", "k")
    assert tokenized_pair(pair, ["qui"], ["who", "?"]) == expected
    assert list(keep_short([pair], [["qui"]], [["who", "?"]], 3, Counter())) == [expected]


def test_versions_are_named_for_all_pairs_or_for_none():
    named = [PAIRS[0]._replace(fr_version=version) for version in ("l", "", "o")]
    assert versions(named, "fr") == ["l", "", "o"]
    assert versions(named, "en") == []


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
        ("item\tfr\n", f"expected the columns {', '.join(COLUMNS)}"),
        (
            "item\tgroup\tfr\ten\tfr_tokens\ten_tokens\n",
            "expected the columns item, group, fr, en, ",
        ),
        ("\t".join(COLUMNS) + "\n1\ta\tx\n", "line 2: expected 8 columns, got 3"),
        ("\t".join([*COLUMNS, "part"]) + "\n1\ta\tx\n", "line 2: expected 9 columns, got 3"),
    ],
)
def test_a_table_of_another_form_is_an_error(tmp_path, text, message):
    (tmp_path / "pairs.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_tokenized(tmp_path / "pairs.tsv")
