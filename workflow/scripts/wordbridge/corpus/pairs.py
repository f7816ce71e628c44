"""Sentence pairs as a table: columns item, group, fr, en, fr_version, en_version.

Token lists as one line of text, whatever the tokens hold.

Tokenized pairs as a table: the columns of pairs, fr_tokens, en_tokens and perhaps split.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from wordbridge.errors import InputError
from wordbridge.files import read_tsv, write_tsv

REPORT = ("reason", "count")  # the columns of a report

# Whatever Python, pandas or a spreadsheet may take for the end of a field or of a line.
# The French spaces U+00A0, U+202F and U+2009 stay: a later, switchable step handles them.
_ENDS = "\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"
_BREAK = re.compile(f" *[{_ENDS}][ {_ENDS}]*")


class Pair(NamedTuple):
    """A French sentence and its English translation.

    Pairs with the same ``item`` are versions of one sentence; pairs with the same ``group``
    must stay in one split. The versions name whose translation each side is, where
    the corpus has several.
    """

    item: str
    group: str
    fr: str
    en: str
    fr_version: str = ""
    en_version: str = ""


HEADER = Pair._fields


def one_line(text: str) -> str:
    """Return ``text`` without tabs and line ends: a run of them and of spaces is one space."""
    return _BREAK.sub(" ", text).strip(" ")


def write_pairs(path: str | Path, pairs: Iterable[Pair]) -> int:
    """Return the number of pairs written to ``path``, which appears whole or not at all."""
    return write_tsv(path, HEADER, (map(one_line, pair) for pair in pairs))


def read_pairs(path: str | Path) -> Iterator[Pair]:
    """Yield the pairs of the table at ``path``, one at a time.

    Raises InputError when it is no such table.
    """
    return read_tsv(path, HEADER, Pair, "name or make a table of pairs")


def write_counts(path: str | Path, counts: Mapping[str, int]) -> None:
    """Write a report of ``counts`` in the order of the mapping."""
    write_tsv(path, REPORT, ((reason, str(count)) for reason, count in counts.items()))


_NAMED = {"\\": "\\\\", " ": "\\s", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_PLAIN = {escape[1]: character for character, escape in _NAMED.items()}
_EMPTY = "\\e"  # without a sign of its own, an empty token would vanish between two spaces

# Controls and odd spaces too: some readers end a line at U+0085 or U+2028.
_UNSAFE = re.compile(r"[\\\s\x00-\x1f\x7f-\x9f]")
_ESCAPED = re.compile(r"\\(u[0-9a-f]{4}|[^u]|u|$)", re.DOTALL)


def escape_token(token: str) -> str:
    """Return ``token`` without spaces, tabs, line ends or controls, never empty.

    ``unescape_token`` gives the token back.
    """
    return _UNSAFE.sub(_escape, token) if token else _EMPTY


def unescape_token(field: str) -> str:
    """Return the token that ``escape_token`` wrote as ``field``.

    Raises InputError for an escape that is never written.
    """
    if field == _EMPTY:
        return ""
    return _ESCAPED.sub(_unescape, field) if "\\" in field else field


def join_tokens(tokens: Sequence[str]) -> str:
    """Return ``tokens`` as one line, with a space between each two."""
    return " ".join(map(escape_token, tokens))


def split_tokens(line: str) -> list[str]:
    """Return the tokens that ``join_tokens`` wrote as ``line``."""
    return [unescape_token(field) for field in line.split(" ")] if line else []


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    return _NAMED.get(character) or f"\\u{ord(character):04x}"


def _unescape(match: re.Match[str]) -> str:
    code = match.group(1)
    if len(code) == 5:
        return chr(int(code[1:], 16))
    if code not in _PLAIN:
        raise InputError(
            f"unknown escape {match.group()!r} in a token: expected one of "
            f"{' '.join([*_NAMED.values(), _EMPTY])} \\uXXXX; "
            "write a backslash that stands for itself as \\\\"
        )
    return _PLAIN[code]


TOKENIZED_HEADER = (*HEADER, "fr_tokens", "en_tokens")
SPLIT = ("split",)  # behind them once the corpus is split

TABLED_SPLITS = ("train", "auxiliary", "valid", "test")  # in the order in which tables show them

# Reasons in the order of the report.
READ, KEPT, EMPTY, LONG = "read", "kept", "no token on one side or both", "too many English tokens"
REASONS = (READ, KEPT, EMPTY, LONG)


class TokenizedPair(NamedTuple):
    """A sentence pair with the tokens of both sides; ``split`` is "" before the corpus is split."""

    item: str
    group: str
    fr: str
    en: str
    fr_tokens: list[str]
    en_tokens: list[str]
    split: str = ""
    fr_version: str = ""
    en_version: str = ""


def write_tokenized(path: str | Path, pairs: Iterable[TokenizedPair]) -> None:
    """Write the table of ``pairs``, with a column split when the first pair has one."""
    rows = list(pairs)
    has_split = bool(rows and rows[0].split)
    write_tsv(
        path, TOKENIZED_HEADER + SPLIT * has_split, (_fields(pair, has_split) for pair in rows)
    )


def read_tokenized(path: str | Path) -> list[TokenizedPair]:
    """Return the pairs of the table at ``path``. Raises InputError when it is no such table."""
    return list(read_tsv(path, TOKENIZED_HEADER, _pair, "make the table again", SPLIT))


def _fields(pair: TokenizedPair, has_split: bool) -> list[str]:
    texts = [*pair[:4], pair.fr_version, pair.en_version]
    tokens = [join_tokens(pair.fr_tokens), join_tokens(pair.en_tokens)]
    return [*texts, *tokens, *[pair.split] * has_split]


def _pair(*fields: str) -> TokenizedPair:
    pair, (fr_tokens, en_tokens, *split) = Pair(*fields[:6]), fields[6:]
    tokenized = tokenized_pair(pair, split_tokens(fr_tokens), split_tokens(en_tokens))
    return tokenized._replace(split="".join(split))


def tokenized_pair(pair: Pair, fr_tokens: list[str], en_tokens: list[str]) -> TokenizedPair:
    """Return ``pair`` with its tokens, in no split yet."""
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
    """Return the train split's texts of one language, tokens with a space between each two."""
    return [" ".join(tokens) for tokens in token_lists(pairs, language, "train")]


def token_lists(pairs: Sequence[TokenizedPair], language: str, split: str) -> list[list[str]]:
    """Return the tokens of one language ("fr" or "en") in one split, or in all ("all").

    Auxiliary text counts as "train": both are learned from.
    """
    splits = ("train", "auxiliary") if split == "train" else (split,)
    return [
        getattr(pair, f"{language}_tokens")
        for pair in pairs
        if split == "all" or pair.split in splits
    ]


def versions(pairs: Sequence[TokenizedPair], language: str) -> list[str]:
    """Return whose translation each pair's text in ``language`` is, [] when no pair says."""
    named: list[str] = [getattr(pair, f"{language}_version") for pair in pairs]
    return named if any(named) else []
