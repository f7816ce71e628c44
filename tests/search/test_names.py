"""The words of names that say something."""

import pytest

from wordbridge.search.names import bare_name, content_words


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("A dog.", "en", ["dog"]),
        ("Un bateau à voile", "fr", ["bateau", "voile"]),
        ("L\u2019Étoile de mer", "fr", ["étoile", "mer"]),
        ("l'e\u0301toile", "fr", ["étoile"]),
        ("Guinea-pig 2", "en", ["guinea-pig"]),
        ("where is the boat ?", "en", ["boat"]),
        ("The", "en", ["the"]),
        ("42!", "fr", []),
    ],
)
def test_articles_and_the_like_are_left_out(text: str, language: str, words: list[str]):
    assert content_words(text, language) == words


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("Une grenouille.", "grenouille"),
        ("De la lavande", "lavande"),
        ("de l'eau !", "eau"),
        ("L\u2019Étoile de mer", "Étoile de mer"),
        ("Les\u00a0ours\u00a0?", "ours"),
        ("lampe de poche", "lampe de poche"),
        ("Une", "Une"),
        ("l'", "l'"),
    ],
)
def test_a_bare_name_has_no_article_and_no_marks(name: str, bare: str):
    assert bare_name(name) == bare
