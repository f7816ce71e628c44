"""Tests of the translation and evaluation of a whole split, with and without tags of versions."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.settings import defaults
from tests.translation.toys import SOURCE_WIDTH, TARGET_WIDTH, decoding_settings, settings
from wordbridge.corpus.batches import read_parallel
from wordbridge.corpus.ids import write_ids
from wordbridge.corpus.pairs import TokenizedPair, token_lists, versions
from wordbridge.corpus.special_tokens import EOS, SPECIALS, UNK
from wordbridge.corpus.vocabulary import Vocabulary, numericalize
from wordbridge.errors import InputError
from wordbridge.translation.decoding import translate_ids
from wordbridge.translation.losses import greedy_validation, nll_per_token
from wordbridge.translation.scores import evaluate
from wordbridge.translation.settings import Settings
from wordbridge.translation.translate import (
    check_references,
    natural_text,
    replace_unknown,
    translate_split,
)
from wordbridge.translation.translations import EvaluationSentence
from wordbridge.translation.translator import Translator

FRENCH, ENGLISH = ["qui", "vient", "où", "?"], ["who", "where", "comes", "is", "now", "he", "?"]
WORDS = {
    language: Vocabulary((*SPECIALS, *words), (0,) * 4 + (2,) * len(words))
    for language, words in (("fr", FRENCH), ("en", ENGLISH))
}
NAMES = ["4", "k", "3"]
UNKNOWN = SPECIALS[UNK]
MODEL: Settings = settings({"model": {"attention": True}}, training={"batch_size": 5})


def pair(number: int, fr: str, en: str, split: str, version: str) -> TokenizedPair:
    tokens = fr.lower().split(), en.lower().split()
    return TokenizedPair(f"v{number}", f"v{number}", fr, en, "l", version, *tokens, split)


PAIRS = [
    pair(1, "Qui ?", "Where ?", "train", "4"),
    pair(2, "Qui vient ?", "Who comes now ?", "test", "k"),
    pair(2, "Qui vient ?", "Who comes ?", "test", "4"),
    pair(3, "Où ?", "Where ?", "valid", "3"),
    pair(4, "Rome ?", "Is he ?", "test", "3"),
    pair(5, "Où vient ?", "Where is ?", "test", "4"),
]


def model(tags: int) -> Translator:
    torch.manual_seed(5)
    source = torch.randn(len(WORDS["fr"]) + tags, SOURCE_WIDTH)
    return Translator(MODEL.model, source, torch.randn(len(WORDS["en"]), TARGET_WIDTH)).eval()


def description(names: list[str]) -> dict[str, Any]:
    return {
        "direction": "fr-en",
        "target_versions": names,
        "source": [len(WORDS["fr"]) + len(names), SOURCE_WIDTH],
        "settings": asdict(MODEL),
        "epochs": 3,
        "best_epoch": 2,
        "parameters": 7,
        "precision": "float32",
    }


def options(**decoding: Any) -> dict[str, Any]:
    changed = defaults("decoding") | {"max_steps": 6} | decoding
    return {"split": "test", "tokenizer": "spacy", "lowercase": True, "decoding": changed}


# The first version of a text in the scored split is asked for: k, then 3, then 4.
@pytest.mark.parametrize(
    ("names", "tags", "shown"),
    [(NAMES, [[9], [10], [8]], [["<k>"], ["<3>"], ["<4>"]]), ([], [[], [], []], [[], [], []])],
)
def test_a_tag_asks_for_the_version_of_the_first_reference(
    names: list[str], tags: list[list[int]], shown: list[list[str]]
) -> None:
    results, times = translate_split(model(len(names)), description(names), PAIRS, WORDS, options())
    texts = [[4, 5, 7, EOS], [UNK, 7, EOS], [6, 5, 7, EOS]]
    given = [np.array([*tag, *ids]) for tag, ids in zip(tags, texts, strict=True)]
    expected = translate_ids(model(len(names)), given, decoding_settings(max_steps=6))
    assert [one.source for one in results] == ["Qui vient ?", "Rome ?", "Où vient ?"]
    assert [one.reference for one in results] == ["Who comes now ?", "Is he ?", "Where is ?"]
    for one, tag, ids, hypothesis in zip(results, shown, given, expected, strict=True):
        assert one.source_tokens == [*tag, *one.source.lower().split()]
        assert one.tokens == WORDS["en"].tokens(hypothesis.ids.tolist())
        assert one.log_probability == pytest.approx(hypothesis.log_probability, abs=1e-5)
        assert one.attention is not None
        assert one.attention.shape[1] == len(ids)
    assert times["sentences"] == 3


def test_another_tag_gives_another_translation() -> None:
    turned = [one._replace(en_version="4") for one in PAIRS]
    first, second = (
        translate_split(model(3), description(NAMES), pairs, WORDS, options())[0]
        for pairs in (PAIRS, turned)
    )
    changed = [
        one.log_probability != other.log_probability
        for one, other in zip(first, second, strict=True)
    ]
    assert changed == [True, True, False]


def test_unknown_words_are_never_replaced_by_a_tag() -> None:
    unknown_model = model(3)
    unknown_model.decoder.output.bias.data[UNK] = 100.0
    results, _ = translate_split(
        unknown_model, description(NAMES), PAIRS, WORDS, options(replace_unknown=True, max_steps=3)
    )
    for one in results:
        assert len(one.tokens) == 3
        assert set(one.tokens) <= set(one.source.lower().split())


def test_vocabularies_without_the_models_tags_are_an_error() -> None:
    with pytest.raises(InputError, match="vocabularies"):
        translate_split(model(3), description(["4"]), PAIRS, WORDS, options())


@pytest.mark.parametrize("names", [NAMES, []])
def test_losses_use_the_tags_of_the_model(names: list[str], tmp_path: Path) -> None:
    ids = tmp_path / "fr.npz", tmp_path / "en.npz"
    for language, path in zip(("fr", "en"), ids, strict=True):
        texts, splits = token_lists(PAIRS, language, "all"), [one.split for one in PAIRS]
        named = versions(PAIRS, language)  # numbered as they come: 4, k, 3
        write_ids(numericalize(texts, splits, WORDS[language], 100, "all", True, named), path)
    results, _ = translate_split(model(len(names)), description(names), PAIRS, WORDS, options())
    scores, sentences = evaluate(
        model(len(names)),
        description(names),
        tuple(map(str, ids)),
        PAIRS,
        results,
        options(),  # type: ignore[arg-type]
    )
    first_tag = len(WORDS["fr"]) if names else None
    test, valid = (read_parallel(*ids, split, "fr-en", first_tag) for split in ("test", "valid"))
    assert scores["nll_per_token"] == pytest.approx(nll_per_token(model(len(names)), test, 8))
    nats, tokens = sum(row.statistics["nll"] for row in sentences)
    assert nats / tokens == pytest.approx(scores["nll_per_token"])
    assert scores["validation_loss"] == pytest.approx(
        greedy_validation(model(len(names)), valid, 8).loss
    )


def test_an_unknown_word_becomes_the_source_word_with_the_most_attention() -> None:
    attention = np.array([[0.1, 0.2, 0.7], [0.6, 0.3, 0.1], [0.2, 0.3, 0.5]])  # the end's as well
    assert replace_unknown(["a", UNKNOWN, "b"], ["x", "y"], attention) == ["a", "x", "b"]
    assert replace_unknown([UNKNOWN, "b"], ["x", "y"], attention) == ["y", "b"]
    assert replace_unknown([UNKNOWN], ["x"], None) == [UNKNOWN]
    assert replace_unknown([UNKNOWN], [], attention) == [UNKNOWN]
    assert replace_unknown([], ["x"], attention) == []


@pytest.mark.parametrize(
    ("source", "has_tag", "expected"),
    [
        (["<l>", "x"], True, ["x", "x"]),
        (["<l>", "x"], False, ["x", "<l>"]),
        (["<l>"], True, [UNKNOWN, UNKNOWN]),
    ],
)
def test_a_tag_is_no_word_to_be_copied(
    source: list[str], has_tag: bool, expected: list[str]
) -> None:
    attention = np.array([[0.2, 0.3, 0.5], [0.7, 0.2, 0.1]])
    assert replace_unknown([UNKNOWN, UNKNOWN], source, attention, has_tag) == expected


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        (["who", "\n", "comes", "\u2028", "?"], "who comes?"),
        (["who\u2029is", "\t", "now\x85"], "who is now"),
        (["\n"], ""),
    ],
)
def test_a_translation_is_one_line(tokens: list[str], text: str) -> None:
    assert natural_text(tokens, "en", "spacy") == text


def test_a_text_beyond_the_limit_is_cut_and_the_others_stay(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    uncut, _ = translate_split(model(0), description([]), PAIRS, WORDS, options())
    longer = [*PAIRS, pair(6, "Qui " * 9, "Who ?", "test", "4")]
    monkeypatch.setattr("wordbridge.translation.translate.MAX_TOKENS", 5)
    cut, _ = translate_split(model(0), description([]), longer, WORDS, options())
    assert [row.tokens for row in cut[:-1]] == [row.tokens for row in uncut]
    assert cut[-1].source_tokens == ["qui"] * 5
    assert "warning: cut 1 texts of more than 5 tokens" in capsys.readouterr().err


def sentences(*texts: str) -> list[EvaluationSentence]:
    rows = [pair(7, "Qui ?", text, "test", "4") for text in texts]
    return [EvaluationSentence(row.fr, row.en, [row.en], row) for row in rows]


WRITABLE = "WHO where Comes?"


@pytest.mark.parametrize(
    ("texts", "warning"),
    [
        ([WRITABLE], ""),
        ([WRITABLE, *["Who\u2019s now ?"] * 9], ""),
        (
            [WRITABLE, *["Who\u2019s now ?"] * 10],
            "can write 1 of 11 references; its en words lack the characters \u2019;",
        ),
        (["Who\u2019s “he ?"], "can write 0 of 1 references"),
        (["Кто this ?"], "can write 0 of 1 references"),
    ],
)
def test_references_that_the_model_cannot_write_are_a_warning(
    texts: list[str], warning: str, capsys: pytest.CaptureFixture[str]
) -> None:
    check_references(sentences(*texts), WORDS["en"], "en")
    error = capsys.readouterr().err
    assert warning in error
    assert bool(error) == bool(warning)


def test_references_without_any_word_of_the_vocabulary_are_an_error() -> None:
    with pytest.raises(
        InputError, match="expected words of the en vocabulary, got none of кто это"
    ):
        check_references(sentences("Кто это", "Кто"), WORDS["en"], "en")
