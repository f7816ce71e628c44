"""Tests of the paired bootstrap, with sacreBLEU as the judge."""

import random

import numpy as np
import pytest
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.significance import PairedTest

from tests.report.toys import sentence_scores
from wordbridge.significance import comparison, indistinguishable
from wordbridge.translation.bootstrap import Resampler, few_sentences_note
from wordbridge.translation.sentence_scores import SentenceScore

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


def run(rate: float, seed: int, group_size: int = 1) -> list[SentenceScore]:
    """Return the scores of hypotheses with errors; consecutive sentences form groups."""
    return sentence_scores(spoil(REFERENCES, rate, seed), REFERENCES, group_size=group_size)


@pytest.mark.parametrize(("name", "metric"), [("bleu", BLEU()), ("chrf", CHRF())])
@pytest.mark.parametrize("rate", [0.28, 0.3, 0.33, 0.6])
def test_single_runs_get_the_resamples_of_sacrebleu(
    rate: float, name: str, metric: BLEU | CHRF, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SACREBLEU_SEED", "12345")
    baseline, variant = spoil(REFERENCES, 0.3, seed=1), spoil(REFERENCES, rate, seed=2)
    _, judged = PairedTest(
        [("baseline", baseline), ("variant", variant)],
        {name: metric},
        [REFERENCES],
        test_type="bs",
        n_samples=1000,
    )()
    resampler = Resampler(run(0.3, 1))
    scores = resampler.scores(run(rate, 2), name)
    ours = comparison(scores - resampler.scores(run(0.3, 1), name))
    first, second = judged["BLEU" if name == "bleu" else "chrF2"]
    assert not isinstance(first, str)
    assert not isinstance(second, str)
    assert scores[1:].mean() == pytest.approx(second.mean)
    assert ours.difference == pytest.approx(second.score - first.score)
    assert ours.low < ours.difference < ours.high


def scores(**rates: float) -> dict[str, np.ndarray]:
    runs = {
        name: [run(rate, 10 * number + seed) for seed in (1, 2)]
        for number, (name, rate) in enumerate(rates.items())
    }
    return {name: Resampler(each[0]).mean_scores(each, "bleu") for name, each in runs.items()}


def test_a_far_better_variant_differs_from_an_equal_one() -> None:
    resampled = scores(baseline=0.5, better=0.1)
    gain = comparison(resampled["better"] - resampled["baseline"])
    assert gain.low > 10
    assert gain.p_value < 0.05
    same = comparison(resampled["baseline"] - resampled["baseline"])
    assert (same.difference, same.low, same.high, same.p_value) == (0.0, 0.0, 0.0, 1.0)


def test_the_score_of_a_variant_is_the_mean_of_its_runs() -> None:
    one, other = run(0.4, 1), run(0.2, 2)
    resampler = Resampler(one)
    both = resampler.mean_scores([one, other], "bleu")
    mean = (resampler.scores(one, "bleu") + resampler.scores(other, "bleu")) / 2
    assert both == pytest.approx(mean)


def test_sentences_of_a_group_are_drawn_together() -> None:
    alone, grouped = (Resampler(run(0.4, 1, size)) for size in (1, 60))
    assert len(set(grouped.scores(run(0.4, 1, 60), "bleu"))) == 1
    assert len(set(alone.scores(run(0.4, 1), "bleu"))) > 100


def test_the_smallest_of_several_sets_of_sentences_decides_about_the_warning() -> None:
    rows = run(0.2, 1)
    assert few_sentences_note({"one": [rows], "other": [rows[:20]]}) == ""
    note = few_sentences_note({"one": [rows], "part": [rows[:2], rows[:2]]})
    assert note.startswith(" There are 2 to 60 groups of sentences: intervals from fewer than 20")


def test_another_seed_draws_other_resamples() -> None:
    one, two = (Resampler(run(0.4, 1), seed).scores(run(0.4, 1), "bleu") for seed in (1, 2))
    again = Resampler(run(0.4, 1), 1).scores(run(0.4, 1), "bleu")
    assert list(one) == list(again)
    assert one[0] == two[0]
    assert list(one) != list(two)


def test_variants_share_a_letter_unless_they_differ() -> None:
    letters = indistinguishable(scores(poor=0.6, middle=0.3, same=0.3, best=0.05))
    assert letters == {"best": "a", "middle": "b", "same": "b", "poor": "c"}
    assert indistinguishable(scores(one=0.3)) == {"one": "a"}
