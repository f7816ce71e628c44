import sys
from collections import Counter
from dataclasses import replace
from multiprocessing.spawn import get_preparation_data
from types import ModuleType

import pytest

from wordbridge.corpus import tokens
from wordbridge.corpus.pairs import Pair
from wordbridge.corpus.tokens import TokenRules, tokenize, tokenize_pairs
from wordbridge.errors import InputError

RULES = TokenRules()
LESSON = TokenRules(punctuation=False, white_space=True)


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
def test_texts_are_cut_by_the_rules_of_their_language(language, text, expected):
    assert tokenize([text], language, RULES) == [expected.split()]


def test_the_lesson_keeps_white_space_and_curly_quotes():
    assert tokenize(["no no no no way"], "en", LESSON)[0][0] == " "
    assert tokenize(["who<br>is"], "en", LESSON)[0] == ["who", "\n", "is"]
    assert tokenize(["l\u2019eau"], "fr", LESSON)[0] == ["l\u2019", "eau"]
    assert tokenize(["who<br>is"], "en", RULES)[0] == ["who", "is"]


def test_rules_reach_the_tokens():
    kept = replace(RULES, lower_case=False, capitals=False)
    assert tokenize(["Who is NASA"], "en", kept) == [["Who", "is", "NASA"]]


def test_an_unknown_language_is_an_error():
    with pytest.raises(InputError, match="no tokenizer for language 'qq'"):
        tokenize(["x"], "qq", RULES)


def test_any_number_of_processes_gives_the_same_tokens_in_the_same_order(monkeypatch):
    monkeypatch.setattr(tokens, "_CHUNK", 2)
    monkeypatch.setattr(tokens, "_WORTH_A_PROCESS", 2)
    texts = [f"Who isn't number {number}?" for number in range(7)]
    alone = tokenize(texts, "en", RULES, processes=1)
    assert [token_list[4] for token_list in alone] == list("0123456")
    assert tokenize(texts, "en", RULES, processes=2) == alone


def test_a_new_process_does_not_run_the_script_again(monkeypatch):
    script = ModuleType("__main__")
    script.__file__ = "/a/script.py"
    monkeypatch.setitem(sys.modules, "__main__", script)
    assert any(key.startswith("init_main") for key in get_preparation_data("alone"))
    with tokens._hidden_main():
        assert not any(key.startswith("init_main") for key in get_preparation_data("alone"))


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
