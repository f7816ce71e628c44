"""Tests of the table of word vectors.

Figures of word vectors as the lesson printed them of its own.
"""

from pathlib import Path

import fasttext
import numpy as np
import pandas as pd
import pytest

from wordbridge.corpus.pairs import TokenizedPair, write_counts
from wordbridge.corpus.splits import grouped_split
from wordbridge.errors import InputError
from wordbridge.report.corpus import COLUMNS_VECTOR_TABLE as COLUMNS
from wordbridge.report.corpus import (
    Description,
    audit,
    describe,
    describe_vectors,
    read_reports,
    tabulate_vectors,
)
from wordbridge.vectors.readers import configured_vectors, open_vectors

COUNTS = ["exact", "normalised", "english_only", "french_only", "group"]


def pair(split, group, fr, en):
    return TokenizedPair(group, group, fr, en, [], [], split)


TRAIN = [
    pair("train", "a", "Qui est-ce ?", "Who is it?"),
    pair("train", "b", "Que dit-il ?", "What does he say?"),
]


def row(*others):
    table = audit([*TRAIN, *others])
    return table.loc[0, COUNTS].tolist()


def test_each_kind_of_leak_is_counted_once():
    assert row(pair("test", "c", "Qui est-ce ?", "Who is it?")) == [1, 1, 0, 0, 0]
    assert row(pair("test", "c", "Qui est-ce\u202f?", "WHO is it")) == [0, 1, 0, 0, 0]
    assert row(pair("test", "c", "Qui ?", "Who is it?")) == [0, 0, 1, 0, 0]
    assert row(pair("test", "c", "Qui est-ce ?", "Who?")) == [0, 0, 0, 1, 0]
    assert row(pair("test", "c", "Que dit-il ?", "Who is it?")) == [0, 0, 1, 1, 0]
    assert row(pair("test", "b", "Pourquoi ?", "Why?")) == [0, 0, 0, 0, 1]
    assert row(pair("test", "c", "Qu'est-ce ?", "What is it?")) == [0, 0, 0, 0, 0]


def test_every_two_parts_have_a_row():
    others = [pair("valid", "c", "Qui ?", "Who?"), pair("test", "c", "Qui ?", "Who?")]
    table = audit([*TRAIN, *others, others[1]])
    assert table[["split", "other", "pairs"]].to_numpy().tolist() == [
        ["valid", "train", 1],
        ["test", "train", 2],
        ["test", "valid", 2],
    ]
    assert table["exact"].tolist() == [0, 0, 2]


def test_one_part_alone_has_no_row():
    assert audit(TRAIN).empty


def test_a_grouped_split_has_no_leak():
    texts = [(f"v{n // 4}", f"Qui {n // 2} ?", f"Who {n % 37}?") for n in range(120)]
    texts += [(f"w{n}", f"Que {n} ?", f"What {n}?") for n in range(80)]
    groups, fr, en = zip(*texts, strict=True)
    splits = grouped_split(groups, fr, en, {"train": 0.8, "valid": 0.1, "test": 0.1}, seed=3)
    table = audit([pair(split, *text) for split, text in zip(splits, texts, strict=True)])
    assert len(table) == 3
    assert table[COUNTS].to_numpy().sum() == 0


def pair_statistics(split, fr, en):
    return TokenizedPair("1", "1", "", "", fr.split(), en.split(), split)


def test_each_language_and_part_has_its_figures():
    pairs = [
        pair_statistics("train", "a b c", "x x"),
        pair_statistics("train", "a", "y x y z"),
        pair_statistics("test", "d e", "q"),
    ]
    table = describe(pairs).set_index(["language", "split"])
    assert list(table.index) == [
        (language, split) for language in ("fr", "en") for split in ("train", "test", "all")
    ]
    english = table.loc[("en", "train")]
    figures = ["pairs", "tokens", "types", "once", "mean", "longest"]
    assert english[figures].tolist() == [2, 6, 3, 1, 3.0, 4]
    assert table.loc[("fr", "all"), figures].tolist() == [3, 6, 5, 4, 2.0, 3]


