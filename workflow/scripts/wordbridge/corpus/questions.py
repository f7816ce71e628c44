"""Question pairs: the parts of both sentences that match the lesson's patterns."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from wordbridge.corpus.pairs import Pair
from wordbridge.errors import InputError

Key = TypeVar("Key")
Matcher = Callable[[str], "re.Match[str] | None"]

# Reasons in the order of the report.
READ, KEPT = "read", "kept"
EMPTY = "empty on one side or both"
ENGLISH, FRENCH, NEITHER = "English does not match", "French does not match", "neither matches"
LONG = "too many characters"
REASONS = (READ, KEPT, EMPTY, ENGLISH, FRENCH, NEITHER, LONG)

# A pattern without alternatives and extensions that ends in an escaped sign needs that sign.
_LAST_SIGN = re.compile(r"(?:[^\\(|]|\((?!\?)|\\[^|])*\\(?P<sign>[?.!])\)*")


def extract_questions(
    pairs: Iterable[Pair],
    fr_pattern: str | None,
    en_pattern: str | None,
    report: Counter[str],
    max_characters: int | None = None,
) -> Iterator[Pair]:
    """Yield ``pairs`` cut down to what the patterns match on both sides, in their order.

    A pattern that is None keeps the whole sentence. ``report`` gets the counts by reason.
    Raises InputError for a bad pattern and, at the end, when no pair was kept.
    """
    keyed = ((pair, pair.fr, pair.en) for pair in pairs)
    for pair, fr, en in _matching(keyed, fr_pattern, en_pattern, report, max_characters):
        yield pair._replace(fr=fr, en=en)


def extract_lines(
    lines: Iterable[tuple[int, str, str]],
    fr_pattern: str | None,
    en_pattern: str | None,
    report: Counter[str],
    max_characters: int | None = None,
) -> Iterator[Pair]:
    """Yield what ``extract_questions`` does, for (line number, French line, English line).

    Pairs are only made of the lines that match: several times faster for millions of lines.
    """
    for number, fr, en in _matching(lines, fr_pattern, en_pattern, report, max_characters):
        yield Pair(str(number), str(number), fr, en)


def _matching(
    lines: Iterable[tuple[Key, str, str]],
    fr_pattern: str | None,
    en_pattern: str | None,
    report: Counter[str],
    max_characters: int | None,
) -> Iterator[tuple[Key, str, str]]:
    fr_sign, fr_match = _matcher(fr_pattern, "fr_pattern")
    en_sign, en_match = _matcher(en_pattern, "en_pattern")
    longest = float("inf") if max_characters is None else max_characters
    read = kept = empty = english = french = long = 0
    for key, fr, en in lines:
        read += 1
        # The search for one sign is several times cheaper than a pattern that fails.
        en_found = en_match(en) if en_sign in en else None
        fr_found = fr_match(fr) if fr_sign in fr else None
        if fr_found and en_found:
            fr_text, en_text = fr_found.group(), en_found.group()
            if not fr_text.strip() or not en_text.strip():
                empty += 1
            elif len(fr_text) > longest or len(en_text) > longest:
                long += 1
            else:
                kept += 1
                yield key, fr_text, en_text
        elif not fr or not en or fr.isspace() or en.isspace():
            empty += 1
        elif fr_found:
            english += 1
        elif en_found:
            french += 1
    neither = read - kept - empty - english - french - long
    counts = (read, kept, empty, english, french, neither, long)
    for reason, number in zip(REASONS, counts, strict=True):
        report[reason] += number
    if not kept:
        raise InputError(
            f"expected sentence pairs that match the patterns, got none in {read} "
            f"(fr_pattern: {fr_pattern}, en_pattern: {en_pattern}); check the patterns, and that "
            "French and English are not swapped"
        )


def _matcher(pattern: str | None, name: str) -> tuple[str, Matcher]:
    """Return a sign that every match holds ("" when unknown) and the function that matches.

    Raises InputError that names the configuration key when ``pattern`` is no regular expression.
    """
    if pattern is None:
        return "", re.compile(r"(?s:.*)").match
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise InputError(
            f"{name}: expected a regular expression, got {pattern!r} ({error}); correct it or set "
            "it to null to keep whole sentences"
        ) from error
    known = _LAST_SIGN.fullmatch(pattern)
    # Search would try an anchored pattern again at every character.
    anchored = pattern.startswith("^") and "|" not in pattern
    return known["sign"] if known else "", compiled.match if anchored else compiled.search
