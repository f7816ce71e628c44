"""Tokens cut into pieces of words by SentencePiece: hardly any word is unknown then."""

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path

import sentencepiece

from wordbridge.corpus.pairs import TokenizedPair
from wordbridge.errors import InputError, shorten
from wordbridge.files import atomic_write


def train_subwords(texts: Iterable[str], size: int) -> bytes:
    """Return a SentencePiece model with at most ``size`` pieces, learned from ``texts``.

    They are those of a unigram model (Kudo 2018). One thread and no sampling, so that equal texts
    give equal bytes. Raises InputError when the texts do not suffice.
    """
    model = BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(texts),
            model_writer=model,
            vocab_size=size,
            hard_vocab_limit=False,  # a small corpus may have fewer pieces
            model_type="unigram",
            character_coverage=1.0,  # a rare letter costs one piece, a lost one costs words
            normalization_rule_name="identity",  # the tokens are normalised already
            num_threads=1,
            minloglevel=2,
        )
    except (RuntimeError, OSError) as error:
        raise InputError(
            f"SentencePiece cannot learn {size} pieces ({' '.join(str(error).split())}); "
            "choose another number of pieces or give it more text"
        ) from error
    return model.getvalue()


def write_subwords(path: str | Path, model: bytes) -> None:
    """Write a model, which any SentencePiece program can read."""
    with atomic_write(path) as partial:
        partial.write_bytes(model)


def read_subwords(path: str | Path) -> bytes:
    """Return the model at ``path``. Raises InputError when it is none."""
    try:
        model = Path(path).read_bytes()
        pieces = _pieces(model) if model else []
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(
            f"{path}: expected a SentencePiece model, got none ({shorten(error)}); "
            "delete the file and make it again"
        ) from error
    if not pieces:
        raise InputError(
            f"{path}: expected a SentencePiece model, got one without pieces; "
            "delete the file and make it again"
        )
    return model


def _pieces(model: bytes) -> list[str]:
    """Return all pieces; raises ValueError when one is no UTF-8, which a text might need later."""
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    return [processor.id_to_piece(number) for number in range(len(processor))]


def segment_texts(texts: Sequence[str], model: bytes) -> list[list[str]]:
    """Return the pieces of each text, in order; ``pieces.join_pieces`` gives its words back."""
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    pieces: list[list[str]] = processor.encode(list(texts), out_type=str, num_threads=1)
    return pieces


def segment_pairs(
    pairs: Sequence[TokenizedPair], models: Mapping[str, bytes]
) -> list[TokenizedPair]:
    """Return the same pairs with pieces of their tokens for tokens; ``models`` by language.

    Pairs are chosen by their words before, so that both kinds of tokens meet the same pairs.
    """
    fr = segment_texts([" ".join(pair.fr_tokens) for pair in pairs], models["fr"])
    en = segment_texts([" ".join(pair.en_tokens) for pair in pairs], models["en"])
    return [
        pair._replace(fr_tokens=fr_pieces, en_tokens=en_pieces)
        for pair, fr_pieces, en_pieces in zip(pairs, fr, en, strict=True)
    ]
