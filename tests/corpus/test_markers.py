from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordbridge.corpus.markers import MarkerRules, mark, undo

quick = settings(derandomize=True, max_examples=100, deadline=None, database=None)
ALL = MarkerRules()
NONE = MarkerRules(**{rule.name: False for rule in fields(MarkerRules)})

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
    assert mark(text, ALL) == marked


@pytest.mark.parametrize(("rule", "text", "marked"), CASES)
def test_each_rule_can_be_switched_off(rule, text, marked):
    without = mark(text, replace(ALL, **{rule: False}))
    assert (without == marked) == (text == marked or (rule, text) in SAME_WITHOUT)


SAME_WITHOUT = {("capitals", "the UN"), ("capitals", "AAAA")}


def test_without_rules_a_text_stays_as_it_is():
    text = "NASA no no no no   aaaa a/b<br>"
    assert mark(text, NONE) == text


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
        # what a model may write
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
def test_undoing_writes_the_markers_out(tokens, plain):
    assert undo(tokens.split()) == plain.split()


def test_undoing_drops_white_space_and_bounds_counts():
    assert undo([" ", "who", "\n"]) == ["who"]
    assert len(undo(["tk_wrep", "99999999", "no"])) == 100


@quick
@given(st.lists(st.sampled_from(["who", "NASA", "Is", "IT", "ABCD", "?", "7"]), max_size=8))
def test_capital_words_come_back(words):
    rules = replace(NONE, capitals=True)
    assert undo(mark(" ".join(words), rules).split()) == words


@quick
@given(st.lists(st.tuples(st.sampled_from(["so", "21", "x37"]), st.integers(4, 9)), max_size=4))
def test_repeated_ends_of_words_come_back(parts):
    words = [word + word[-1] * count for word, count in parts]
    rules = replace(NONE, repeated_characters=True, spacing=True)
    assert undo(mark(" ".join(words), rules).split()) == words
