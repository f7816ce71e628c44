from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordbridge.corpus.pairs import (
    Pair,
    TokenizedPair,
    join_tokens,
    read_pairs,
    read_tokenized,
    split_tokens,
    token_lists,
    versions,
    write_counts,
    write_pairs,
    write_tokenized,
)
from wordbridge.errors import InputError
from wordbridge.text import one_line

quick = settings(derandomize=True, max_examples=100, deadline=None, database=None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\tb", "a b"),
        ("a \t\r\n b", "a b"),
        ("a\u2028\u2029b\u0085c\x0bd\x0ce", "a b c d e"),
        ("\ta\n", "a"),
        ("a  b", "a  b"),
        ("o\u00f9\u202f?", "o\u00f9\u202f?"),
        ("a\u00a0\u2009b", "a\u00a0\u2009b"),
    ],
)
def test_tabs_and_line_ends_become_one_space_and_french_spaces_stay(text: str, expected: str):
    assert one_line(text) == expected


def test_pairs_are_written_and_read_back(tmp_path: Path):
    path = tmp_path / "new" / "pairs.tsv"
    pairs = [
        Pair("1:2:3/2.1", "1:2:3", 'Où est "il" ?', "Where is 'he'?"),
        Pair("7", "7", "a", "b", "l", "4"),
    ]
    write_pairs(path, iter(pairs))
    assert list(read_pairs(path)) == pairs
    assert (
        path.read_bytes()
        == (
            "item\tgroup\tfr\ten\tfr_version\ten_version\n"
            "1:2:3/2.1\t1:2:3\tOù est \"il\" ?\tWhere is 'he'?\t\t\n7\t7\ta\tb\tl\t4\n"
        ).encode()
    )


# No text that has been read contains a NUL.
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@quick
@given(st.lists(st.tuples(*[TEXTS] * 6), max_size=4))
def test_any_text_keeps_its_row_and_column(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str, str, str, str]]
):
    path = tmp_path_factory.mktemp("pairs") / "pairs.tsv"
    write_pairs(path, (Pair(*row) for row in rows))
    assert list(read_pairs(path)) == [Pair(*map(one_line, row)) for row in rows]


def test_a_table_that_fails_half_way_leaves_no_file(tmp_path: Path):
    def broken():
        yield Pair("1", "1", "a", "b")
        raise InputError("line 2")

    with pytest.raises(InputError, match="line 2"):
        write_pairs(tmp_path / "pairs.tsv", broken())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "expected the columns item, group, fr, en, fr_version, en_version, got ''"),
        ("item\tgroup\tfr\ten\n1\t1\ta\tb\n", "got 'item, group, fr, en'"),
        ("item\tfr\ten\n", "got 'item, fr, en'"),
        (
            "item\tgroup\tfr\ten\tfr_version\ten_version\n1\t1\ta\tb\tl\tk\n2\t2\ta\tb\tl\n",
            "line 3: expected 6 columns, got 5",
        ),
    ],
)
def test_other_tables_are_errors(tmp_path: Path, content: str, message: str):
    path = tmp_path / "pairs.tsv"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        list(read_pairs(path))


def test_a_report_has_the_order_of_its_reasons(tmp_path: Path):
    write_counts(tmp_path / "report.tsv", {"read": 12, "kept": 3, "empty": 0})
    assert (tmp_path / "report.tsv").read_bytes() == b"reason\tcount\nread\t12\nkept\t3\nempty\t0\n"


PAIRS = [
    TokenizedPair("1", "a", "Qui ?", "Who?", "", "", ["qui", "?"], ["who", "?"], "train"),
    TokenizedPair(
        "2", "b", "O\u00f9\u00a0?", 'Where "?', "", "", ["o\u00f9", " "], ["\\", '"'], "test"
    ),
]
COLUMNS = ["item", "group", "fr", "en", "fr_version", "en_version", "fr_tokens", "en_tokens"]


def test_tokenized_pairs_round_trip_with_and_without_their_split(tmp_path):
    write_tokenized(tmp_path / "split.tsv", PAIRS)
    assert read_tokenized(tmp_path / "split.tsv") == PAIRS
    unsplit = [pair._replace(split="") for pair in PAIRS]
    write_tokenized(tmp_path / "tokens.tsv", unsplit)
    assert read_tokenized(tmp_path / "tokens.tsv") == unsplit
    header = (tmp_path / "tokens.tsv").read_text(encoding="utf-8").split("\n")[0]
    assert header.split("\t") == COLUMNS


def test_versions_round_trip_with_and_without_a_split(tmp_path):
    named = [
        pair._replace(fr_version=fr, en_version=en)
        for pair, fr, en in zip(PAIRS, "lo", ["", "4"], strict=True)
    ]
    for pairs in (named, [pair._replace(split="") for pair in named]):
        write_tokenized(tmp_path / "pairs.tsv", pairs)
        assert read_tokenized(tmp_path / "pairs.tsv") == pairs
    lines = (tmp_path / "pairs.tsv").read_text(encoding="utf-8").splitlines()
    assert [line.split("\t")[4:6] for line in lines[1:]] == [["l", ""], ["o", "4"]]


def test_versions_are_empty_where_no_pair_has_one():
    named = [PAIRS[0]._replace(fr_version=version) for version in ("l", "", "o")]
    assert versions(named, "fr") == ["l", "", "o"]
    assert versions(named, "en") == []


@quick
@given(st.lists(st.text(" \\esnt\n\t\u2028\u00e9", max_size=4), max_size=4))
def test_any_tokens_round_trip(tmp_path_factory, tokens):
    path = tmp_path_factory.mktemp("tokenized") / "pairs.tsv"
    pairs = [TokenizedPair("1", "a", "x", "y", "", "", tokens, ["z"])]
    write_tokenized(path, pairs)
    assert read_tokenized(path) == pairs


def test_token_lists_are_those_of_a_split_or_of_all():
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
        ("\t".join([*COLUMNS, "split"]) + "\n1\ta\tx\n", "line 2: expected 9 columns, got 3"),
    ],
)
def test_a_table_with_other_columns_is_an_error(tmp_path, text, message):
    (tmp_path / "pairs.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_tokenized(tmp_path / "pairs.tsv")


awkward = st.text(" \\esntru02abé\n\t\r\v\0\x85\u00a0\u2028\u3000😀", max_size=6)


@quick
@given(st.lists(awkward, max_size=5))
def test_any_token_list_round_trips_through_one_line(tokens):
    line = join_tokens(tokens)
    assert split_tokens(line) == tokens
    assert len(line.splitlines()) <= 1
    assert "\t" not in line