def test_percentiles_are_rounded_down_as_in_the_lesson():
    lengths = list(range(1, 60))
    table = describe([pair_statistics("train", "a " * length, "b") for length in lengths])
    expected = [int(np.percentile(lengths, p)) for p in (90, 97, 99)]
    assert table.loc[0, ["p90", "p97", "p99"]].tolist() == expected == [53, 57, 58]


def test_a_corpus_that_is_not_split_has_one_row_a_language():
    assert describe([pair_statistics("", "a", "b")])["split"].tolist() == ["all", "all"]


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


FRENCH = Description(size=9, dim=4, measured=3, mean=0.1, deviation=0.5, correlations=())
ENGLISH = Description(8, 4, 2, 0.2, 0.6, (0.75, float("nan")))
DESCRIBED = {"French": ("spacy", FRENCH), "English": ("text", ENGLISH)}


def test_each_language_has_a_row() -> None:
    table = tabulate_vectors(DESCRIBED)

    assert list(table.columns) == list(COLUMNS)
    assert list(table["language"]) == ["French", "English"]
    assert list(table["kind"]) == ["spacy", "text"]
    assert list(table["words"]) == [9, 8]
    assert table["jeremy_Jeremy"][1] == 0.75
    assert pd.isna([table["jeremy_Jeremy"][0], table["banana_Jeremy"][1]]).all()


def test_the_printed_figures_stand_below_english() -> None:
    table = tabulate_vectors(DESCRIBED, published=True)

    assert list(table["run"]) == ["here", "here", "notes"]
    assert list(table["language"]) == ["French", "English", "English"]
    printed = table.iloc[2]
    assert (printed["words"], printed["mean"], printed["std"]) == (2_519_370, 0.0076, 0.2928)
    assert (printed["jeremy_Jeremy"], printed["banana_Jeremy"]) == (0.60866, 0.14482)


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    """Return vectors of four numbers, three words."""
    path = tmp_path / "words.vec"
    path.write_text("a 1 2 3 4\nA 2 4 6 8\nb 4 3 2 1\n", encoding="utf-8")
    return path


def test_spread_is_of_the_words_asked_for_and_correlations_of_any(lines: Path) -> None:
    pairs = [("a", "A"), ("a", "b"), ("a", "zzz"), ("zzz", "a")]
    described = describe_vectors(open_vectors("text", {"vec": lines}), ["b", "none", "a"], pairs)

    assert (described.size, described.dim, described.measured) == (3, 4, 2)
    assert described.mean == 2.5
    assert described.deviation == pytest.approx(1.25**0.5)
    assert described.correlations[:2] == pytest.approx((1, -1))
    assert np.isnan(described.correlations[2:]).all()


def test_words_that_are_asked_for_twice_count_as_often(lines: Path) -> None:
    described = describe_vectors(
        open_vectors("text", {"vec": lines}), ["a", "a", "b"], [("a", "A")]
    )

    assert described.measured == 3
    assert described.correlations == pytest.approx((1,))


def test_no_vectors_have_no_figures() -> None:
    described = describe_vectors(configured_vectors({"kind": "random", "dim": 5}, {}), ["a"])

    assert (described.size, described.dim, described.measured) == (0, 5, 0)
    assert np.isnan([described.mean, described.deviation]).all()


def test_every_kind_knows_how_many_words_it_has(lines: Path, bin_model: Path) -> None:
    np.save(lines.with_name("m.npy"), np.eye(3, 2))
    lines.with_name("w.txt").write_text("a\nb\na\n", encoding="utf-8")
    files = {"matrix": lines.with_name("m.npy"), "words": lines.with_name("w.txt")}
    headed = lines.with_name("headed.vec")
    headed.write_text("2 2\na 1 2\nb 3 4\n", encoding="utf-8")

    assert open_vectors("npy", files).size == 2
    assert open_vectors("text", {"vec": lines}).size == 3
    assert open_vectors("text", {"vec": headed}).size == 2
    model = fasttext.load_model(str(bin_model))
    assert open_vectors("fasttext", {"bin": bin_model}).size == len(model.words)
