import gzip
import re
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.settings import defaults
from wordbridge.corpus.detokenizer import detokenize, undo_rules
from wordbridge.corpus.tokenizer import apply_rules, normalize, tokenize

quick = settings(derandomize=True, max_examples=100, deadline=None, database=None)
RULES = defaults("tokens.rules")
NONE = dict.fromkeys(RULES, False)
DEBATES = Path(__file__).parents[3] / "shared/data/hansard/debates.en.gz"
ENGLISH = [
    "what isn't he doing, and what's she?",
    "who'll say they've, we're, i'm, he'd?",
    "what is the minister's (new) well-known plan: and/or policy?",
    'who said "i will go", and "why not?"?',
    "what is the boys' club?",
    "what costs $30.50, or 50%?",
    "what can't, cannot, gonna, wanna be?",
    "where is the u.s. [sic] #5?",
    "what is it!!!!! sooooo 10000?",
    "no no no no way?",
    "what's o'clock, y'all?",
    'he said "so".',
]
FRENCH = [
    "qu'est-ce que l'homme d'\u00e9tat a fait aujourd'hui?",
    "o\u00f9 a-t-il \u00e9t\u00e9, l\u00e0-bas, jusqu'\u00e0 minuit?",
    "que dit l'onu de l'alena?",
    "que co\u00fbtent 20 $ par jour?",
]


@pytest.mark.parametrize(
    ("language", "text"), [("en", text) for text in ENGLISH] + [("fr", text) for text in FRENCH]
)
def test_detokenization_inverts_tokenization(language, text):
    (tokens,) = tokenize([text], language, RULES)
    assert detokenize(tokens, language) == normalize(text)


@pytest.mark.skipif(not DEBATES.exists(), reason="../shared/data is not there")
def test_real_questions_round_trip():
    with gzip.open(DEBATES, "rt", encoding="utf-8") as lines:
        matches = (re.match(r"Wh[^?.!]+\?", line) for line in lines)
        texts = [match[0] for match in islice(filter(None, matches), 400)]
    cut = tokenize(texts, "en", RULES)
    same = [
        detokenize(tokens, "en").lower() == normalize(text).lower()
        for tokens, text in zip(cut, texts, strict=True)
    ]
    assert len(same) == 400
    assert sum(same) / len(same) > 0.98


@pytest.mark.parametrize("text", ["what is NASA?", "what of LONG-TERM plans?"])
def test_capitals_round_trip(text):
    (tokens,) = tokenize([text], "en", RULES)
    assert detokenize(tokens, "en") == text


def test_a_token_that_begins_with_a_quotation_mark_closes_the_quotation():
    assert detokenize(["he", "said", '"', "no", '".'], "en") == 'he said "no".'


def test_a_french_elision_that_a_marker_cut_off_joins_its_word():
    assert detokenize(["de", "l", "'", "t_up", "onu", "?"], "fr") == "de l'ONU?"


@pytest.mark.parametrize("tokens", [[], ["t_up"], ['"'], ["-"], ["'"], ["tk_rep", "4"]])
def test_any_output_of_a_model_has_a_text(tokens):
    assert detokenize(tokens, "en") in ("", '"', "-", "'", "4")


@pytest.mark.parametrize(
    ("tokens", "plain"),
    [
        ("the t_up nasa", "the NASA"),
        ("what tk_rep 5 !", "what !!!!!"),
        ("1 tk_rep 6 0", "1000000"),
        ("s tk_rep 5 o good", "sooooo good"),
        ("$ tk_rep 4 0", "$ 0000"),
        ("tk_wrep 4 no way", "no no no no way"),
        ("tk_wrep 4 no , no", "no , no , no , no , no"),
        ("tk_wrep 4 t_up yes", "YES YES YES YES"),
        # as a model may predict them
        ("who t_up", "who"),
        ("t_up t_up who", "WHO"),
        ("who tk_rep", "who"),
        ("tk_rep what ?", "what ?"),
        ("tk_rep 4", "4"),
        ("tk_wrep 7", "7"),
        ("t_up tk_rep 4 a", "aaaa"),
        ("tk_wrep 0 no", "no"),
    ],
)
def test_undo_rules_expands_the_markers(tokens, plain):
    assert undo_rules(tokens.split()) == plain.split()


def test_undo_rules_drops_white_space_and_limits_counts():
    assert undo_rules([" ", "who", "\n"]) == ["who"]
    assert len(undo_rules(["tk_wrep", "99999999", "no"])) == 100


@quick
@given(st.lists(st.sampled_from(["who", "NASA", "Is", "IT", "ABCD", "?", "7"]), max_size=8))
def test_capital_words_round_trip(words):
    rules = {**NONE, "capitals": True}
    assert undo_rules(apply_rules(" ".join(words), rules).split()) == words


@quick
@given(st.lists(st.tuples(st.sampled_from(["so", "21", "x37"]), st.integers(4, 9)), max_size=4))
def test_repeated_ends_of_words_round_trip(parts):
    words = [word + word[-1] * count for word, count in parts]
    rules = {**NONE, "repeated_characters": True, "spacing": True}
    assert undo_rules(apply_rules(" ".join(words), rules).split()) == words
