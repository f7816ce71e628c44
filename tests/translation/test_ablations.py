"""Tests of ablations: effects of single changes, paired where the sentences are the same."""

import numpy as np
import pytest

from wordbridge.corpus.pairs import TokenizedPair
from wordbridge.translation.ablations import ablations, leaking_sentences, rows_by_leak
from wordbridge.translation.sentence_scores import SentenceScore


def run(shift: float, noise: float = 1.0, prefix: str = "s") -> list[SentenceScore]:
    """Return a run with the same noise for each shift."""
    values = 5 + noise * np.random.default_rng(0).standard_normal(80)
    return [
        SentenceScore(f"{prefix}{n}", str(n // 2), 5, {"nll": np.array([10 * value, 10.0])})
        for n, value in enumerate(values + shift)
    ]


def test_a_paired_effect_has_no_noise_of_the_sentences() -> None:
    (effect,) = ablations([run(0), run(0)], {"worse": [run(1), run(1)]}, ["nll"], resamples=200)
    assert effect.factors == ("worse",)
    each = effect.comparison
    assert (each.difference, each.low, each.high) == pytest.approx((1, 1, 1))
    assert each.p_value < 0.01


def test_other_sentences_are_compared_without_pairs() -> None:
    changes = {"other": [run(1, prefix="t"), run(1, prefix="t")]}
    (effect,) = ablations([run(0), run(0)], changes, ["nll"], resamples=400)
    each = effect.comparison
    assert each.difference == pytest.approx(1)
    # Two means of 40 groups of 2 independent sentences each, with standard deviation 1.
    assert each.high - each.low == pytest.approx(2 * 1.96 * np.sqrt(2 / 80), rel=0.3)


def test_p_values_are_corrected_for_the_number_of_changes() -> None:
    single = ablations([run(0)], {"a": [run(1)]}, ["nll"], resamples=200)
    double = ablations([run(0)], {"a": [run(1)], "b": [run(2)]}, ["nll"], resamples=200)
    assert double[0].comparison.p_value == pytest.approx(2 * single[0].comparison.p_value)


def pair(group: str, fr: str, en: str, split: str) -> TokenizedPair:
    return TokenizedPair(group, group, fr, en, "", "", fr.split(), en.split(), split)


PAIRS = [
    pair("1", "où ?", "where ?", "train"),
    pair("2", "qui ?", "who ?", "train"),
    pair("1", "là ?", "there ?", "test"),  # its group
    pair("3", "Qui?", "what ?", "test"),  # its source, up to case and spaces
    pair("4", "quoi ?", "which ?", "test"),
    pair("4", "quoi ?", "Who?", "test"),  # one of its references
    pair("5", "quand ?", "when ?", "test"),
    pair("6", "quand ?", "when ?", "valid"),
]


def scored(*sources: str) -> list[SentenceScore]:
    return [SentenceScore(text, text, 2, {"nll": np.ones(2)}) for text in sources]


def test_a_sentence_leaks_by_its_group_its_source_or_a_reference() -> None:
    sentences = scored("là ?", "Qui?", "quoi ?", "quand ?")
    leaks = leaking_sentences(sentences, PAIRS, "test", "fr")
    assert leaks.tolist() == [True, True, True, False]


def test_an_experiment_with_leaks_has_three_rows() -> None:
    runs = [scored("là ?", "Qui?", "quand ?"), scored("là ?", "Qui?", "quand ?")]
    rows = rows_by_leak("split", runs, PAIRS, "test", "fr")
    assert list(rows) == ["split", "split: 2 in train", "split: 1 not in train"]
    assert [[row.source for row in run] for run in rows["split: 1 not in train"]] == [
        ["quand ?"]
    ] * 2
    assert rows["split"] is runs


@pytest.mark.parametrize(
    ("sources", "names"), [(["quand ?"], ["split"]), (["là ?"], ["split", "split: 1 in train"])]
)
def test_rows_without_sentences_are_left_out(sources: list[str], names: list[str]) -> None:
    assert list(rows_by_leak("split", [scored(*sources)], PAIRS, "test", "fr")) == names
