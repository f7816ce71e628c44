import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wordbridge.corpus.escapes import escape_token, join_tokens, split_tokens, unescape_token
from wordbridge.errors import InputError

quick = settings(derandomize=True, max_examples=100, deadline=None, database=None)
awkward = st.text(" \\esntru02abé\n\t\r\v\0\x85\u00a0\u2028\u3000😀", max_size=6)


@pytest.mark.parametrize(
    ("token", "field"),
    [
        ("where", "where"),
        ("", "\\e"),
        (" ", "\\s"),
        ("\n\t\r", "\\n\\t\\r"),
        ("a\\sb", "a\\\\sb"),
        ("\\e", "\\\\e"),
        ("1\u00a0000", "1\\u00a0000"),
        ("\u2028", "\\u2028"),
        ("où", "où"),
    ],
)
def test_an_escaped_token_has_no_space_and_comes_back(token, field):
    assert escape_token(token) == field
    assert unescape_token(field) == token


@quick
@given(st.lists(awkward, max_size=5))
def test_any_token_list_comes_back_from_one_line(tokens):
    line = join_tokens(tokens)
    assert split_tokens(line) == tokens
    assert len(line.splitlines()) <= 1
    assert "\t" not in line


@pytest.mark.parametrize("field", ["\\q", "a\\", "\\u12", "\\u00G0", "\\ex"])
def test_an_escape_that_is_never_written_is_an_error(field):
    with pytest.raises(InputError, match="unknown escape"):
        unescape_token(field)
