"""Tests of the scores, with hand-counted values and degenerate cases."""

import math
import re
from typing import Any

import pytest

from wordbridge.corpus.pairs import TokenizedPair
from wordbridge.translation.scores import (
    ceiling,
    has_repetition,
    score,
    token_rates,
)
from wordbridge.translation.translations import EvaluationSentence

# "who is the king ?" against "who was the old king ?": 4, 1, 0, 0 of 5, 4, 3, 2 n-grams match;
# the two zeros are smoothed to 1/2 and 1/4; 5 tokens against 6 cost exp(1 - 6/5).
PARTIAL = 100 * math.exp(1 - 6 / 5) * (4 / 5 * 1 / 4 * 1 / (2 * 3) * 1 / (4 * 2)) ** 0.25

# hypothesis, single reference, all references, ignore case ->
# BLEU single, BLEU multi, chrF single, exact, exact multi, length ratio
CASES: list[Any] = [
    pytest.param(
        "who is the king?", "who is the king?", ["who is the king?"], False,
        (100.0, 100.0, 100.0, 1.0, 1.0, 1.0), id="perfect",
    ),
    pytest.param(
        "who is the king?", "Who is the King?", ["Who is the King?"], True,
        (100.0, 100.0, 100.0, 1.0, 1.0, 1.0), id="case ignored",
    ),
    pytest.param(
        "who is the king?", "WHO IS THE KING?", ["WHO IS THE KING?"], False,
        # only the question mark matches; longer n-grams count as 1/4, 1/6 and 1/8 of a match
        (
            100 * (1 / 5 * 1 / (2 * 4) * 1 / (4 * 3) * 1 / (8 * 2)) ** 0.25,
            100 * (1 / 5 * 1 / (2 * 4) * 1 / (4 * 3) * 1 / (8 * 2)) ** 0.25,
            None, 0.0, 0.0, 1.0,
        ), id="case counted",
    ),
    pytest.param(
        "who is the king?", "who was the old king?", ["who was the old king?"], False,
        (PARTIAL, PARTIAL, None, 0.0, 0.0, 5 / 6), id="partial",
    ),
    pytest.param(
        "who is the king?", "who was the old king?",
        ["who was the old king?", "who is the king?", "name him."], False,
        (PARTIAL, 100.0, None, 0.0, 1.0, 5 / 6), id="another reference is met",
    ),
    pytest.param(
        "", "who is the king?", ["who is the king?", "who rules?"], False,
        (0.0, 0.0, 0.0, 0.0, 0.0, 0.0), id="empty translation",
    ),
    pytest.param(
        "who is the king?", "", [""], False,
        (0.0, 0.0, 0.0, 0.0, 0.0, 0.0), id="empty reference",
    ),
    pytest.param("", "", [""], False, (0.0, 0.0, 0.0, 1.0, 1.0, 0.0), id="both empty"),
    pytest.param(
        "xyz", "abc", ["abc"], False, (0.0, 0.0, 0.0, 0.0, 0.0, 1.0), id="nothing in common"
    ),
    pytest.param(
        "who?", "who?", ["who?"], False,
        # a corpus with no run of 4 tokens has no 4-gram precision, hence BLEU 0 even when perfect
        (0.0, 0.0, 100.0, 1.0, 1.0, 1.0), id="too short for BLEU",
    ),
    pytest.param(
        "who  is the king ?", "who is the king ?", ["who is the king ?"], False,
        (100.0, 100.0, 100.0, 1.0, 1.0, 1.0), id="spacing does not count",
    ),
    pytest.param(
        "qui est le roi?", "qui est le roi\u202f?", ["qui est le roi\u202f?"], False,
        (100.0, 100.0, 100.0, 1.0, 1.0, 1.0), id="nor does the space before a French question mark",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("hypothesis", "single", "multi", "lowercase", "expected"), CASES)
def test_scores_of_one_sentence_are_as_counted_by_hand(
    hypothesis: str,
    single: str,
    multi: list[str],
    lowercase: bool,
    expected: tuple[float | None, ...],
) -> None:
    result = score([hypothesis], [single], [multi], lowercase)
    names = (
        "bleu_single", "bleu_multi", "chrf_single", "exact_match", "exact_match_multi",
        "length_ratio",
    )  # fmt: skip
    for name, value in zip(names, expected, strict=True):
        if value is not None:
            assert result[name] == pytest.approx(value), name


def test_a_corpus_score_pools_counts_instead_of_averaging_sentences() -> None:
    hypotheses = ["who is the king?", "where is he?", ""]
    references = ["who is the king?", "where was he?", "why not?"]
    result = score(hypotheses, references, [[text] for text in references], lowercase=False)
    # words: 5 + 3 of 5 + 4 match; pairs: 4 + 1 of 4 + 3; threes: 3 + 0 of 3 + 2; fours: 2 of 2 + 1
    precisions = 8 / 9 * 5 / 7 * 3 / 5 * 2 / 3
    assert result["bleu_single"] == pytest.approx(100 * math.exp(1 - 12 / 9) * precisions**0.25)
    assert result["length_ratio"] == pytest.approx(9 / 12)
    assert result["exact_match"] == pytest.approx(1 / 3)
    assert result["sentences"] == 3


def test_more_references_never_lower_the_scores() -> None:
    hypotheses = ["who is this man?", "what do you want now?"]
    singles = ["who is that man?", "what will you have?"]
    multis = [[singles[0], "who may this man be?", "who is he?"], [singles[1]]]
    result = score(hypotheses, singles, multis, lowercase=True)
    assert result["bleu_multi"] > result["bleu_single"]  # type: ignore[operator]
    assert result["chrf_multi"] >= result["chrf_single"]  # type: ignore[operator]


def test_the_padding_of_references_changes_no_score() -> None:
    hypotheses = ["who is this man?", "what do you want now?"]
    short, long = ["who is that man?"], ["what do you want?", "what will you have now?", "what?"]
    ragged = score(hypotheses, [short[0], long[0]], [short, long], lowercase=False)
    filled = score(hypotheses, [short[0], long[0]], [short * 3, long], lowercase=False)
    assert ragged["bleu_multi"] == filled["bleu_multi"]
    assert ragged["chrf_multi"] == filled["chrf_multi"]


@pytest.mark.parametrize(
    ("multi", "lowercase", "references", "case"),
    [
        ([["a?"], ["b?"]], True, "1", "lc"),
        ([["a?", "c?"], ["b?", "d?"]], False, "2", "mixed"),
        ([["a?", "c?"], ["b?"]], False, "var", "mixed"),
    ],
)
def test_signatures_tell_case_and_number_of_references(
    multi: list[list[str]], lowercase: bool, references: str, case: str
) -> None:
    result = score(["a?", "b?"], ["a?", "b?"], multi, lowercase)
    version = r"version:\d+\.\d+\.\d+"
    bleu = rf"nrefs:{references}\|case:{case}\|eff:no\|tok:13a\|smooth:exp\|{version}"
    chrf = rf"nrefs:{references}\|case:{case}\|eff:yes\|nc:6\|nw:0\|space:no\|{version}"
    assert re.fullmatch(bleu, str(result["signature_bleu_multi"]))
    assert re.fullmatch(chrf, str(result["signature_chrf_multi"]))
    assert str(result["signature_bleu"]).startswith("nrefs:1|")
    assert str(result["signature_chrf"]).startswith("nrefs:1|")


@pytest.mark.parametrize(
    ("sentence", "repeated"),
    [
        ("", 0),
        ("who", 0),
        ("who is he ?", 0),
        ("who is who ?", 0),  # not in a row
        ("who who is he ?", 1),
        ("? ? ? ?", 3),
        ("to him to him he went", 2),
        ("a b c a b c d", 3),
        ("a b c d a b c d", 4),
        ("a b c d e a b c d e", 0),  # five in a row are beyond the longest
        ("a b a b a b", 4),
        ("a a b a a b", 4),  # the second a, and the whole second half
    ],
)
def test_tokens_that_repeat_those_just_before_them_are_a_repetition(
    sentence: str, repeated: int
) -> None:
    assert has_repetition(sentence.split()) == (repeated > 0)


def test_rates_are_shares_of_sentences_or_of_tokens() -> None:
    tokens = [["who", "who", "?"], ["_unk", "is", "_unk", "now", "?"], [], ["what", "?"]]
    assert token_rates(tokens) == {
        "repetition_rate": pytest.approx(1 / 4),
        "unknown_rate": pytest.approx(2 / 10),
    }


@pytest.mark.parametrize("tokens", [[], [[]], [[], []]])
def test_rates_without_a_token_are_numbers(tokens: list[list[str]]) -> None:
    assert set(token_rates(tokens).values()) == {0.0}


@pytest.mark.parametrize(
    ("reference", "tokens", "lowercase", "lost"),
    [
        ("What\u2019s in the dog\u2019s box?", "what 's in the dog 's box ?", True, "\u2019"),
        ("“Who” is the dog\u2019s?", '" who " is the dog \'s ?', True, "\u2019 “ ”"),
        ("Who is in the Box ?", "who is in the box ?", False, "B W"),
        ("Who is he , now and here ?", "who is he , now and here ?", True, None),
        ("Who is in the box ?", "who is inthe box ?", True, ""),
        ("Who is in the box?", "who is in the box ?", True, None),
        ("Who is in the BOX?", "who is in the t_up box ?", True, None),
    ],
)
def test_a_low_ceiling_is_that_of_the_references_own_tokens(
    reference: str, tokens: str, lowercase: bool, lost: str | None, capsys: Any
) -> None:
    pair = TokenizedPair("1", "1", "", reference, "", "", [], tokens.split(), "test")
    sentences = [EvaluationSentence("", reference, [reference], pair)] * 3
    values = ceiling(sentences, "en", "spacy", lowercase)
    assert values.get("lost_characters") == lost
    message = capsys.readouterr().err
    if lost is None:
        assert (values, message) == ({}, "")
    else:
        assert 0 < float(values["bleu_ceiling"]) < 99
        assert f"warning: BLEU is {values['bleu_ceiling']:.1f} at most" in message
