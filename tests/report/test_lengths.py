"""Tests of scores by source length."""

import pytest

from wordbridge.report.lengths import lengths_figure, lengths_table
from wordbridge.translation.sentence_scores import SentenceScore, text_statistics

REFERENCES = [f"who is the {word} of this {'old ' * n}place?" for n, word in enumerate("abcdefgh")]


def run(wrong: int) -> list[SentenceScore]:
    """Return a run that gets the last word of sentences from number ``wrong`` on wrong."""
    texts = [
        text if n < wrong else text.replace("place", "oh") for n, text in enumerate(REFERENCES)
    ]
    statistics = text_statistics(texts, REFERENCES, lowercase=True)
    return [
        SentenceScore(text, str(n), n + 5, {name: rows[n] for name, rows in statistics.items()})
        for n, text in enumerate(REFERENCES)
    ]


def test_the_table_has_each_bin_and_variant_and_the_caption_the_losses() -> None:
    table = lengths_table({"good": [run(8)], "poor": [run(4), run(4)]}, "test", resamples=50)
    frame = table.frame
    assert list(frame["variant"]) == ["good", "poor"] * 4
    assert list(frame["sentences"]) == [2] * 8
    assert frame[frame["variant"] == "good"]["bleu"].tolist() == pytest.approx([100] * 4)
    poor = frame[frame["variant"] == "poor"].set_index("tokens")
    assert poor.loc["5-6", "bleu"] == pytest.approx(100)
    assert poor.loc["11-12", "bleu"] < 95
    assert ": good 0.0, poor " in table.caption
    assert len(lengths_figure(table).axes[0].lines) == 2


def test_sources_of_one_length_are_one_bin() -> None:
    rows = [SentenceScore(row.source, row.group, 4, row.statistics) for row in run(3)]
    assert lengths_table({"one": [rows]}, "test", 10).caption.endswith("about the same length.")
