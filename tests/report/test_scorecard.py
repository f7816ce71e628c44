"""Tests of the scorecard: which claims appear, their intervals and their verdicts."""

from random import Random
from typing import Any

import pytest

from tests.report.toys import bleu_statistics, sentence_scores, spoiled
from wordbridge.report.scorecard import (
    CELLS,
    Claim,
    figure_claims,
    image_claims,
    scorecard_table,
    translation_claims,
)
from wordbridge.report.tables import tsv
from wordbridge.translation.sentence_scores import SentenceScore

REFERENCES = [f"who is the {word} of this {'old ' * (n % 6)}place?" for n, word in enumerate(
    "abcdefghijklmnopqrstuvwx"
)]  # fmt: skip
FACTORS = ("bidirectional", "attention", "forcing")
LEVELS = {name: dict(zip(FACTORS, cell, strict=True)) for name, cell in CELLS.items()}


def verdicts(claims: list[Claim]) -> list[str]:
    return list(scorecard_table(claims, "bible", "results/mine").frame["verdict"])


def run(wrong: float, long_wrong: float, seed: int) -> list[SentenceScore]:
    """Return a run with shares of wrong words, in short sources and in long ones."""
    chance = Random(seed)
    texts = [
        spoiled(text, long_wrong if n % 6 > 3 else wrong, chance)
        for n, text in enumerate(REFERENCES)
    ]
    lengths = [7 + n % 6 for n in range(len(REFERENCES))]
    return sentence_scores(texts, REFERENCES, lengths=lengths)


RUNS = {
    "baseline": [run(0.6, 0.6, 1)],
    "bidirectional": [run(0.6, 0.6, 2)],
    "forcing": [run(0.3, 0.6, 3)],
    "attention": [run(0.25, 0.05, 4)],
    "all": [run(0.7, 0.7, 5)],
}


def test_a_gain_that_differs_from_zero_is_not_rounded_to_zero() -> None:
    runs = {
        name: [
            [SentenceScore(f"{n}", f"{n}", 5, {"bleu": bleu_statistics(precision)}) for n in (1, 2)]
        ]
        for name, precision in (("baseline", 0.5), ("forcing", 0.4998))
    }
    (claim,) = translation_claims({name: LEVELS[name] for name in runs}, runs)
    assert claim.measured == "BLEU -0.02 [-0.02, -0.02]"


def test_claims_about_variants_have_verdicts_by_their_intervals() -> None:
    claims = list(translation_claims(LEVELS, RUNS))
    assert verdicts(claims) == [
        "undecided",  # bidirectional
        "holds",  # forcing
        "does not hold",  # bidirectional before forcing
        "holds",  # attention
        "does not hold",  # all
        "holds",  # long sentences
    ]
    assert claims[1].published == "3.60, 3.58 to 3.43, 3.49"
    assert claims[1].measured.startswith("BLEU +")


def test_claims_about_variants_that_did_not_run_are_left_out() -> None:
    names = ("forcing", "attention")
    levels = {name: LEVELS[name] for name in names}
    claims = translation_claims(levels, {name: RUNS[name] for name in names})
    assert [each.claim.split(" (")[0] for each in claims] == [
        "Attention improves teacher forcing",
        "Attention helps long sentences more than short ones",
    ]


