"""Tests of translations and attention on disk, and of the sentences to evaluate."""

from pathlib import Path

import numpy as np
import pytest

from wordbridge.arrays import write_npz
from wordbridge.corpus.pairs import TokenizedPair
from wordbridge.errors import InputError
from wordbridge.translation.translations import (
    COLUMNS,
    EvaluationSentence,
    Translation,
    evaluation_sentences,
    read_attention,
    read_translations,
    write_attention,
    write_translations,
)

MADE = [
    Translation("Où ?", "Where?", "where is it ?", ["où", "?"], ["where", "\n", "?"], -1.25),
    Translation("Qui  va ?", "Who?", "", ["qui", "va"], [], float("-inf")),
]


def test_translations_come_back(tmp_path: Path) -> None:
    write_translations(tmp_path / "t.tsv", MADE)
    first, second = read_translations(tmp_path / "t.tsv")
    assert (first.source, first.reference, first.hypothesis) == ("Où ?", "Where?", "where is it ?")
    assert (first.source_tokens, first.tokens) == (["où", "?"], ["where", "\n", "?"])
    assert first.log_probability == -1.25
    assert (second.source, second.tokens) == ("Qui  va ?", [])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "expected the columns source"),
        ("a\tb\n", "expected the columns source"),
        ("source\treference\n1\t2\n", "expected the columns source"),
        ("\t".join(COLUMNS) + "\n1\t2\n", "line 2: expected 6 columns, got 2"),
    ],
)
def test_another_table_is_an_error(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "t.tsv"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        read_translations(path)


def test_attention_is_read_in_order(tmp_path: Path) -> None:
    weights = [np.random.RandomState(size).rand(size, 5 - size) for size in (1, 2, 3)]
    texts = [Translation("", "", "", [], [], 0.0, weight.astype(np.float32)) for weight in weights]
    write_attention(tmp_path / "a.npz", texts)
    for read, weight in zip(read_attention(tmp_path / "a.npz"), weights, strict=True):
        np.testing.assert_allclose(read, weight, rtol=1e-6)


@pytest.mark.parametrize(
    ("steps", "words", "message"),
    [
        ([2], [4], "expected 8 weights, got 6; delete the file"),
        ([1, 1], [2, 3], "expected 5 weights, got 6"),
    ],
)
def test_attention_weights_that_do_not_fit_their_shapes_are_an_error(
    tmp_path: Path, steps: list[int], words: list[int], message: str
) -> None:
    arrays = {"weights": np.ones(6), "steps": np.array(steps), "words": np.array(words)}
    types = {"weights": np.float32, "steps": np.int32, "words": np.int32}
    write_npz(tmp_path / "a.npz", arrays, types)
    with pytest.raises(InputError, match=message):
        read_attention(tmp_path / "a.npz")


def rows(*lines: str) -> list[TokenizedPair]:
    """Return pairs without tokens, each from "item | split | fr | en"."""
    pairs = []
    for line in lines:
        item, split, fr, en = line.split(" | ")
        pairs.append(TokenizedPair(item, item, fr, en, "", "", [], [], split))
    return pairs


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


def test_every_distinct_source_occurs_once_with_all_versions_of_its_items() -> None:
    assert evaluation_sentences(PAIRS) == [
        EvaluationSentence(
            source="Où est-il ?",
            reference="Where is he?",
            references=["Where is he?", "Where is he now?", "Where is it?"],
            pair=PAIRS[1],
        ),
        EvaluationSentence(
            source="Où est-il donc ?",
            reference="Where is he now?",
            references=["Where is he now?", "Where is he?"],
            pair=PAIRS[2],
        ),
        EvaluationSentence("Pourquoi ?", "Why?", ["Why?"], PAIRS[7]),
    ]


def test_either_language_may_be_the_source() -> None:
    sentences = evaluation_sentences(PAIRS, source="en", target="fr")
    assert [sentence.source for sentence in sentences] == [
        "Where is he?",
        "Where is he now?",
        "Where is it?",
        "Why?",
    ]
    assert sentences[1].reference == "Où est-il donc ?"
    assert sentences[1].references == ["Où est-il donc ?", "Où est-il ?"]


def test_only_the_pairs_of_the_split_are_used() -> None:
    assert [sentence.references for sentence in evaluation_sentences(PAIRS, split="valid")] == [
        ["Where may he be?"]
    ]


def test_texts_stay_unchanged() -> None:
    pairs = rows("7 | test | L\u2019a-t-il\u202f? | Has  HE?")
    sentence = evaluation_sentences(pairs)[0]
    assert (sentence.source, sentence.reference) == ("L\u2019a-t-il\u202f?", "Has  HE?")


def test_an_empty_split_is_an_error_with_its_name() -> None:
    with pytest.raises(InputError, match="no pair in the split 'dev'"):
        evaluation_sentences(PAIRS, split="dev")
