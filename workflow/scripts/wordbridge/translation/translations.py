"""Translations of a split and their attention on disk, and the references of each text."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wordbridge.arrays import damaged, read_npz, write_npz
from wordbridge.corpus.pairs import TokenizedPair, join_tokens, split_tokens
from wordbridge.errors import InputError
from wordbridge.files import read_tsv, write_tsv

COLUMNS = ("source", "reference", "hypothesis", "source_tokens", "tokens", "log_probability")
_REMEDY = "translate again"
_ATTENTION = {"weights": np.float32, "steps": np.int32, "words": np.int32}


@dataclass(frozen=True, eq=False)
class Translation:
    """One source text, its first reference, and the model's translation.

    ``tokens`` are the model's output, ``hypothesis`` is their natural text. ``source_tokens`` begin
    with the tag of the version, if the model has tags. ``attention`` is (tokens and end of
    sentence, source tokens and end of sentence) or None.
    """

    source: str
    reference: str
    hypothesis: str
    source_tokens: list[str]
    tokens: list[str]
    log_probability: float  # nats, of the whole text
    attention: NDArray[np.float32] | None = field(default=None, repr=False)


def write_translations(path: str | Path, translations: Sequence[Translation]) -> None:
    """Write the table, one source text per line; see ``write_attention`` for the attention."""
    write_tsv(path, COLUMNS, map(_fields, translations))


def read_translations(path: str | Path) -> list[Translation]:
    """Return the rows of a table of translations, without attention."""
    return list(read_tsv(path, COLUMNS, _translation, _REMEDY))


def _fields(row: Translation) -> list[str]:
    texts = [row.source, row.reference, row.hypothesis]
    tokens = [join_tokens(row.source_tokens), join_tokens(row.tokens)]
    return [*texts, *tokens, f"{row.log_probability:.4f}"]


def _translation(
    source: str, reference: str, hypothesis: str, source_tokens: str, tokens: str, score: str
) -> Translation:
    words = (split_tokens(source_tokens), split_tokens(tokens))
    return Translation(source, reference, hypothesis, *words, float(score))


def write_attention(path: str | Path, translations: Sequence[Translation]) -> None:
    """Write the weights of all translations in one flat array, and the shape of each."""
    weights = [row.attention for row in translations if row.attention is not None]
    arrays = {
        "weights": np.concatenate([w.ravel() for w in weights]) if weights else np.zeros(0),
        "steps": np.array([len(w) for w in weights]),
        "words": np.array([w.shape[1] for w in weights]),
    }
    write_npz(path, arrays, _ATTENTION)


def read_attention(path: str | Path) -> list[NDArray[np.float32]]:
    """Return the weights (steps, source words) of all translations, none without attention.

    Raises InputError for a damaged file.
    """
    arrays = read_npz(path, _ATTENTION)
    shapes = list(zip(arrays["steps"].tolist(), arrays["words"].tolist(), strict=False))
    ends = np.cumsum([0, *(steps * words for steps, words in shapes)])
    if ends[-1] != len(arrays["weights"]):
        raise damaged(path, f"expected {ends[-1]} weights, got {len(arrays['weights'])}")
    flat = np.split(arrays["weights"], ends[1:-1])
    return [weights.reshape(shape) for weights, shape in zip(flat, shapes, strict=False)]


class EvaluationSentence(NamedTuple):
    """A source text of a split and its references.

    ``pair`` is the first pair with this source, ``reference`` its target text; ``references`` are
    all distinct translations of the items of such pairs, ``reference`` first.
    """

    source: str
    reference: str
    references: list[str]
    pair: TokenizedPair


def evaluation_sentences(
    pairs: Iterable[TokenizedPair], source: str = "fr", target: str = "en", split: str = "test"
) -> list[EvaluationSentence]:
    """Return one sentence per distinct source text of ``split``, in the order of first occurrence.

    ``source`` and ``target`` are languages. Pairs with one item are versions of each other. Raises
    InputError when the split is empty.
    """
    versions: dict[str, list[str]] = defaultdict(list)  # translations by item
    pairs_of: dict[str, list[TokenizedPair]] = defaultdict(list)  # pairs by source text
    for pair in pairs:
        if pair.split == split:
            versions[pair.item].append(getattr(pair, target))
            pairs_of[getattr(pair, source)].append(pair)
    if not pairs_of:
        raise InputError(
            f"no pair in the split {split!r}: expected at least one; "
            "use a larger corpus or split fractions that give it pairs"
        )
    sentences = []
    for text, rows in pairs_of.items():
        reference = getattr(rows[0], target)
        items = dict.fromkeys(pair.item for pair in rows)
        references = dict.fromkeys([reference, *(t for item in items for t in versions[item])])
        sentences.append(EvaluationSentence(text, reference, list(references), rows[0]))
    return sentences