def test_resamples_without_a_short_or_a_long_sentence_do_not_count() -> None:
    references = [" ".join(f"{n}{k}" for k in range(6 + n // 2)) for n in range(6)]
    texts = {"forcing": ["oh no no no"] * 6, "attention": ["oh no no no"] * 4 + references[4:]}
    lengths = [n // 2 for n in range(6)]
    runs = {
        name: [sentence_scores(each, references, lengths=lengths)] for name, each in texts.items()
    }
    levels = {name: LEVELS[name] for name in runs}
    *_, claim = translation_claims(levels, runs)
    assert claim.measured == "BLEU +100.0 [100.0, 100.0]"


@pytest.mark.parametrize(
    ("loss", "verdict"), [(3.6, "holds"), (3.75, "does not hold"), (3.3, "does not hold")]
)
def test_a_published_loss_is_judged_by_the_spread_of_the_published_runs(
    loss: float, verdict: str
) -> None:
    records = [{"variant": "baseline", "validation_loss": loss + shift} for shift in (-0.01, 0.01)]
    (claim,) = figure_claims([*records, {"variant": "mine", "validation_loss": 1.0}])
    assert (verdicts([claim]), claim.published) == ([verdict], "3.60, 3.58")


def record(method: str, hit: float, steps: float) -> dict[str, Any]:
    nouns = [
        {
            "candidates": candidates,
            "synset": f"n{number:08}",
            "images": 2,
            "hit@5": float(number % 10 < 10 * hit),
            "wrong": 1 if number % 3 else 0,
            "wrong_steps": steps + number % 2 if number % 3 else None,
        }
        for candidates in ("seen", "unseen")
        for number in range(60)
    ]
    return {"method": method, "nouns": nouns}


def test_claims_about_images_need_the_methods_that_they_compare() -> None:
    records = [
        record("lesson_head", 0.5, 6.0),
        record("random", 0.1, 12.0),
        record("lesson_l1", 0.5, 6.0),
        record("lesson_no_dropout", 0.9, 6.0),
    ]
    claims = list(image_claims(records))
    assert verdicts(claims) == ["holds", "holds", "undecided", "does not hold"]
    unseen, near, *_ = image_claims(records[:2])
    assert unseen.measured.startswith("hit@5 50.0 %, chance 8.3 % [")
    assert near.measured.startswith("steps in WordNet 6.5, random 12.5 [")
    assert list(image_claims(records[1:])) == []
    assert list(image_claims([])) == []


def test_resamples_without_a_wrong_noun_do_not_count() -> None:
    records = [record("lesson_head", 0.5, 6.0), record("random", 0.1, 12.0)]
    for noun in (noun for each in records for noun in each["nouns"]):
        if noun["synset"] > "n00000001":
            noun |= {"wrong": 0, "wrong_steps": None}
    _, near = image_claims(records)
    assert near.measured == "steps in WordNet 7.0, random 13.0 [6.0, 6.0]"
    for each in records:
        each["nouns"] = [noun for noun in each["nouns"] if not noun["wrong"]]
    assert [each.measured.split()[0] for each in image_claims(records)] == ["hit@5"]


def test_chance_is_at_most_one() -> None:
    records = [record("lesson_head", 1.0, 6.0)]
    records[0]["nouns"] = [n for n in records[0]["nouns"] if n["synset"] < "n00000003"]
    (claim,) = image_claims(records)
    assert claim.measured == "hit@5 100.0 %, chance 100.0 % [0.0, 0.0]"
    assert verdicts([claim]) == ["undecided"]


def test_the_caption_counts_the_verdicts() -> None:
    claims = [Claim("a", "", "m", 1, 2, "e"), Claim("b", "", "m", -1, 2, "e")]
    table = scorecard_table([*claims, claims[0]], "bible", "results/mine")
    assert "judged on the corpus bible" in table.caption
    assert "holds (2), undecided (1)" in table.caption
    assert list(table.frame["verdict"]) == ["holds", "undecided", "holds"]
    empty = scorecard_table([], "bible", "results/mine")
    assert tsv(empty).startswith("claim\tpublished")
    assert "none concerns the variants and methods of this run" in empty.caption


def test_a_claim_has_its_command_and_claims_without_variants_are_listed() -> None:
    claims = [
        Claim("Dropout helps", "", "m", 1, 2, "e", "devise"),
        Claim("a", "", "m", 1, 2, "e", "factorial"),
    ]
    table = scorecard_table(claims, "bible", "results/mine")
    assert list(table.frame["command"]) == [
        ".venv/bin/snakemake --cores all results/mine/tables/devise.html",
        ".venv/bin/snakemake --cores all results/mine/tables/factorial.html",
    ]
    missing = table.caption.partition("Not judged")[2]
    assert "Teacher forcing improves the baseline (forcing and baseline)" in missing
    assert "Attention helps long sentences" in missing
    assert "L1 (lesson_head and lesson_l1 on seen nouns)" in missing
    assert "Dropout helps" not in missing
    assert "all else equal" not in missing
    assert "all else equal" in scorecard_table(claims[:1], "bible", "results/mine").caption
