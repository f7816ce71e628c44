from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordbridge.corpus.pairs import Pair, one_line, read_pairs, write_counts, write_pairs
from wordbridge.errors import InputError

quick = settings(derandomize=True, max_examples=60, deadline=None, database=None)


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
    assert write_pairs(path, iter(pairs)) == 2
    assert list(read_pairs(path)) == pairs
    assert (
        path.read_bytes()
        == (
            "item\tgroup\tfr\ten\tfr_version\ten_version\n"
            "1:2:3/2.1\t1:2:3\tOù est \"il\" ?\tWhere is 'he'?\t\t\n7\t7\ta\tb\tl\t4\n"
        ).encode()
    )


@quick
@given(st.lists(st.tuples(*[st.text(st.characters(codec="utf-8"))] * 6), max_size=4))
def test_any_text_keeps_its_row_and_column(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str, str, str, str]]
):
    path = tmp_path_factory.mktemp("pairs") / "pairs.tsv"
    write_pairs(path, (Pair(*row) for row in rows))
    assert list(read_pairs(path)) == [Pair(*map(one_line, row)) for row in rows]


def test_a_table_that_fails_half_way_is_not_left_behind(tmp_path: Path):
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


def test_a_report_keeps_the_order_of_its_reasons(tmp_path: Path):
    write_counts(tmp_path / "report.tsv", {"read": 12, "kept": 3, "empty": 0})
    assert (tmp_path / "report.tsv").read_bytes() == b"reason\tcount\nread\t12\nkept\t3\nempty\t0\n"
