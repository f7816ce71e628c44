import pytest

from wordbridge.corpus.question_words import ENGLISH, FRENCH, TRANSLATIONS, find_question


@pytest.mark.parametrize(
    ("sentence", "text", "kind", "introducer"),
    [
        ("Where is he?", "Where is he?", "place", "nothing"),
        ("And what is it?", "what is it?", "what", "nothing"),
        ("But then, why is it so?", "why is it so?", "why", "nothing"),
        ("And he said unto him, What doest thou?", "What doest thou?", "what", "speech"),
        ("He said, And who is it?", "who is it?", "who", "speech"),
        ("He is strong; who can stop him?", "who can stop him?", "who", "speech"),
        (
            "O LORD, why castest thou off my soul?",
            "why castest thou off my soul?",
            "why",
            "address",
        ),
        ("My God, my God, why art thou so far?", "why art thou so far?", "why", "address"),
        ("Saul, Saul, why persecutest thou me?", "why persecutest thou me?", "why", "address"),
        ("If he asks, what shall I say?", "what shall I say?", "what", "condition"),
        ("When he came, they asked him, Where is he?", "Where is he?", "place", "speech"),
        ("When shall I come?", "When shall I come?", "time", "nothing"),
        ("What number of loaves have ye?", "What number of loaves have ye?", "amount", "nothing"),
        ("Wherewith shall it be salted?", "Wherewith shall it be salted?", "means", "nothing"),
    ],
)
def test_an_english_question_begins_at_its_question_word(
    sentence: str, text: str, kind: str, introducer: str
):
    span = find_question(sentence, ENGLISH)
    assert span is not None
    assert (span.text, span.kind, span.introducer) == (text, kind, introducer)


@pytest.mark.parametrize(
    "sentence",
    [
        "Is he there?",
        "How is he?",
        "Jonathan, who has worked this great salvation, shall he die?",
        "When he came to the city, was it day?",
        "Which also said, Is it so?",
        "Where he is, may we be?",
        "Whether thou shalt save thy wife?",
        "Whatever he says, is it true?",
        "Have you seen the man, where he was?",
    ],
)
def test_relatives_and_conjunctions_do_not_begin_an_english_question(sentence: str):
    assert find_question(sentence, ENGLISH) is None


@pytest.mark.parametrize(
    ("sentence", "text", "kind", "introducer"),
    [
        ("Où est-il?", "Où est-il?", "où", "nothing"),
        ("Mais pourquoi pleures-tu?", "pourquoi pleures-tu?", "pourquoi", "nothing"),
        ("Et il lui dit: Quoi donc?", "Quoi donc?", "quoi", "speech"),
        ("Éternel, où es\u2019tu ?", "où es\u2019tu ?", "où", "address"),
        ("Jérusalem, pourquoi pleures-tu?", "pourquoi pleures-tu?", "pourquoi", "address"),
        ("Femme, qui est-ce?", "qui est-ce?", "qui", "address"),
        ("S'il demande, que dirai-je?", "que dirai-je?", "que", "condition"),
        ("À qui est-ce?", "À qui est-ce?", "qui", "nothing"),
        ("D\u2019où viens-tu ?", "D\u2019où viens-tu ?", "où", "nothing"),
        ("Jusqu'où ira-t-il?", "Jusqu'où ira-t-il?", "où", "nothing"),
        ("D'où vient cela?", "D'où vient cela?", "pourquoi", "nothing"),
        ("Laquelle est-ce?", "Laquelle est-ce?", "lequel", "nothing"),
        ("Par quelle porte?", "Par quelle porte?", "quel", "nothing"),
        ("Quand viendra-t-il?", "Quand viendra-t-il?", "quand", "nothing"),
        ("Qu'est-ce que c'est?", "Qu'est-ce que c'est?", "que", "nothing"),
        ("Quand il vint, il dit: Que faites-vous?", "Que faites-vous?", "que", "speech"),
    ],
)  # fmt: skip
def test_a_french_question_begins_at_its_question_word(
    sentence: str, text: str, kind: str, introducer: str
):
    span = find_question(sentence, FRENCH)
    assert span is not None
    assert (span.text, span.kind, span.introducer) == (text, kind, introducer)


@pytest.mark.parametrize(
    "sentence",
    [
        "Est-il là?",
        "N'est-ce pas l'homme, qui parle?",
        "Quand il viendra, le verra-t-on?",
        "Qu'il vienne, est-ce trop?",
        "Que je meure ici, est-ce juste?",
        "Où tu iras, irai-je aussi?",
    ],
)
def test_relatives_and_conjunctions_do_not_begin_a_french_question(sentence: str):
    assert find_question(sentence, FRENCH) is None


def test_any_use_of_a_question_word_can_count():
    sentence = "When he came to the city, was it day?"
    assert find_question(sentence, ENGLISH) is None
    span = find_question(sentence, ENGLISH, any_use=True)
    assert span is not None
    assert span.kind == "time"


def test_every_kind_of_english_question_has_french_kinds():
    assert set(TRANSLATIONS) == set(ENGLISH.kinds)
    assert set().union(*TRANSLATIONS.values()) == set(FRENCH.kinds)
