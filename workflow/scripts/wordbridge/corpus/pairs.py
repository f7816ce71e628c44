"""Sentence pairs and tokenized pairs, and their tables.

A table of pairs has the columns item, group, fr, en, fr_version, en_version. Tokenized pairs add
fr_tokens and en_tokens and, once the corpus is split, split.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from wordbridge.files import escape_token, read_tsv, unescape_token, write_tsv
from wordbridge.text import one_line


class Pair(NamedTuple):
    """A French sentence and its English translation.

    Pairs with the same ``item`` are versions of one sentence; pairs with the same ``group``
    belong to the same split. The versions are those of each side, "" in a corpus without any.
    """

    item: str
    group: str
    fr: str
    en: str
    fr_version: str = ""
    en_version: str = ""


class TokenizedPair(NamedTuple):
    """A pair with the tokens of both sides; ``split`` is "" before the corpus is split."""

    item: str
    group: str
    fr: str
    en: str
    fr_version: str
    en_version: str
    fr_tokens: list[str]
    en_tokens: list[str]
    split: str = ""


PAIR_COLUMNS = Pair._fields
TOKENIZED_COLUMNS = TokenizedPair._fields[:-1]
REPORT_COLUMNS = ("reason", "count")


def write_pairs(path: str | Path, pairs: Iterable[Pair]) -> None:
    """Write the table of ``pairs``."""
    write_tsv(path, PAIR_COLUMNS, (map(one_line, pair) for pair in pairs))


def read_pairs(path: str | Path) -> Iterator[Pair]:
    """Yield the pairs of the table at ``path``. Raises InputError when it is no such table."""
    return read_tsv(path, PAIR_COLUMNS, Pair, "name or make a table of pairs")


def write_counts(path: str | Path, counts: Mapping[str, int]) -> None:
    """Write a report: the ``counts`` by reason, in the order of the mapping."""
    write_tsv(path, REPORT_COLUMNS, ((reason, str(count)) for reason, count in counts.items()))


def write_tokenized(path: str | Path, pairs: Iterable[TokenizedPair]) -> None:
    """Write the table of ``pairs``, with a column split when the first pair has one."""
    pairs = list(pairs)
    columns = (*TOKENIZED_COLUMNS, "split") if pairs and pairs[0].split else TOKENIZED_COLUMNS
    rows = (
        (*pair[:6], join_tokens(pair.fr_tokens), join_tokens(pair.en_tokens), pair.split)
        for pair in pairs
    )
    write_tsv(path, columns, (row[: len(columns)] for row in rows))


def read_tokenized(path: str | Path) -> list[TokenizedPair]:
    """Return the pairs of the table at ``path``. Raises InputError when it is no such table."""

    def row(*texts: str) -> TokenizedPair:
        fields: list[Any] = [*texts]
        fields[6:8] = map(split_tokens, texts[6:8])
        return TokenizedPair(*fields)

    return list(read_tsv(path, TOKENIZED_COLUMNS, row, "make the table again", ["split"]))


def token_lists(pairs: Sequence[TokenizedPair], language: str, split: str) -> list[list[str]]:
    """Return the tokens in ``language`` ("fr" or "en") of one split, or of all ("all").

    "train" includes the auxiliary text: models learn from both.
    """
    splits = ("train", "auxiliary") if split == "train" else (split,)
    kept = [pair for pair in pairs if split == "all" or pair.split in splits]
    return [getattr(pair, f"{language}_tokens") for pair in kept]


def versions(pairs: Sequence[TokenizedPair], language: str) -> list[str]:
    """Return the version of each pair's text in ``language``, [] when no pair has one."""
    names: list[str] = [getattr(pair, f"{language}_version") for pair in pairs]
    return names if any(names) else []


def join_tokens(tokens: Sequence[str]) -> str:
    """Return ``tokens`` as one line, separated by spaces."""
    return " ".join(map(escape_token, tokens))


def split_tokens(line: str) -> list[str]:
    """Return the tokens that ``join_tokens`` wrote as ``line``."""
    return [unescape_token(field) for field in line.split(" ")] if line else []
