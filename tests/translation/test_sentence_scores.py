"""Tests of the scores by sentence: sums give the corpus scores, and the table keeps them."""

from pathlib import Path

import numpy as np
import pytest
from sacrebleu import sentence_bleu

from wordbridge.errors import InputError
from wordbridge.translation.scores import score
from wordbridge.translation.sentence_scores import (
    COLUMNS,
    METRICS,
    SentenceScore,
    corpus_bleu,
    corpus_chrf,
    length_bins,
    read_sentence_scores,
    text_statistics,
    write_sentence_scores,
)

HYPOTHESES = ["who is the man?", "", "What is this", "where was he going then?"]
REFERENCES = ["who is the king?", "why?", "what is that?", "where was he going?"]


@pytest.mark.parametrize("lowercase", [False, True])
def test_summed_statistics_give_the_corpus_scores(lowercase: bool) -> None:
    statistics = text_statistics(HYPOTHESES, REFERENCES, lowercase)
    assert {name: values.shape for name, values in statistics.items()} == {
        "bleu": (4, 10),
        "chrf": (4, 18),
    }
    expected = score(HYPOTHESES, REFERENCES, [[text] for text in REFERENCES], lowercase)
    assert corpus_bleu(statistics["bleu"].sum(axis=0)) == expected["bleu_single"]
    assert corpus_chrf(statistics["chrf"].sum(axis=0)) == pytest.approx(expected["chrf_single"])


def test_the_bleu_of_a_sentence_alone_is_that_of_sacrebleu() -> None:
    hypotheses = [*HYPOTHESES, "who?", "who is"]
    references = [*REFERENCES, "who?", "who is?"]
    statistics = text_statistics(hypotheses, references, lowercase=False)
    statistics["nll"] = np.ones((len(hypotheses), 2))
    for n, (hypothesis, reference) in enumerate(zip(hypotheses, references, strict=True)):
        row = SentenceScore("", "", 1, {metric: statistics[metric][n] for metric in METRICS})
        expected = sentence_bleu(hypothesis, [reference]).score
        assert row.scores["bleu"] == pytest.approx(expected), hypothesis
    assert sentence_bleu("who?", ["who?"]).score == pytest.approx(100)


def rows() -> list[SentenceScore]:
    statistics = text_statistics(HYPOTHESES, REFERENCES, lowercase=True)
    statistics["nll"] = np.array([[12.25, 6], [1 / 3, 2], [7.5, 5], [3.0, 7]])
    return [
        SentenceScore(f"source {n}", "group", n + 3, {m: statistics[m][n] for m in METRICS})
        for n in range(4)
    ]


def test_the_table_has_the_statistics_and_the_scores_of_each_sentence(tmp_path: Path) -> None:
    path = tmp_path / "scores.tsv"
    write_sentence_scores(path, rows())
    lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    first = dict(zip(COLUMNS, lines[1], strict=True))
    assert (first["source"], first["group"], first["source_tokens"]) == ("source 0", "group", "3")
    assert float(first["nll"]) == pytest.approx(12.25 / 6, abs=1e-4)
    for row, again in zip(rows(), read_sentence_scores(path), strict=True):
        assert (row.source, row.group, row.source_tokens) == (
            again.source,
            again.group,
            again.source_tokens,
        )
        for name in METRICS:
            assert again.statistics[name] == pytest.approx(row.statistics[name])


def test_another_table_is_an_error_with_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "scores.tsv"
    path.write_text("source\tbleu\nwho\t1\n", encoding="utf-8")
    with pytest.raises(InputError, match="expected the columns source, group"):
        read_sentence_scores(path)


@pytest.mark.parametrize(
    ("lengths", "count", "bins"),
    [
        ([1, 2, 3, 4, 5, 6, 7, 8], 4, {"1-2": 2, "3-4": 2, "5-6": 2, "7-8": 2}),
        ([5, 5, 5, 5], 4, {"5": 4}),
        ([1, 1, 1, 1, 1, 9], 3, {"1": 5, "9": 1}),
    ],
)
def test_bins_have_about_equal_sizes_and_equal_lengths_together(
    lengths: list[int], count: int, bins: dict[str, int]
) -> None:
    rows = [SentenceScore(str(n), str(n), length, {}) for n, length in enumerate(lengths)]
    masks = length_bins(rows, count)
    assert {name: int(mask.sum()) for name, mask in masks.items()} == bins
    assert np.sum(list(masks.values()), axis=0).tolist() == [1] * len(lengths)
