"""Tables about the corpus and its word vectors."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from wordbridge.corpus.pairs import TokenizedPair, write_counts
from wordbridge.corpus.splits import grouped_split
from wordbridge.errors import InputError
from wordbridge.report.corpus import (
    leakage_table,
    lengths_table,
    rejections_table,
    vector_statistics,
    vectors_table,
)
from wordbridge.vectors.readers import open_vectors

LEAKS = ["exact", "normalised", "english_only", "french_only", "group"]


def pair(split, group, fr, en):
    return TokenizedPair(group, group, fr, en, "", "", [], [], split)


TRAIN = [
    pair("train", "a", "Qui est-ce ?", "Who is it?"),
    pair("train", "b", "Que dit-il ?", "What does he say?"),
]


def row(*others):
    table = leakage_table([*TRAIN, *others]).frame
    return table.loc[0, LEAKS].tolist()


def test_each_kind_of_leak_is_counted_once():
    assert row(pair("test", "c", "Qui est-ce ?", "Who is it?")) == [1, 1, 0, 0, 0]
    assert row(pair("test", "c", "Qui est-ce\u202f?", "WHO is it")) == [0, 1, 0, 0, 0]
    assert row(pair("test", "c", "Qui ?", "Who is it?")) == [0, 0, 1, 0, 0]
    assert row(pair("test", "c", "Qui est-ce ?", "Who?")) == [0, 0, 0, 1, 0]
    assert row(pair("test", "c", "Que dit-il ?", "Who is it?")) == [0, 0, 1, 1, 0]
    assert row(pair("test", "b", "Pourquoi ?", "Why?")) == [0, 0, 0, 0, 1]
    assert row(pair("test", "c", "Qu'est-ce ?", "What is it?")) == [0, 0, 0, 0, 0]


def test_every_two_splits_have_a_row():
    others = [pair("valid", "c", "Qui ?", "Who?"), pair("test", "c", "Qui ?", "Who?")]
    table = leakage_table([*TRAIN, *others, others[1]]).frame
    assert table[["split", "other", "pairs"]].to_numpy().tolist() == [
        ["valid", "train", 1],
        ["test", "train", 2],
        ["test", "valid", 2],
    ]
    assert table["exact"].tolist() == [0, 0, 2]


def test_one_split_alone_has_no_row():
    assert leakage_table(TRAIN).frame.empty


def test_a_grouped_split_has_no_leak():
    texts = [(f"v{n // 4}", f"Qui {n // 2} ?", f"Who {n % 37}?") for n in range(120)]
    texts += [(f"w{n}", f"Que {n} ?", f"What {n}?") for n in range(80)]
    groups, fr, en = zip(*texts, strict=True)
    splits = grouped_split(groups, fr, en, {"train": 0.8, "valid": 0.1, "test": 0.1}, seed=3)
    table = leakage_table(
        [pair(split, *text) for split, text in zip(splits, texts, strict=True)]
    ).frame
    assert len(table) == 3
    assert table[LEAKS].to_numpy().sum() == 0


def pair_statistics(split, fr, en):
    return TokenizedPair("1", "1", "", "", "", "", fr.split(), en.split(), split)


def test_each_language_and_split_has_its_statistics():
    pairs = [
        pair_statistics("train", "a b c", "x x"),
        pair_statistics("train", "a", "y x y z"),
        pair_statistics("test", "d e", "q"),
    ]
    table = lengths_table(pairs).frame.set_index(["language", "split"])
    assert list(table.index) == [
        (language, split) for language in ("fr", "en") for split in ("train", "test", "all")
    ]
    english = table.loc[("en", "train")]
    figures = ["pairs", "tokens", "types", "once", "mean", "max"]
    assert english[figures].tolist() == [2, 6, 3, 1, 3.0, 4]
    assert table.loc[("fr", "all"), figures].tolist() == [3, 6, 5, 4, 2.0, 3]


def test_percentiles_are_rounded_down_as_in_the_lesson():
    lengths = list(range(1, 60))
    table = lengths_table(
        [pair_statistics("train", "a " * length, "b") for length in lengths]
    ).frame
    expected = [int(np.percentile(lengths, p)) for p in (90, 97, 99)]
    assert table.loc[0, ["p90", "p97", "p99"]].tolist() == expected == [53, 57, 58]


def test_a_corpus_that_is_not_split_has_one_row_a_language():
    assert lengths_table([pair_statistics("", "a", "b")]).frame["split"].tolist() == ["all", "all"]


def test_reports_become_one_table_by_step(tmp_path):
    write_counts(tmp_path / "questions" / "sentences.report.tsv", {"read": 9, "kept": 7})
    write_counts(tmp_path / "tokens" / "report.tsv", {"read": 7})
    table = rejections_table(
        [tmp_path / "questions" / "sentences.report.tsv", tmp_path / "tokens" / "report.tsv"]
    )
    assert table.frame.to_numpy().tolist() == [
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
        ("reason\tcount\nread\tx\n", "line 2: expected values of reason, count, got others"),
    ],
)
def test_a_file_that_is_not_a_report_is_an_error(tmp_path, text, message):
    (tmp_path / "report.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        rejections_table([tmp_path / "report.tsv"])


FRENCH = {"language": "fr", "kind": "spacy", "words": 9, "dim": 4}
FRENCH |= {"sampled": 3, "mean": 0.1, "std": 0.5}
ENGLISH = {"language": "en", "kind": "text", "words": 8, "dim": 4}
ENGLISH |= {"sampled": 2, "mean": 0.2, "std": 0.6}
ENGLISH |= {"jeremy_Jeremy": 0.75, "banana_Jeremy": float("nan")}
STATISTICS = [FRENCH, ENGLISH]


def test_each_language_has_a_row() -> None:
    table = vectors_table(STATISTICS).frame

    assert list(table["language"]) == ["French", "English"]
    assert list(table["kind"]) == ["spacy", "text"]
    assert list(table["words"]) == [9, 8]
    assert table["jeremy_Jeremy"][1] == 0.75
    assert pd.isna([table["jeremy_Jeremy"][0], table["banana_Jeremy"][1]]).all()


def test_the_published_statistics_follow_the_row_of_english() -> None:
    table = vectors_table(STATISTICS, published=True).frame

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


def test_mean_and_std_are_over_the_words_and_correlations_of_any_pair(lines: Path) -> None:
    pairs = [("a", "A"), ("a", "b"), ("a", "zzz"), ("zzz", "a")]
    statistics = vector_statistics(
        open_vectors({"kind": "text"}, {"vec": lines}), ["b", "none", "a"], pairs
    )

    assert (statistics["words"], statistics["dim"], statistics["sampled"]) == (3, 4, 2)
    assert statistics["mean"] == 2.5
    assert statistics["std"] == pytest.approx(1.25**0.5)
    assert [statistics["a_A"], statistics["a_b"]] == pytest.approx([1, -1])
    assert np.isnan([statistics["a_zzz"], statistics["zzz_a"]]).all()


def test_a_repeated_word_counts_repeatedly(lines: Path) -> None:
    vectors = open_vectors({"kind": "text"}, {"vec": lines})
    statistics = vector_statistics(vectors, ["a", "a", "b"], [("a", "A")])

    assert statistics["sampled"] == 3
    assert statistics["a_A"] == pytest.approx(1)


def test_neighbors_are_the_nearest_other_words_of_the_first_long_word(tmp_path: Path) -> None:
    path = tmp_path / "words.vec"
    path.write_text("of 1 0\nking 9 9\nqueen 1 1\nprince 2 1\nsword -1 1\n", encoding="utf-8")
    vectors = open_vectors({"kind": "text"}, {"vec": path})

    words = ["of", "none", "queen", "king", "sword", "prince"]
    assert vector_statistics(vectors, words)["neighbors"] == "queen: king, prince, of, sword"
    assert vector_statistics(vectors, ["of", "king"])["neighbors"] == ""


def test_random_vectors_have_no_statistics() -> None:
    statistics = vector_statistics(open_vectors({"kind": "random", "dim": 5}, {}), ["a"])

    assert (statistics["words"], statistics["dim"], statistics["sampled"]) == (0, 5, 0)
    assert np.isnan([statistics["mean"], statistics["std"]]).all()
