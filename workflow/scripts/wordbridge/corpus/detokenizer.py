"""Tokens or SentencePiece pieces as natural text, in English or French."""

import re
from collections.abc import Callable, Iterable, Sequence, Set
from itertools import pairwise
from typing import NamedTuple

from wordbridge.corpus.special_tokens import REPEATED, UPPER, WORD_REPEATED

_SPACE = "\u2581"  # how SentencePiece writes the space before a word

_CLOSING = re.compile(r"[,.;:!?)\]}%…]+$")  # joins the word before it
_OPENING = re.compile(r"[(\[{#]$")  # joins the word after it
_QUOTED_END = re.compile(r'(?<=^")(?=[,.;:!?)]+$)')  # spaCy may leave these in one token: ".
_BETWEEN = frozenset("-/")  # joins both, as in well-known and and/or

_MAX_REPEATS = 100  # a model may predict any number behind a marker
_SEPARATORS = frozenset({",", ".", "!", "?", ";", "-", "..."})


class _Rules(NamedTuple):
    """Tokens that join the word before or after them, and pairs that are one word."""

    before: re.Pattern[str]
    after: re.Pattern[str]
    elided: re.Pattern[str]  # words whose apostrophe is a token of its own at a marker
    pairs: Set[tuple[str, str]] = frozenset()


_RULES = {
    "en": _Rules(
        before=re.compile(r"(?:n't|'(?:s|m|d|re|ve|ll))$", re.IGNORECASE),
        after=re.compile(r"(?:y'|c'm|[$£€])$", re.IGNORECASE),
        elided=re.compile(r"o$", re.IGNORECASE),
        pairs={("can", "not"), ("gon", "na"), ("wan", "na"), ("got", "ta"), ("c'm", "on")},
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
    rules = _RULES[language]
    words = [part for word in undo_rules(tokens) for part in _QUOTED_END.split(word) if part]
    pieces: list[str] = []
    is_open = {'"': False, "'": False}  # whether a quotation with this mark has begun
    joins_next = True
    for previous, word, following in zip(["", *words], words, [*words[1:], ""], strict=False):
        joins = joins_next or bool(
            _CLOSING.match(word)
            or rules.before.match(word)
            or (previous.lower(), word.lower()) in rules.pairs
        )
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


def _joins_next(word: str, following: str, rules: _Rules) -> bool:
    # spaCy cuts "day-" off before a marker, as in "day-FARM".
    is_cut = len(word) > 1 and word[-1] == "-" and following[:1].isupper()
    return is_cut or bool(_OPENING.match(word) or rules.after.match(word))


def undo_rules(tokens: Sequence[str]) -> list[str]:
    """Return ``tokens`` with their markers expanded, without markers and white space.

    A marker without the tokens that it needs, as models predict them, is left out.
    """
    words = [token for token in tokens if token.strip()]
    words = _expand(_expand_capitals(words), WORD_REPEATED, _repeat_word)
    return _expand(words, REPEATED, _repeat_character)


def _expand_capitals(tokens: Sequence[str]) -> list[str]:
    return [
        token.upper() if previous == UPPER and token not in (REPEATED, WORD_REPEATED) else token
        for previous, token in pairwise(["", *tokens])
        if token != UPPER
    ]


def _expand(
    tokens: Sequence[str], marker: str, repeat: Callable[[list[str], Sequence[str], int], int]
) -> list[str]:
    """Return ``tokens`` with each ``marker``, its count and what follows replaced.

    ``repeat`` appends the repetition of the first tokens of a sequence and returns their number.
    """
    expanded: list[str] = []
    index = 0
    while index < len(tokens):
        token, index = tokens[index], index + 1
        if token != marker:
            expanded.append(token)
        elif index + 1 < len(tokens) and tokens[index].isdecimal():
            count, index = min(int(tokens[index]), _MAX_REPEATS), index + 1
            if count:
                index += repeat(expanded, tokens[index : index + 2], count)
    return expanded


def _repeat_word(expanded: list[str], tokens: Sequence[str], count: int) -> int:
    # A separator between the repeated words occurs once after the word.
    size = 2 if len(tokens) > 1 and tokens[1] in _SEPARATORS else 1
    expanded.extend([*tokens[:size]] * count)
    return size


def _repeat_character(expanded: list[str], tokens: Sequence[str], count: int) -> int:
    run, word = tokens[0] * count, expanded[-1][-1:] if expanded else ""
    # A run of letters or digits continues a word of the same kind: so + oooo.
    if (word.isdigit() and run.isdigit()) or (word.isalpha() and run.isalpha()):
        expanded[-1] += run
    else:
        expanded.append(run)
    return 1
