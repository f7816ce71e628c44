"""Tokens as a text that a person would have written.

English and French have rules of their own; other languages get those for punctuation.

Words out of SentencePiece pieces; needs nothing of the library.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from wordbridge.corpus.tokenizer import undo_rules

_CLOSING = re.compile(r"[,.;:!?)\]}%…]+$")  # joins the word before it
_OPENING = re.compile(r"[(\[{#]$")  # joins the word behind it
_QUOTED_END = re.compile(r'(?<=^")(?=[,.;:!?)]+$)')  # spaCy may leave these in one token: ".
_BETWEEN = frozenset("-/")  # joins both, as in well-known and and/or


@dataclass(frozen=True)
class _Rules:
    """Tokens that join the word before or behind them, and words that are one word together."""

    before: re.Pattern[str]
    behind: re.Pattern[str]
    elided: re.Pattern[str]  # words whose apostrophe is a token of its own before a marker
    together: frozenset[tuple[str, str]] = field(default_factory=frozenset)


_NEVER = re.compile(r"(?!)")

_RULES = {
    "en": _Rules(
        before=re.compile(r"(?:n't|'(?:s|m|d|re|ve|ll))$", re.IGNORECASE),
        behind=re.compile(r"(?:y'|c'm|[$£€])$", re.IGNORECASE),
        elided=re.compile(r"o$", re.IGNORECASE),
        together=frozenset(
            [("can", "not"), ("gon", "na"), ("wan", "na"), ("got", "ta"), ("c'm", "on")]
        ),
    ),
    "fr": _Rules(
        before=re.compile(r"-\w+$"),
        behind=re.compile(r"\w+'$"),
        elided=re.compile(r"(?:[cdjlmnst]|(?:jus|lors|puis)?qu)$", re.IGNORECASE),
    ),
}


def detokenize(tokens: Sequence[str], language: str) -> str:
    """Return ``tokens`` of ``language`` as text, markers undone and spaces as people set them."""
    rules = _RULES.get(language, _Rules(_NEVER, _NEVER, _NEVER))
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
    return bool(_CLOSING.match(word) or rules.before.match(word) or pair in rules.together)


def _joins_next(word: str, following: str, rules: _Rules) -> bool:
    # spaCy cuts "day-" off where a marker followed, as in "day-FARM".
    is_cut = len(word) > 1 and word[-1] == "-" and following[:1].isupper()
    return is_cut or bool(_OPENING.match(word) or rules.behind.match(word))


SPACE = "\u2581"  # how SentencePiece writes the space before a word


def join_pieces(pieces: Iterable[str]) -> list[str]:
    """Return the words that ``pieces`` spell."""
    return "".join(pieces).replace(SPACE, " ").split()
