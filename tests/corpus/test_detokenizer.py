import gzip
import re
from itertools import islice
from pathlib import Path

import pytest

from tests.defaults import TOKEN_RULES
from wordbridge.corpus.detokenizer import detokenize
from wordbridge.corpus.tokenizer import TokenRules, normalize, tokenize

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
def test_a_text_comes_back_from_its_tokens(language, text):
    (tokens,) = tokenize([text], language, TokenRules(**TOKEN_RULES))
    assert detokenize(tokens, language) == normalize(text)


@pytest.mark.skipif(not DEBATES.exists(), reason="../shared/data is not there")
def test_real_questions_come_back():
    with gzip.open(DEBATES, "rt", encoding="utf-8") as lines:
        found = (re.match(r"Wh[^?.!]+\?", line) for line in lines)
        texts = [match[0] for match in islice(filter(None, found), 400)]
    cut = tokenize(texts, "en", TokenRules(**TOKEN_RULES))
    same = [
        detokenize(tokens, "en").lower() == normalize(text).lower()
        for tokens, text in zip(cut, texts, strict=True)
    ]
    assert len(same) == 400
    assert sum(same) / len(same) > 0.98


@pytest.mark.parametrize("text", ["what is NASA?", "what of LONG-TERM plans?"])
def test_capitals_come_back(text):
    (tokens,) = tokenize([text], "en", TokenRules(**TOKEN_RULES))
    assert detokenize(tokens, "en") == text


def test_a_token_that_begins_with_a_quotation_mark_closes_the_quotation():
    assert detokenize(["he", "said", '"', "no", '".'], "en") == 'he said "no".'


def test_a_french_elision_that_a_marker_cut_off_joins_its_word():
    assert detokenize(["de", "l", "'", "t_up", "onu", "?"], "fr") == "de l'ONU?"


@pytest.mark.parametrize("tokens", [[], ["t_up"], ['"'], ["-"], ["'"], ["tk_rep", "4"]])
def test_any_output_of_a_model_has_a_text(tokens):
    assert detokenize(tokens, "en") in ("", '"', "-", "'", "4")


def test_other_languages_get_the_rules_for_punctuation():
    assert detokenize(["wer", "(", "ist", ")", "da", "?"], "de") == "wer (ist) da?"
