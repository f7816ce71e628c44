"""Pairs of clauses out of parallel verses, whatever they say: more to learn from."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from wordbridge.corpus.pairs import Pair
from wordbridge.corpus.sentences import SentenceOptions, clean, is_alike
from wordbridge.corpus.verses import Reference
from wordbridge.errors import InputError

# What a verse is cut into: the first kind of which both versions have the same number.
PIECES = {
    "clause": re.compile(r"[^.?!;:]*[^.?!;:\s][^.?!;:]*[.?!;:]*"),
    "sentence": re.compile(r"[^.?!]*[^.?!\s][^.?!]*[.?!]*"),
    "verse": re.compile(r".*\S"),
}

# Reasons in the order of the report.
LONG, RATIO, DUPLICATE = "too many English words", "length ratio", "duplicate"
KEPT = {kind: f"kept, by {kind}" for kind in PIECES}
REASONS = (LONG, RATIO, DUPLICATE, *KEPT.values())

_WORD = re.compile(r"\w+")


def pair_clauses(
    verses: Mapping[Reference, Mapping[str, str]],
    fr_versions: Sequence[str],
    en_versions: Sequence[str],
    options: SentenceOptions,
    longest: int,
    report: Counter[str],
) -> Iterator[Pair]:
    """Yield the pairs of all version combinations, of at most ``longest`` English words each.

    Group and item are as ``pair_sentences`` has them, the kind of the piece in the item's end.
    A text pair comes once per verse. ``report`` gets the counts by reason. Raises InputError
    at the end when there was no pair.
    """
    report.update(dict.fromkeys(REASONS, 0))
    for (book, chapter, verse), texts in verses.items():
        group = f"{book}:{chapter}:{verse}"
        cleaned = {version: clean(text, options) for version, text in texts.items()}
        seen: set[tuple[str, str]] = set()
        for fr_version, en_version in product(fr_versions, en_versions):
            kind, aligned = _aligned(cleaned.get(fr_version, ""), cleaned.get(en_version, ""))
            for index, (fr, en) in enumerate(aligned, start=1):
                reason = _fault(fr, en, longest, options) or (
                    DUPLICATE if (fr, en) in seen else KEPT[kind]
                )
                report[reason] += 1
                if reason == KEPT[kind]:
                    seen.add((fr, en))
                    item = f"{group}/{kind}{len(aligned)}.{index}"
                    yield Pair(item, group, fr, en, fr_version, en_version)
    if not any(report[reason] for reason in KEPT.values()):
        raise InputError(
            f"expected pairs of 1 to {longest} English words in the verses, got none in "
            f"{len(verses)} verses; raise auxiliary.longest or check the versions"
        )


def _aligned(fr: str, en: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the finest kind of piece that both texts have equally many of, and its pairs."""
    for kind, pattern in PIECES.items():
        ours, theirs = (
            [_capital(piece.strip()) for piece in pattern.findall(text)] for text in (fr, en)
        )
        if len(ours) == len(theirs):
            return kind, list(zip(ours, theirs, strict=True))
    return kind, []


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _fault(fr: str, en: str, longest: int, options: SentenceOptions) -> str | None:
    """Return the reason to refuse the pair, None when there is none."""
    fr_words, en_words = len(_WORD.findall(fr)), len(_WORD.findall(en))
    if en_words > longest:
        return LONG
    return None if is_alike(fr_words, en_words, options) else RATIO
