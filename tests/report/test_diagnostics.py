"""Tests of the diagnostics: attention, and what translations keep."""

import math

import numpy as np
import pytest

from wordbridge.report.diagnostics import (
    adequacy_counts,
    adequacy_table,
    attention_figure,
    attention_table,
)
from wordbridge.report.tables import markdown
from wordbridge.translation.bootstrap import Resampler
from wordbridge.translation.sentence_scores import SentenceScore
from wordbridge.translation.translations import Translation


def test_the_attention_of_each_variant_is_compared_with_diagonal_and_chance() -> None:
    same = {"padding": 0.0, "uniform_entropy": 2.5, "diagonal": 0.4, "chance": 0.1}
    records = [
        {"variant": "a", "seed": 1, "entropy": 1.0, "agreement": 0.5, **same},
        {"variant": "a", "seed": 2, "entropy": 2.0, "agreement": 0.7, **same},
        {"variant": "b", "seed": 1, "entropy": 1.25, "agreement": 0.3, **same},
    ]
    table = attention_table(records, "test")
    assert table.frame["agreement"].tolist() == pytest.approx([0.6, 0.3])
    assert "60.0 ± 14.1" in markdown(table)
    assert table.caption.endswith(
        "The highest weight is on the source word that IBM model 1 links for 30 % (b) to 60 % (a) "
        "of the linked target words; a diagonal alignment finds 40 % of these links, a random one "
        "10 %. Padding has 0.0 % of the attention. The entropy is 1.25 to 1.50 nats; equal weights "
        "have 2.50."
    )
    assert "The entropy is 1.25 nats;" in attention_table(records[2:], "test").caption
    axes = attention_figure(table).axes[0]
    assert [bar.get_width() for bar in axes.patches] == pytest.approx([60, 30])
    assert [line.get_xdata()[0] for line in axes.lines] == pytest.approx([40, 10])  # type: ignore[index]


def translation(source: str, reference: str, hypothesis: str) -> Translation:
    return Translation(source, reference, hypothesis, [], [], 0.0)


@pytest.mark.parametrize(
    ("source", "reference", "hypothesis", "kept", "cases"),
    [
        ("Où es-tu ?", "Where are you?", "where is he?", (1, 1, 0), (1, 1, 0)),
        ("Où es-tu ?", "Where are you?", "who are you", (0, 0, 0), (1, 1, 0)),
        ("Qui ?", "Whom do you seek?", "who?", (1, 1, 0), (1, 1, 0)),
        ("Va !", "Go!", "who goes?", (0, 0, 0), (0, 0, 0)),
        # The first word may be no name; Jesus and I are not in the source.
        ("David et Simon ?", "David, where is Simon, Jesus, I?", "simon", (0, 0, 1), (1, 1, 1)),
        ("Simon, Simon ?", "Who is Simon Simon?", "what simons?", (0, 1, 0), (1, 1, 1)),
    ],
)
def test_a_translation_keeps_question_word_question_mark_and_names(
    source: str, reference: str, hypothesis: str, kept: tuple[int], cases: tuple[int]
) -> None:
    counts = adequacy_counts([translation(source, reference, hypothesis)], "en", lowercase=True)
    assert [part.tolist() for part in counts] == [[list(kept)], [list(cases)]]


def test_names_have_capitals_and_questions_are_french_where_the_translations_are() -> None:
    row = translation("Where is Ruth?", "Où est Ruth ?", "où est Ruth ?")
    assert np.ravel(adequacy_counts([row], "fr", lowercase=False)).tolist() == [1, 1, 1, 1, 1, 1]
    assert adequacy_counts([row], "fr", lowercase=True)[0][0, 2] == 0


def test_shares_are_means_over_seeds_with_intervals_and_their_extremes_in_the_caption() -> None:
    rows = [SentenceScore("", str(n), 1, {}) for n in range(4)]
    cases = np.array([[1, 1, 0]] * 4, float)
    right, half = (cases, cases), (cases.copy(), cases)
    half[0][2:, 0] = 0
    table = adequacy_table({"good": [right, right], "poor": [right, half]}, Resampler(rows), "test")
    frame = table.frame.set_index("variant")
    assert frame["question_word"].tolist() == [1, 0.75]
    assert frame.loc["good", ["question_word_low", "question_word_high"]].tolist() == [1, 1]
    low, high = frame.loc["poor", ["question_word_low", "question_word_high"]]
    assert (low, high) == (0.5, 1)
    assert all(math.isnan(share) for share in frame["names"])
    assert table.caption.endswith(
        "The references have 4 question words, of which 75 % (poor) to 100 % (good) are correct; "
        "4 question marks, of which 100 % (every variant) are kept."
    )
