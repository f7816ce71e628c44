"""The summary of a run: sentences from the numbers, main scores, samples."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from wordbridge.report.page import summarize
from wordbridge.report.tables import MISSING

SCORES = [
    {"variant": "baseline", "bleu_single": 25.21},
    {"variant": "all", "bleu_single": 30.42, "bleu_gain": 5.21, "bleu_gain_low": 4.3}
    | {"bleu_gain_high": 6.12},
    {"variant": "attention", "bleu_single": 29.04, "bleu_gain": 3.83, "bleu_gain_low": 2.9}
    | {"bleu_gain_high": 4.7},
]
BEST = (
    "The highest BLEU against one reference is 30.4, that of the variant all: a gain of 5.2 "
    "over baseline (95 % interval 4.3 to 6.1)."
)
ORDER = "The 3 variants in order of BLEU: all (30.4), attention (29.0), baseline (25.2)."


def devise(method: str, split: str, images: int, hit: float, **other: Any) -> dict[str, Any]:
    """Return a row of the table of the image methods, among the candidates of its split."""
    groups = {"candidates": split, "split": f"{split} nouns", "set": "all", "kind": "all"}
    labels = {"seen": 1651, "unseen": 121}[split]
    return groups | {"method": method, "labels": labels, "images": images, "hit@5": hit} | other


DEVISE = [
    devise("head", "seen", 2310, 0.5628),
    devise("softmax", "seen", 2310, 0.7662),
    devise("head", "seen", 16, 0.9, kind="photo"),
    devise("head", "unseen", 289, 0.2837),
    devise("softmax", "unseen", 289, 0.0),
    devise("softmax", "unseen", 289, 0.8, candidates="3-hop"),
]
METHODS = (
    "Of 2 image methods, these have the highest hit@5: softmax on 2,310 images of seen nouns "
    "(76.6 % among 1,651 candidate nouns); head on 289 images of unseen nouns (28.4 % among "
    "121 candidate nouns)."
)
SAMPLES = [
    {"sample": number, "line": line, "text": f"{line} {number}"}
    for number in range(1, 12)
    for line in ("source", "reference", "baseline", "all", "attention")
]


ALONE = "The variant baseline has a BLEU of 25.2 against one reference."


def save(folder: Path, **tables: Sequence[dict[str, Any]]) -> list[Path]:
    """Write each table and those of every run as TSV, and return their paths."""
    tables = {"scores": SCORES[:1], "samples": SAMPLES[:5], "scorecard": []} | tables
    for name, rows in tables.items():
        columns = None if rows else ["verdict"]
        pd.DataFrame(rows, columns=columns).to_csv(folder / f"{name}.tsv", sep="\t", index=False)
    return [folder / f"{name}.tsv" for name in tables]


@pytest.mark.parametrize(
    ("tables", "sentences"),
    [
        ({"scores": SCORES, "devise": DEVISE}, [BEST, ORDER, METHODS]),
        ({"scores": SCORES}, [BEST, ORDER]),
        ({"devise": DEVISE}, [ALONE, METHODS]),
        (
            {"scorecard": [{"verdict": verdict} for verdict in ("holds", "undecided", "holds")]},
            [
                ALONE,
                "Verdicts on 3 claims of the 2018 lesson: holds (2), does not hold (0), "
                "undecided (1).",
            ],
        ),
        ({}, [ALONE]),
        (
            {"scores": [SCORES[0], SCORES[1] | {"bleu_single": 20.0, "bleu_gain": -5.2}]},
            [
                "The highest BLEU against one reference is 25.2, that of the variant baseline.",
                "The 2 variants in order of BLEU: baseline (25.2), all (20.0).",
            ],
        ),
        (
            {"scores": [{"variant": name, "bleu_single": 1.0} for name in "ab"]},
            [
                "The highest BLEU against one reference is 1.0, that of the variant a.",
                "The 2 variants in order of BLEU: a (1.0), b (1.0).",
            ],
        ),
        (
            {"scores": [{"variant": "128", "bleu_single": 1.0}], "samples": SAMPLES},
            ["The variant 128 has a BLEU of 1.0 against one reference."],
        ),
        (
            {"devise": [row for row in DEVISE if row["method"] == "head"]},
            [
                ALONE,
                "The method head has a hit@5 of 56.3 % on 2,310 images of seen nouns (1,651 "
                "candidate nouns) and of 28.4 % on 289 images of unseen nouns (121 candidate "
                "nouns).",
            ],
        ),
        (
            {"devise": [devise(name, "unseen", 289, 0.2664) for name in ("head", "lesson_head")]},
            [
                ALONE,
                "Of 2 image methods, these have the highest hit@5: head and lesson_head on 289 "
                "images of unseen nouns (26.6 % among 121 candidate nouns).",
            ],
        ),
        (
            {"devise": DEVISE[:2]},
            [
                ALONE,
                "Of 2 image methods, these have the highest hit@5: softmax on 2,310 images of "
                "seen nouns (76.6 % among 1,651 candidate nouns).",
            ],
        ),
    ],
)
def test_sentences_follow_from_the_numbers(
    tables: dict[str, list[dict[str, Any]]], sentences: list[str], tmp_path: Path
) -> None:
    assert summarize(save(tmp_path, **tables)).sentences == sentences


def test_the_main_scores_are_a_row_per_variant_and_a_row_per_method(tmp_path: Path) -> None:
    variants, methods = summarize(save(tmp_path, scores=SCORES, devise=DEVISE)).scores
    assert [[cell.text for cell in row] for row in variants.cells] == [
        ["baseline", "25.2", MISSING],
        ["all", "30.4", "5.2 [4.3, 6.1]"],
        ["attention", "29.0", "3.8 [2.9, 4.7]"],
    ]
    assert [column.heading for column in methods.visible.values()] == [
        *("Method", "hit@5 seen", "hit@5 unseen")
    ]
    assert [[cell.text for cell in row] for row in methods.cells] == [
        ["head", "56.3", "28.4"],
        ["softmax", "76.6", "0.0"],
    ]


def test_published_rows_are_not_part_of_the_run(tmp_path: Path) -> None:
    scores = [row | {"run": "here"} for row in SCORES]
    scores.append({"variant": "all", "run": "notebook", "bleu_single": 99.0})
    rows = [row | {"run": "here"} for row in DEVISE]
    rows.append(devise("DeViSE", "seen", 2310, 0.99, run="paper"))
    summary = summarize(save(tmp_path, scores=scores, devise=rows))
    assert summary.sentences == [BEST, ORDER, METHODS]
    assert [len(table.frame) for table in summary.scores] == [3, 2]


def test_the_rank_nearest_to_five_is_in_the_summary(tmp_path: Path) -> None:
    rows = [{"hit@1" if n == "hit@5" else n: v for n, v in row.items()} for row in DEVISE]
    rows = [row | {"hit@20": 1.0} for row in rows]
    _, sentence = summarize(save(tmp_path, devise=rows)).sentences
    assert "the highest hit@1: softmax on 2,310 images" in sentence


def test_three_samples_have_the_baseline_and_the_best_variant(tmp_path: Path) -> None:
    samples = summarize(save(tmp_path, scores=SCORES, samples=SAMPLES)).samples
    lines = ("source", "reference", "baseline", "all")
    assert samples.frame.to_numpy().tolist() == [
        [number, line, f"{line} {number}"] for number in ("1", "6", "11") for line in lines
    ]


@pytest.mark.parametrize("count", [1, 2])
def test_few_samples_come_once(count: int, tmp_path: Path) -> None:
    rows = [row for row in SAMPLES if row["sample"] <= count]
    samples = summarize(save(tmp_path, scores=SCORES, samples=rows)).samples
    assert len(samples.groups) == count


def coverage(language: str, **types: int) -> list[dict[str, Any]]:
    """Return the rows of a language; ``types`` are the words by step."""
    return [{"language": language, "step": step, "types": types[step]} for step in types]


def pairs(step: str, read: int, kept: int) -> list[dict[str, Any]]:
    return [
        {"step": step, "reason": reason, "count": n}
        for reason, n in {"read": read, "kept": kept}.items()
    ]


NOUNS = [
    {"case": "as written", "used": "", "noun_share": 0.01},
    {"case": "most frequent", "used": "yes", "noun_share": 0.08},
]


@pytest.mark.parametrize(
    ("tables", "warnings"),
    [
        ({"coverage": coverage("French", exact=89, case=2, missing=9, all=100)}, []),
        (
            {"coverage": coverage("French", exact=1, case=3, missing=96, all=100)},
            ["4 % of the French words have a word vector."],
        ),
        (
            {"coverage": coverage("English", exact=1, subwords=90, missing=109, all=200)},
            ["0.5 % of the English words have a word vector."],
        ),
        ({"coverage": coverage("English", exact=0, missing=9, all=9)}, []),  # random vectors
        (
            {"corpus_pairs": [*pairs("questions", 3100, 310), *pairs("tokens", 310, 30)]},
            ["9.7 % of the pairs are kept by tokens."],
        ),
        ({"corpus_pairs": [{"step": "sentences", "reason": "kept", "count": 1}]}, []),
        ({"nouns": NOUNS}, ["8 % of WordNet's nouns have a word vector."]),
        (
            {
                "images": [
                    {"set": "a", "found": 9, "left_out": 1},
                    {"set": "b", "found": 99, "left_out": 98},
                ]
            },
            ["1 % of the images of b are in use."],
        ),
        (
            {"images": [{"set": "a", "found": 99, "left_out": 9, "train": 5, "unseen": 1}]},
            ["6.7 % of the images of a have a label."],
        ),
        (
            {"french": [{"language": name, "name_share": 0.05} for name in ("English", "French")]},
            ["5 % of the names in both languages have a vector."],
        ),
        (
            {
                "labels": [
                    {"set": "a", "label": "None", "senses": 0},
                    {"set": "a", "label": "crane", "senses": 5},
                    {"set": "b", "label": "bat", "senses": 2},
                    *({"set": "b", "label": f"cat {number}", "senses": 9} for number in range(11)),
                ]
            },
            [
                "WordNet does not have 1 of the labels of a, whose images have no label: None.",
                "WordNet has several senses of 1 of the labels of a, of which the first is used: "
                "crane.",
                "WordNet has several senses of 12 of the labels of b, of which the first is used: "
                "bat, " + "".join(f"cat {number}, " for number in range(8)) + "cat 8 and 2 more.",
            ],
        ),
        (
            {"scores": [SCORES[0] | {"bleu_ceiling": 41.13}]},
            ["BLEU is 41.1 at most, the score of the references' own tokens."],
        ),
    ],
)
def test_warnings_are_about_what_matches_little(
    tables: dict[str, Any], warnings: list[str], tmp_path: Path
) -> None:
    assert summarize(save(tmp_path, **tables)).warnings == warnings
