import time
from collections import Counter

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.lang.fr.tokenizer_exceptions import TOKEN_MATCH

from tests.settings import defaults
from wordbridge.corpus import tokenizer
from wordbridge.corpus.pairs import Pair
from wordbridge.corpus.tokenizer import (
    apply_rules,
    normalize,
    read_tokenizer,
    tokenize,
    tokenize_pairs,
    write_tokenizer,
)
from wordbridge.errors import InputError

RULES = defaults("tokens.rules")
LESSON = {**RULES, "punctuation": False, "white_space": True}


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "What isn't Bob's?", "what is n't bob 's ?"),
        ("en", "What can't NASA do??", "what ca n't t_up nasa do ? ?"),
        ("fr", "Qu\u2019est-ce que l\u2019eau\u202f?", "qu' est -ce que l' eau ?"),
        ("fr", "O\u00f9 a-t-il \u00e9t\u00e9 ?", "o\u00f9 a -t -il \u00e9t\u00e9 ?"),
        ("en", "<eos> <bos> <unk>", "<eos> <bos> <unk>"),
        ("en", "", ""),
    ],
)
def test_texts_are_tokenized_by_the_rules_of_their_language(language, text, expected):
    assert tokenize([text], language, RULES) == [expected.split()]


def test_the_lesson_keeps_white_space_and_curly_quotes():
    assert tokenize(["no no no no way"], "en", LESSON)[0][0] == " "
    assert tokenize(["who<br>is"], "en", LESSON)[0] == ["who", "\n", "is"]
    assert tokenize(["l\u2019eau"], "fr", LESSON)[0] == ["l\u2019", "eau"]
    assert tokenize(["who<br>is"], "en", RULES)[0] == ["who", "is"]


def test_the_rules_apply_to_the_tokens():
    kept = {**RULES, "lower_case": False, "capitals": False}
    assert tokenize(["Who is NASA"], "en", kept) == [["Who", "is", "NASA"]]


HYPHENATED = [
    "anti-vampire", "ANTI-\u00c9tat", "r'abat", "saut-de-ski", "\u00c9tats-Unis", "faux-2",
    "entr\u2019abat", "pet-en-l'air", "prud'hommes", "Aujourd'hui", "arc-en-ciel", "plut\u00f4t",
    "\u017fous-\u017fol", "K-x", "demi-dieu", "\u0130-a", "tchin-tchin", "est-ce", "\u4e2d-\u6587",
]  # fmt: skip


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_tokenizer_in_a_file_gives_the_tokens_of_spacy(language, tmp_path):
    write_tokenizer(tmp_path / "saved", language)
    saved, spacys = read_tokenizer(tmp_path / "saved"), spacy.blank(language).tokenizer
    texts = [f"Qui, {word} ?" for word in HYPHENATED] + HYPHENATED
    tokens = [[token.text for token in spacys(text)] for text in texts]
    assert [[token.text for token in saved(text)] for text in texts] == tokens


@given(
    st.sampled_from(
        ["a-sexualis", "bou", "bourg", "tri", "demi", "entr'", "presqu\u2019", "l\u00e0-des-"]
    ),
    st.sampled_from(["", "-", "\u2013", "'", "\u2019"]),
    st.text("a\u00e9\u00df\u0130K1-'\n", max_size=5),
    st.booleans(),
)
def test_french_tokens_that_stay_whole_are_those_of_spacy(start, sign, rest, is_upper):
    text = (start.upper() if is_upper else start) + sign + rest
    assert bool(tokenizer.build_tokenizer("fr").token_match(text)) == bool(TOKEN_MATCH(text))


@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_token_of_the_rules_of_spacy_has_a_space(language):
    assert not any(" " in word.strip() for word in spacy.blank(language).tokenizer.rules)


def test_any_number_of_processes_gives_the_same_tokens_in_the_same_order(monkeypatch):
    monkeypatch.setattr(tokenizer, "_CHUNK", 2)
    monkeypatch.setattr(tokenizer, "_TEXTS_PER_PROCESS", 2)
    texts = [f"Who isn't number {number}?" for number in range(7)]
    alone = tokenize(texts, "en", RULES, processes=1)
    assert [token_list[4] for token_list in alone] == list("0123456")
    assert tokenize(texts, "en", RULES, processes=2) == alone


def test_long_and_empty_pairs_are_left_out_and_counted():
    report: Counter[str] = Counter()
    pairs = [
        Pair("1", "a", "Qui ?", "Who is it?"),
        Pair("2", "b", "Qui est-ce, l\u00e0 ?", "Who is this, there?"),
        Pair("3", "c", " ", "Who?"),
    ]
    kept = tokenize_pairs(pairs, RULES, report, max_en_tokens=4)
    assert [(pair.item, pair.fr_tokens, pair.en_tokens) for pair in kept] == [
        ("1", ["qui", "?"], ["who", "is", "it", "?"])
    ]
    assert dict(report) == {
        "read": 3,
        "kept": 1,
        "no token on one side or both": 1,
        "too many English tokens": 1,
    }


