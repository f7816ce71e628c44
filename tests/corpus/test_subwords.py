import pytest

from wordbridge.corpus.detokenizer import join_pieces
from wordbridge.corpus.pairs import TokenizedPair
from wordbridge.corpus.subwords import (
    read_sentencepiece,
    segment_pairs,
    segment_texts,
    train_sentencepiece,
    train_subwords,
    write_sentencepiece,
)
from wordbridge.errors import InputError

TEXTS = [
    f"{question} {verb} the {noun} of {owner} ?"
    for question in ("who", "what", "where")
    for verb in ("is", "was")
    for noun in ("minister", "ministry", "administration")
    for owner in ("canada", "quebec")
]


@pytest.fixture(scope="module")
def model():
    return train_sentencepiece(TEXTS, 60)


def test_equal_texts_give_equal_models():
    assert train_sentencepiece(TEXTS, 60) == train_sentencepiece(TEXTS, 60)


def test_pieces_spell_their_words(model):
    texts = [*TEXTS, "who is mini t_up canada n't", "zebra \u4e2d ?", ""]
    cut = segment_texts(texts, model)
    assert [join_pieces(pieces) for pieces in cut] == [text.split() for text in texts]
    assert len(cut[-3]) > len(texts[-3].split())


def test_segmented_pairs_differ_in_their_tokens_alone(model):
    pairs = [
        TokenizedPair("1", "a", "Qui ?", "Who?", "", "", ["quebec", "?"], ["who", "?"], "train"),
        TokenizedPair("2", "b", "O\u00f9 ?", "Where?", "", "", ["is"], ["where", "minis"], "test"),
    ]
    cut = segment_pairs(pairs, {"fr": model, "en": train_sentencepiece(TEXTS, 40)})
    for before, after in zip(pairs, cut, strict=True):
        assert after[:6] + after[8:] == before[:6] + before[8:]
        assert join_pieces(after.fr_tokens) == before.fr_tokens
        assert join_pieces(after.en_tokens) == before.en_tokens


def test_models_are_trained_on_the_train_split_alone():
    train = [
        TokenizedPair("1", "a", "", "", "", "", text.split(), text.split(), "train")
        for text in TEXTS
    ]
    test = TokenizedPair("2", "b", "", "", "", "", ["que"] * 99, ["zebra"] * 99, "test")
    model = train_sentencepiece(TEXTS, 60)
    assert train_subwords([*train, test], 60) == {"fr": model, "en": model}


def test_a_model_round_trips_through_its_file(tmp_path, model):
    write_sentencepiece(tmp_path / "fr.model", model)
    assert read_sentencepiece(tmp_path / "fr.model") == model


@pytest.mark.parametrize(
    "damage", [lambda _: b"<html>", lambda m: m.replace("▁".encode(), b"\xff" * 3)]
)
def test_a_file_that_is_no_model_or_has_no_text_is_an_error(tmp_path, model, damage):
    (tmp_path / "fr.model").write_bytes(damage(model))
    with pytest.raises(InputError, match=r"fr\.model: expected a SentencePiece model"):
        read_sentencepiece(tmp_path / "fr.model")


@pytest.mark.parametrize(("texts", "size"), [([], 20), (TEXTS, 5)])
def test_too_little_text_is_an_error(texts, size):
    with pytest.raises(InputError, match=f"cannot learn {size} pieces"):
        train_sentencepiece(texts, size)
