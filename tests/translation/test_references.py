"""Tests of the choice of sentences and references for the evaluation."""

import pytest

from wordbridge.errors import InputError
from wordbridge.translation.references import EvaluationSentence, evaluation_sentences


def rows(*lines: str) -> list[dict[str, str]]:
    """Return rows of a pair table, each given as "item | part | fr | en"."""
    names = ("item", "part", "fr", "en")
    return [dict(zip(names, line.split(" | "), strict=True)) for line in lines]


PAIRS = rows(
    "v1 | train | Qui vive ? | Who lives?",
    "v2 | test | Où est-il ? | Where is he?",
    "v2 | test | Où est-il donc ? | Where is he now?",
    "v2 | valid | Où est-il ? | Where may he be?",
    "v3 | test | Où est-il ? | Where is it?",
    "v2 | test | Où est-il ? | Where is he now?",
    "v2 | test | Où est-il ? | Where is he?",
    "v4 | test | Pourquoi ? | Why?",
)


def test_every_distinct_source_comes_once_with_all_versions_of_its_items() -> None:
    assert evaluation_sentences(PAIRS) == [
        EvaluationSentence(
            source="Où est-il ?",
            items=("v2", "v3"),
            reference="Where is he?",
            references=("Where is he?", "Where is he now?", "Where is it?"),
            pair=PAIRS[1],
        ),
        EvaluationSentence(
            source="Où est-il donc ?",
            items=("v2",),
            reference="Where is he now?",
            references=("Where is he now?", "Where is he?"),
            pair=PAIRS[2],
        ),
        EvaluationSentence("Pourquoi ?", ("v4",), "Why?", ("Why?",), PAIRS[7]),
    ]


def test_the_direction_is_a_matter_of_column_names() -> None:
    sentences = evaluation_sentences(PAIRS, source_column="en", target_column="fr")
    assert [sentence.source for sentence in sentences] == [
        "Where is he?",
        "Where is he now?",
        "Where is it?",
        "Why?",
    ]
    assert sentences[1].reference == "Où est-il donc ?"
    assert sentences[1].references == ("Où est-il donc ?", "Où est-il ?")


def test_only_the_asked_part_is_used() -> None:
    assert [sentence.references for sentence in evaluation_sentences(PAIRS, part="valid")] == [
        ("Where may he be?",)
    ]


def test_texts_are_left_as_they_are() -> None:
    pairs = rows("7 | test | L\u2019a-t-il\u202f? | Has  HE?")
    sentence = evaluation_sentences(pairs)[0]
    assert (sentence.source, sentence.reference) == ("L\u2019a-t-il\u202f?", "Has  HE?")


def test_an_empty_part_is_an_error_that_names_it() -> None:
    with pytest.raises(InputError, match="no pair in the part 'dev'"):
        evaluation_sentences(PAIRS, part="dev")