def test_no_pair_left_is_an_error():
    with pytest.raises(InputError, match="no pair is left of 1"):
        tokenize_pairs([Pair("1", "a", "Qui ?", "Who is it?")], RULES, Counter(), max_en_tokens=3)


quick = settings(derandomize=True, max_examples=100, deadline=None, database=None)
NONE = dict.fromkeys(RULES, False)

CASES = [
    # rule that alone makes the difference, text, with all rules
    ("repeated_characters", "what!!!!!", "what tk_rep 5 ! "),
    ("repeated_characters", "1000000", "1 tk_rep 6 0 "),
    ("repeated_characters", "aaa", "aaa"),
    ("repeated_words", "no no no no way", " tk_wrep 4 no way"),
    ("repeated_words", "ha-ha-ha-ha-ha", " tk_wrep 4 ha- ha"),
    ("repeated_words", "no no no way", "no no no way"),
    ("capitals", "the NASA", "the t_up nasa"),
    ("capitals", "the UN", "the un"),
    ("capitals", "AAAA", " tk_rep 4 a "),
    ("lower_case", "Where Is", "where is"),
    ("spacing", "and/or #5", "and / or # 5"),
    ("spacing", "a   b", "a b"),
    ("line_breaks", "a<br>b", "a\nb"),
    ("line_breaks", "a <BR /> b", "a \n b"),
]


@pytest.mark.parametrize(("rule", "text", "marked"), CASES)
def test_a_text_gets_the_lessons_markers(rule, text, marked):
    assert apply_rules(text, RULES) == marked


@pytest.mark.parametrize(("rule", "text", "marked"), CASES)
def test_each_rule_can_be_switched_off(rule, text, marked):
    without = apply_rules(text, {**RULES, rule: False})
    assert (without == marked) == (text == marked or (rule, text) in SAME_WITHOUT)


SAME_WITHOUT = {("capitals", "the UN"), ("capitals", "AAAA")}


def test_without_rules_a_text_does_not_change():
    text = "NASA no no no no   aaaa a/b<br>"
    assert apply_rules(text, NONE) == text


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("Qu\u2019est-ce que l\u2018eau", "Qu'est-ce que l'eau"),
        ("\u201cwho\u201d said \u201eI\u201c", '"who" said "I"'),
        ("\u00ab\u00a0Qui\u202f?\u00a0\u00bb", '"Qui ?"'),
        ("\u2039 qui \u203a", "'qui'"),
        ("''who''", '"who"'),
        ("o\u00f9\u00a0est\u202fil\u2009l\u00e0\u3000?", "o\u00f9 est il l\u00e0 ?"),
        ("1997\u20132001, sous\u2011sol, \u22125", "1997-2001, sous-sol, -5"),
        ("he\u2014she", "he--she"),
        ("what\u2026", "what..."),
        ("  a \t b\n", "a b"),
        ("so\u00adft \ufeffzero\u200bwidth", "soft zerowidth"),
        ("cafe\u0301", "caf\u00e9"),
        ("a plain one - as it is?", "a plain one - as it is?"),
        ("", ""),
    ],
)
def test_each_mark_and_space_has_one_form(raw, plain):
    assert normalize(raw) == plain


WORDS = st.one_of(
    st.sampled_from(
        [*HYPHENATED, "no", "a.m.", ":-)", "l'eau", "don't", "NASA", "(O_o)", "\u0130"]
    ),
    st.text("aeEA\u00c9\u03a3 19.,!?'-_/#<>\u2019\u00ab\u00a0\u0301\u200b\t\n", max_size=6),
    st.sampled_from(["!!!!", "ha-ha-ha-ha-ha", "no, no, no, no,", "<br />", "x" * 301]),
)
TEXTS = st.lists(st.lists(WORDS, max_size=6).map(" ".join), max_size=4)


@settings(quick, max_examples=300)
@given(
    TEXTS, st.fixed_dictionaries(dict.fromkeys(RULES, st.booleans())), st.sampled_from(["fr", "en"])
)
def test_many_texts_have_the_tokens_of_each_alone(texts, rules, language):
    spacys = tokenizer.build_tokenizer(language)
    alone = [tokenizer._tokenize_text(text, spacys, rules) for text in texts]
    assert tokenizer.tokenize_texts(texts, spacys, rules) == alone


@quick
@given(st.text("ae\u0301 \u00a0\u202f\u2019'\u201c\u00ab\u00bb\u2039\u2014-\u00ad?\n", max_size=12))
def test_a_second_call_changes_nothing(text):
    assert normalize(normalize(text)) == normalize(text)


@pytest.mark.parametrize("part", ["\"'", "!?", "-=", "(x)", " " * 40])
def test_a_long_text_of_one_kind_of_character_takes_little_time(part: str):
    start = time.monotonic()
    (tokens,) = tokenize([f"a {part * 5000}\ta"], "fr", RULES)
    assert tokens[0] == tokens[-1] == "a"
    assert time.monotonic() - start < 20
