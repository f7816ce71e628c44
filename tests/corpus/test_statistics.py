import numpy as np
import pytest

from wordbridge.corpus.pairs import write_counts
from wordbridge.corpus.statistics import describe, read_reports
from wordbridge.corpus.tokenized import TokenizedPair
from wordbridge.errors import InputError


def pair(part, fr, en):
    return TokenizedPair("1", "1", "", "", fr.split(), en.split(), part)


def test_each_language_and_part_has_its_figures():
    pairs = [pair("train", "a b c", "x x"), pair("train", "a", "y x y z"), pair("test", "d e", "q")]
    table = describe(pairs).set_index(["language", "part"])
    assert list(table.index) == [
        (language, part) for language in ("fr", "en") for part in ("train", "test", "all")
    ]
    english = table.loc[("en", "train")]
    figures = ["pairs", "tokens", "types", "once", "mean", "longest"]
    assert english[figures].tolist() == [2, 6, 3, 1, 3.0, 4]
    assert table.loc[("fr", "all"), figures].tolist() == [3, 6, 5, 4, 2.0, 3]


def test_percentiles_are_rounded_down_as_in_the_lesson():
    lengths = list(range(1, 60))
    table = describe([pair("train", "a " * length, "b") for length in lengths])
    expected = [int(np.percentile(lengths, p)) for p in (90, 97, 99)]
    assert table.loc[0, ["p90", "p97", "p99"]].tolist() == expected == [53, 57, 58]


def test_a_corpus_that_is_not_split_has_one_row_a_language():
    assert describe([pair("", "a", "b")])["part"].tolist() == ["all", "all"]


def test_reports_become_one_table_by_step(tmp_path):
    write_counts(tmp_path / "questions" / "sentences.report.tsv", {"read": 9, "kept": 7})
    write_counts(tmp_path / "tokens" / "report.tsv", {"read": 7})
    table = read_reports(
        [tmp_path / "questions" / "sentences.report.tsv", tmp_path / "tokens" / "report.tsv"]
    )
    assert table.to_numpy().tolist() == [
        ["sentences", "read", 9],
        ["sentences", "kept", 7],
        ["tokens", "read", 7],
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected the columns reason, count"),
        ("a\tb\n", "expected the columns reason, count"),
        ("reason\tcount\nread\n", "line 2: expected 2 columns, got 1"),
        ("reason\tcount\nread\tx\n", "line 2: expected a number as count, got 'x'"),
    ],
)
def test_a_file_that_is_no_report_is_an_error(tmp_path, text, message):
    (tmp_path / "report.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_reports([tmp_path / "report.tsv"])
