"""Tokens segmented into SentencePiece pieces, of which hardly any is unknown."""

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path

import sentencepiece

from wordbridge.corpus.pairs import TokenizedPair, token_lists
from wordbridge.errors import InputError, shorten
from wordbridge.files import atomic_write


def train_subwords(pairs: Sequence[TokenizedPair], size: int) -> dict[str, bytes]:
    """Return a SentencePiece model of the train and auxiliary text by language ("fr", "en")."""
    return {
        language: train_sentencepiece(map(" ".join, token_lists(pairs, language, "train")), size)
        for language in ("fr", "en")
    }


def train_sentencepiece(texts: Iterable[str], size: int) -> bytes:
    """Return a unigram model (Kudo 2018) with at most ``size`` pieces, trained on ``texts``.

    Equal texts give equal bytes. Raises InputError when there is too little text.
    """
    model = BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=model,
            vocab_size=size,
            hard_vocab_limit=False,  # a small corpus may have fewer pieces
            model_type="unigram",
            character_coverage=1.0,  # a rare letter costs one piece, an unknown one costs words
            normalization_rule_name="identity",  # the tokens are normalized already
            num_threads=1,
            minloglevel=2,
        )
    except (RuntimeError, OSError) as error:
        raise InputError(
            f"SentencePiece cannot learn {size} pieces ({shorten(error)}); "
            "choose another number of pieces or add text"
        ) from error
    return model.getvalue()


def write_sentencepiece(path: str | Path, model: bytes) -> None:
    """Write a model, which any SentencePiece program can read."""
    with atomic_write(path) as partial:
        partial.write_bytes(model)


def read_sentencepiece(path: str | Path) -> bytes:
    """Return the model at ``path``. Raises InputError when the file is no model."""
    try:
        model = Path(path).read_bytes()
        processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        # A piece that is no UTF-8 raises ValueError here, not later for the text that needs it.
        if not [processor.id_to_piece(number) for number in range(len(processor))]:
            raise ValueError("no pieces")
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(
            f"{path}: expected a SentencePiece model, got none ({shorten(error)}); "
            "delete the file and make it again"
        ) from error
    return model


def segment_texts(texts: Sequence[str], model: bytes) -> list[list[str]]:
    """Return the pieces of each text, in order; ``join_pieces`` returns its words."""
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    pieces: list[list[str]] = processor.encode(list(texts), out_type=str, num_threads=1)
    return pieces


def segment_pairs(
    pairs: Sequence[TokenizedPair], models: Mapping[str, bytes]
) -> list[TokenizedPair]:
    """Return ``pairs`` with the pieces of their tokens as tokens; ``models`` by language.

    Pairs are selected by their words beforehand, so that both tokenizers keep the same pairs.
    """
    fr = segment_texts([" ".join(pair.fr_tokens) for pair in pairs], models["fr"])
    en = segment_texts([" ".join(pair.en_tokens) for pair in pairs], models["en"])
    return [
        pair._replace(fr_tokens=fr_pieces, en_tokens=en_pieces)
        for pair, fr_pieces, en_pieces in zip(pairs, fr, en, strict=True)
    ]
