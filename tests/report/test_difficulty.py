"""Tests of scores by groups of sentences."""

import numpy as np
import pytest

from tests.report.toys import bleu_statistics, sentence_scores
from wordbridge.corpus.pairs import TokenizedPair
from wordbridge.report.difficulty import (
    LENGTHS,
    RAREST_WORDS,
    by_rarest_word,
    difficulty_figure,
    difficulty_table,
)
from wordbridge.translation.sentence_scores import SentenceScore, length_bins

REFERENCES = [f"who is the {word} of this {'old ' * n}place?" for n, word in enumerate("abcdefgh")]


def run(wrong: int) -> list[SentenceScore]:
    """Return a run that gets the last word of sentences from number ``wrong`` on wrong."""
    texts = [
        text if n < wrong else text.replace("place", "oh") for n, text in enumerate(REFERENCES)
    ]
    return sentence_scores(texts, REFERENCES, lengths=range(5, 13))


def test_the_table_has_each_bin_and_variant_and_the_caption_the_losses() -> None:
    runs = {"good": [run(8)], "poor": [run(4), run(4)]}
    table = difficulty_table(runs, length_bins(run(8), 4), LENGTHS, "test")
    frame = table.frame
    assert list(frame["variant"]) == ["good", "poor"] * 4
    assert list(frame["sentences"]) == [2] * 8
    for score in ("bleu", "chrf"):
        assert frame[frame["variant"] == "good"][score].tolist() == pytest.approx([100] * 4)
    assert frame["nll"].tolist() == pytest.approx([2.5] * 8)
    poor = frame[frame["variant"] == "poor"].set_index("tokens")
    assert poor.loc["5-6", "bleu"] == pytest.approx(100)
    assert poor.loc["11-12", "bleu"] < 95
    assert "BLEU falls by 0.0 (good), " in table.caption
    assert len(difficulty_figure(table, LENGTHS).axes[0].lines) == 2


def test_a_loss_that_is_rounded_to_zero_has_no_sign() -> None:
    rows = [
        SentenceScore(
            f"{n}", f"{n}", n, {**run(8)[0].statistics, "bleu": bleu_statistics(precision)}
        )
        for n, precision in enumerate((0.5, 0.5002))
    ]
    table = difficulty_table({"one": [rows]}, length_bins(rows, 2), LENGTHS, "test")
    assert table.caption.endswith("BLEU falls by 0.0 (one).")


def test_sources_of_one_length_are_one_bin() -> None:
    rows = [SentenceScore(row.source, row.group, 4, row.statistics) for row in run(3)]
    table = difficulty_table({"one": [rows]}, length_bins(rows, 4), LENGTHS, "test")
    assert table.caption.endswith("All sources are in one group.")


def test_resamples_without_a_sentence_of_the_group_do_not_count() -> None:
    rows = run(8)
    masks = {"first": np.arange(8) == 0, "others": np.arange(8) > 0}
    frame = difficulty_table({"good": [rows]}, masks, RAREST_WORDS, "test").frame
    assert frame["count"].tolist() == ["first", "others"]
    assert frame["bleu_low"].tolist() == pytest.approx([100, 100])
    assert frame["nll_high"].tolist() == pytest.approx([2.5, 2.5])


def test_sentences_are_grouped_by_the_training_count_of_their_rarest_word() -> None:
    def pair(text: str, split: str) -> TokenizedPair:
        return TokenizedPair("", "", text, "", "", "", text.split(), [], split)

    training = [pair("où", "train")] * 22 + [pair("qui", "train")] * 4 + [pair("qui", "auxiliary")]
    texts = ["où où", "où qui", "qui est où", ""]
    pairs = [*training, *(pair(text, "test") for text in texts), pair("est", "valid")]
    rows = [SentenceScore(text, text, 1, {}) for text in texts]
    masks = by_rarest_word(rows, pairs, "fr")
    assert {name: mask.nonzero()[0].tolist() for name, mask in masks.items()} == {
        "above 20": [0],
        "1-5": [1],
        "0": [2, 3],
    }
