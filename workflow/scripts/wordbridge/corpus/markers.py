"""Repetitions and capitals as words of their own, and back.

The rules of the lesson's tokenizer (fastai 0.7) in its order. They make a small vocabulary
go further: "NASA" and "nasa" share a word, and "!!!!!" is a count and a "!".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

UPPER, REPEATED, WORD_REPEATED = "t_up", "tk_rep", "tk_wrep"

_CHARACTERS = re.compile(r"(\S)(\1{3,})")
_WORDS = re.compile(r"(\b\w+\W+)(\1{3,})")
_PIECES = re.compile(r"\w+|\W+")
_SIGNS = re.compile(r"([/#])")
_SPACES = re.compile(r" {2,}")
# The spacing rule has made "<br / >" of "<br />", which the lesson's own pattern then missed.
_BREAK = re.compile(r"<\s*br\s*/?\s*>", re.IGNORECASE)

_MOST = 100  # a model may write any number behind a marker
_SEPARATORS = frozenset([",", ".", "!", "?", ";", "-", "..."])


@dataclass(frozen=True)
class MarkerRules:
    """Which rules to apply; by default all, as in the lesson."""

    repeated_characters: bool = True  # "aaaa" -> tk_rep 4 a
    repeated_words: bool = True  # "no no no no" -> tk_wrep 4 no
    capitals: bool = True  # "NASA" -> t_up nasa
    lower_case: bool = True  # everything else in lower case
    spacing: bool = True  # spaces around / and #, runs of spaces become one
    line_breaks: bool = True  # <br> becomes a line end


def mark(text: str, rules: MarkerRules) -> str:
    """Return ``text`` with markers for what ``rules`` name, ready to be cut into tokens."""
    if rules.repeated_characters:
        text = _CHARACTERS.sub(lambda m: f" {REPEATED} {len(m[0])} {m[1]} ", text)
    if rules.repeated_words:
        text = _WORDS.sub(lambda m: f" {WORD_REPEATED} {len(m[0]) // len(m[1])} {m[1]} ", text)
    if rules.capitals:
        text = "".join(map(_mark_capitals, _PIECES.findall(text)))
    if rules.lower_case:
        text = text.lower()
    if rules.spacing:
        text = _SPACES.sub(" ", _SIGNS.sub(r" \1 ", text))
    if rules.line_breaks:
        text = _BREAK.sub("\n", text)
    return text


def undo(tokens: Sequence[str]) -> list[str]:
    """Return ``tokens`` without markers and white space, what they stand for written out.

    A marker that no fitting tokens follow, as models write them, is left out.
    """
    solid = [token for token in tokens if token.strip()]
    return _undo_characters(_undo_words(_undo_capitals(solid)))


def _mark_capitals(piece: str) -> str:
    # Two letters are as often a word in a heading as an abbreviation.
    return f" {UPPER} {piece.lower()}" if piece.isupper() and len(piece) > 2 else piece


def _undo_capitals(tokens: Sequence[str]) -> list[str]:
    plain: list[str] = []
    raised = False
    for token in tokens:
        if token == UPPER:
            raised = True
            continue
        is_marker = token in (REPEATED, WORD_REPEATED)
        plain.append(token.upper() if raised and not is_marker else token)
        raised = False
    return plain


def _undo_words(tokens: Sequence[str]) -> list[str]:
    plain: list[str] = []
    place = 0
    while place < len(tokens):
        if tokens[place] != WORD_REPEATED:
            plain.append(tokens[place])
            place += 1
            continue
        count, place = _count(tokens, place + 1)
        # What stood between the repeated words stands once behind the word.
        end = place + 1 + (place + 1 < len(tokens) and tokens[place + 1] in _SEPARATORS)
        plain.extend(list(tokens[place:end]) * count)
        place = end if count else place
    return plain


def _undo_characters(tokens: Sequence[str]) -> list[str]:
    plain: list[str] = []
    place = 0
    while place < len(tokens):
        if tokens[place] != REPEATED:
            plain.append(tokens[place])
            place += 1
            continue
        count, place = _count(tokens, place + 1)
        if not count:
            continue
        run = tokens[place] * count
        place += 1
        if plain and _belong_together(plain[-1], run):
            plain[-1] += run
        else:
            plain.append(run)
    return plain


def _count(tokens: Sequence[str], place: int) -> tuple[int, int]:
    """The count at ``place`` and the place behind it; 0 when there is none or nothing to repeat."""
    if place + 1 < len(tokens) and tokens[place].isdecimal():
        return min(int(tokens[place]), _MOST), place + 1
    return 0, place


def _belong_together(word: str, run: str) -> bool:
    """Whether a run of letters or digits goes on a word of the same kind: "so" + "oooo"."""
    return (word[-1].isdigit() and run.isdigit()) or (word[-1].isalpha() and run.isalpha())
