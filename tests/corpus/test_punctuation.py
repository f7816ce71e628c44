import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordbridge.corpus.punctuation import normalise

quick = settings(derandomize=True, max_examples=100, deadline=None, database=None)


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
    assert normalise(raw) == plain


@quick
@given(st.text("ae\u0301 \u00a0\u202f\u2019'\u201c\u00ab\u00bb\u2039\u2014-\u00ad?\n", max_size=12))
def test_a_second_call_changes_nothing(text):
    assert normalise(normalise(text)) == normalise(text)
