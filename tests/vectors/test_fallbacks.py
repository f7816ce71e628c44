"""Alternative spellings of words without a vector."""

import pytest

from wordbridge.vectors.fallbacks import SPELLINGS, SUBWORDS, candidates

# ruff: noqa: RUF001


@pytest.mark.parametrize(
    ("fallback", "token", "expected"),
    [
        ("case", "yahweh", ["Yahweh", "YAHWEH"]),
        ("case", "jean-paul", ["Jean-paul", "Jean-Paul", "JEAN-PAUL"]),
        ("case", "LORD", ["lord", "Lord"]),
        ("case", "?", []),
        ("apostrophe", "l'", ["l’"]),
        ("apostrophe", "aujourd’hui", ["aujourd'hui"]),
        ("apostrophe", "o`clock", ["o'clock", "o’clock"]),
        ("apostrophe", "chat", []),
        ("elision", "l'", ["le", "l"]),
        ("elision", "d’", ["de", "d"]),
        ("elision", "qu'", ["que", "qu"]),
        ("elision", "Jusqu’", ["Jusqu", "jusque", "jusqu"]),
        ("elision", "l’eau", ["eau", "l'eau"]),
        ("elision", "'s", ["s"]),
        ("elision", "n’t", ["not"]),
        ("elision", "john's", ["john"]),
        ("elision", "'twas'", ["twas"]),
        ("elision", "'", []),
        ("elision", "eau", []),
        ("hyphen", "-il", ["il"]),
        ("hyphen", "-t-il", ["t-il", "il", "til"]),
        ("hyphen", "porte-t-elle", ["porte elle", "portetelle"]),
        ("hyphen", "co‐operate", ["co-operate", "co operate", "cooperate"]),
        ("hyphen", "-", []),
        ("hyphen", "-t-", ["t"]),
        ("subwords", "chats", []),
    ],
)
def test_candidates_of_a_token(fallback: str, token: str, expected: list[str]) -> None:
    assert [" ".join(form) for form in candidates(token, fallback)] == expected


@pytest.mark.parametrize("fallback", [*SPELLINGS, SUBWORDS])
@pytest.mark.parametrize("token", ["", " ", "\n", "'", "''", "--", "’", "a", "日本", "𝒳"])
def test_candidates_are_neither_empty_nor_the_token_itself(token: str, fallback: str) -> None:
    for form in candidates(token, fallback):
        assert form != (token,)
        assert form
        assert all(form)
