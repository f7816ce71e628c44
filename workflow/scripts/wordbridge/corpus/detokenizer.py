"""Tokens or SentencePiece pieces as natural text.

English and French have rules for clitics; other languages get those for punctuation alone. The
module is apart from ``tokenizer``, an edit of which tokenizes the corpus again and retrains.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from wordbridge.corpus.tokenizer import undo_rules

_SPACE = "\u2581"  # how SentencePiece writes the space before a word

_CLOSING = re.compile(r"[,.;:!?)\]}%…]+$")  # joins the word before it
_OPENING = re.compile(r"[(\[{#]$")  # joins the word after it
_QUOTED_END = re.compile(r'(?<=^")(?=[,.;:!?)]+$)')  # spaCy may leave these in one token: ".
_BETWEEN = frozenset("-/")  # joins both, as in well-known and and/or
_NEVER = re.compile(r"(?!)")


@dataclass(frozen=True)
class _Rules:
    """Tokens that join the word before or after them, and pairs that are one word."""

    before: re.Pattern[str] = _NEVER
    after: re.Pattern[str] = _NEVER
    elided: re.Pattern[str] = _NEVER  # words whose apostrophe is a token of its own at a marker
    pairs: frozenset[tuple[str, str]] = field(default_factory=frozenset)


_RULES = {
    "en": _Rules(
        before=re.compile(r"(?:n't|'(?:s|m|d|re|ve|ll))$", re.IGNORECASE),
        after=re.compile(r"(?:y'|c'm|[$£€])$", re.IGNORECASE),
        elided=re.compile(r"o$", re.IGNORECASE),
        pairs=frozenset(
            [("can", "not"), ("gon", "na"), ("wan", "na"), ("got", "ta"), ("c'm", "on")]
        ),
    ),
    "fr": _Rules(
        before=re.compile(r"-\w+$"),
        after=re.compile(r"\w+'$"),
        elided=re.compile(r"(?:[cdjlmnst]|(?:jus|lors|puis)?qu)$", re.IGNORECASE),
    ),
}


def join_pieces(pieces: Iterable[str]) -> list[str]:
    """Return the words that SentencePiece ``pieces`` spell; does not need the library."""
    return "".join(pieces).replace(_SPACE, " ").split()


def detokenize(tokens: Sequence[str], language: str) -> str:
    """Return ``tokens`` of ``language`` as text, with markers expanded and usual spacing."""
    rules = _RULES.get(language, _Rules())
    words = [part for word in undo_rules(tokens) for part in _QUOTED_END.split(word) if part]
    pieces: list[str] = []
    is_open = {'"': False, "'": False}  # whether a quotation with this mark has begun
    joins_next = True
    for previous, word, following in zip(["", *words], words, [*words[1:], ""], strict=False):
        joins = joins_next or _joins_previous(previous, word, rules)
        joins_next = _joins_next(word, following, rules)
        is_elision = word == "'" and bool(rules.elided.match(previous))
        if (word in _BETWEEN and previous and following) or is_elision:
            joins = joins_next = True
        elif word in is_open:
            is_genitive = word == "'" and previous[-1:].lower() == "s"
            closes = is_open[word] or is_genitive or not following
            is_open[word] = not closes
            joins, joins_next = joins or closes, not closes
        pieces.append(word if joins else f" {word}")
    return "".join(pieces)


def _joins_previous(previous: str, word: str, rules: _Rules) -> bool:
    pair = (previous.lower(), word.lower())
    return bool(_CLOSING.match(word) or rules.before.match(word) or pair in rules.pairs)


def _joins_next(word: str, following: str, rules: _Rules) -> bool:
    # spaCy cuts "day-" off before a marker, as in "day-FARM".
    is_cut = len(word) > 1 and word[-1] == "-" and following[:1].isupper()
    return is_cut or bool(_OPENING.match(word) or rules.after.match(word))
