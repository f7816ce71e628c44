"""Tokenized pairs as a table: the columns of pairs, fr_tokens, en_tokens and perhaps part."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from wordbridge.corpus.escapes import join_tokens, split_tokens
from wordbridge.corpus.pairs import HEADER as PAIR_HEADER
from wordbridge.corpus.pairs import Pair
from wordbridge.errors import InputError
from wordbridge.table_file import read_table, write_table

HEADER = (*PAIR_HEADER, "fr_tokens", "en_tokens")
PART = ("part",)  # behind them once the corpus is split

TABLED_PARTS = ("train", "auxiliary", "valid", "test")  # in the order in which tables show them

# Reasons in the order of the report.
READ, KEPT, EMPTY, LONG = "read", "kept", "no token on one side or both", "too many English tokens"
REASONS = (READ, KEPT, EMPTY, LONG)


class TokenizedPair(NamedTuple):
    """A sentence pair with the tokens of both sides; ``part`` is "" before the corpus is split."""

    item: str
    group: str
    fr: str
    en: str
    fr_tokens: list[str]
    en_tokens: list[str]
    part: str = ""
    fr_version: str = ""
    en_version: str = ""


def write_tokenized(path: str | Path, pairs: Iterable[TokenizedPair]) -> None:
    """Write the table of ``pairs``, with a column part when the first pair has one."""
    rows = list(pairs)
    has_part = bool(rows and rows[0].part)
    write_table(path, HEADER + PART * has_part, (_fields(pair, has_part) for pair in rows))


def read_tokenized(path: str | Path) -> list[TokenizedPair]:
    """Return the pairs of the table at ``path``. Raises InputError when it is no such table."""
    return list(read_table(path, HEADER, _pair, "make the table again", PART))


def _fields(pair: TokenizedPair, has_part: bool) -> list[str]:
    texts = [*pair[:4], pair.fr_version, pair.en_version]
    tokens = [join_tokens(pair.fr_tokens), join_tokens(pair.en_tokens)]
    return [*texts, *tokens, *[pair.part] * has_part]


def _pair(*fields: str) -> TokenizedPair:
    pair, (fr_tokens, en_tokens, *part) = Pair(*fields[:6]), fields[6:]
    tokenized = tokenized_pair(pair, split_tokens(fr_tokens), split_tokens(en_tokens))
    return tokenized._replace(part="".join(part))


def tokenized_pair(pair: Pair, fr_tokens: list[str], en_tokens: list[str]) -> TokenizedPair:
    """Return ``pair`` with its tokens, in no part yet."""
    return TokenizedPair(
        *pair[:4],
        fr_tokens,
        en_tokens,
        fr_version=pair.fr_version,
        en_version=pair.en_version,
    )


def keep_short(
    pairs: Sequence[Pair],
    fr_tokens: Sequence[list[str]],
    en_tokens: Sequence[list[str]],
    max_en_tokens: int,
    report: Counter[str],
) -> Iterator[TokenizedPair]:
    """Yield the pairs with 1 to ``max_en_tokens`` English tokens and any French ones, in order.

    ``report`` gets the counts by reason. Raises InputError at the end when no pair was kept.
    """
    report.update(dict.fromkeys(REASONS, 0))
    for pair, fr, en in zip(pairs, fr_tokens, en_tokens, strict=True):
        reason = EMPTY if not fr or not en else LONG if len(en) > max_en_tokens else KEPT
        report.update([READ, reason])
        if reason == KEPT:
            yield tokenized_pair(pair, fr, en)
    if not report[KEPT]:
        raise InputError(
            f"no pair is left of {report[READ]} after tokenization: expected some with 1 to "
            f"{max_en_tokens} English tokens, got {report[LONG]} longer and {report[EMPTY]} "
            "empty ones; raise the limit or check the corpus"
        )


def train_texts(pairs: Sequence[TokenizedPair], language: str) -> list[str]:
    """Return the train part's texts of one language, tokens with a space between each two."""
    return [" ".join(tokens) for tokens in token_lists(pairs, language, "train")]


def token_lists(pairs: Sequence[TokenizedPair], language: str, part: str) -> list[list[str]]:
    """Return the tokens of one language ("fr" or "en") in one part, or in all ("all").

    Auxiliary text counts as "train": both are learned from.
    """
    parts = ("train", "auxiliary") if part == "train" else (part,)
    return [
        getattr(pair, f"{language}_tokens") for pair in pairs if part == "all" or pair.part in parts
    ]


def versions(pairs: Sequence[TokenizedPair], language: str) -> list[str]:
    """Return whose translation each pair's text in ``language`` is, [] when no pair says."""
    named: list[str] = [getattr(pair, f"{language}_version") for pair in pairs]
    return named if any(named) else []
