"""Tests of the paired bootstrap, with sacreBLEU as the judge."""

import random

import pytest
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.significance import PairedTest

from wordbridge.translation.scores import score
from wordbridge.translation.significance import (
    bleu_statistics,
    compare,
    compare_records,
    corpus_bleu,
)

WORDS = ["who", "what", "where", "is", "was", "the", "a", "king", "man", "house", "he", "she", "it"]


def sentences(count: int) -> list[str]:
    """Return random sentences of 5 to 12 words."""
    chance = random.Random(7)
    return [" ".join(chance.choices(WORDS, k=chance.randint(4, 11))) + "?" for _ in range(count)]


def spoil(texts: list[str], rate: float, seed: int) -> list[str]:
    """Return ``texts`` with about ``rate`` of the words replaced."""
    chance = random.Random(seed)
    return [
        " ".join(chance.choice(WORDS) if chance.random() < rate else word for word in text.split())
        for text in texts
    ]


REFERENCES = sentences(60)
MULTI = [[text] for text in REFERENCES]


def test_summed_statistics_give_the_corpus_score() -> None:
    hypotheses = spoil(REFERENCES, 0.3, seed=1)
    hypotheses[3] = ""
    counts = bleu_statistics(hypotheses, MULTI, lowercase=True)
    assert counts.shape == (60, 10)
    expected = score(hypotheses, REFERENCES, MULTI, lowercase=True)["bleu_single"]
    assert corpus_bleu(counts.sum(axis=0)) == expected


@pytest.mark.parametrize("rate", [0.28, 0.3, 0.33, 0.6])
def test_single_runs_get_the_p_value_of_sacrebleu(
    rate: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SACREBLEU_SEED", "12345")
    baseline, variant = spoil(REFERENCES, 0.3, seed=1), spoil(REFERENCES, rate, seed=2)
    _, judged = PairedTest(
        [("baseline", baseline), ("variant", variant)],
        {"BLEU": BLEU()},
        [REFERENCES],
        test_type="bs",
        n_samples=100,
    )()
    ours = compare(
        [bleu_statistics(baseline, MULTI, lowercase=False)],
        [bleu_statistics(variant, MULTI, lowercase=False)],
        resamples=100,
    )
    first, second = judged["BLEU"]
    assert not isinstance(first, str)
    assert not isinstance(second, str)
    assert ours.p_value == second.p_value
    assert ours.difference == pytest.approx(second.score - first.score)
    assert ours.low < ours.difference < ours.high


def test_a_far_better_variant_differs_from_an_equal_one() -> None:
    baseline = [
        bleu_statistics(spoil(REFERENCES, 0.5, seed), MULTI, lowercase=False) for seed in (1, 2, 3)
    ]
    better = [
        bleu_statistics(spoil(REFERENCES, 0.1, seed), MULTI, lowercase=False) for seed in (4, 5)
    ]
    gain = compare(baseline, better, resamples=200)
    assert gain.low > 0
    assert gain.p_value < 0.05
    same = compare(baseline, baseline, resamples=200)
    assert (same.difference, same.low, same.high) == (0.0, 0.0, 0.0)
    assert same.p_value == 1.0


def test_the_order_of_the_runs_changes_nothing() -> None:
    runs = [bleu_statistics(spoil(REFERENCES, 0.4, seed), MULTI, False) for seed in (1, 2)]
    other = [bleu_statistics(spoil(REFERENCES, 0.2, seed), MULTI, False) for seed in (3, 4)]
    assert compare(runs, other, 50) == compare(runs[::-1], other[::-1], 50)


def test_another_seed_draws_other_resamples() -> None:
    runs = [bleu_statistics(spoil(REFERENCES, 0.4, 1), MULTI, False)]
    other = [bleu_statistics(spoil(REFERENCES, 0.2, 3), MULTI, False)]
    assert compare(runs, other, 50, seed=1) == compare(runs, other, 50, seed=1)
    assert compare(runs, other, 50, seed=1) != compare(runs, other, 50, seed=2)


def test_records_are_compared_with_the_baseline_variant() -> None:
    def record(variant: str, rate: float, seed: int) -> dict[str, object]:
        counts = bleu_statistics(spoil(REFERENCES, rate, seed), MULTI, lowercase=False)
        return {"variant": variant, "seed": seed, "bleu_statistics": counts.tolist()}

    records = [record("all", 0.1, 1), record("baseline", 0.5, 1), record("all", 0.1, 2)]
    comparisons = compare_records(records, "baseline", resamples=50)
    assert list(comparisons) == ["all"]
    assert comparisons["all"].difference > 10
    assert compare_records(records, "absent", resamples=50) == {}
