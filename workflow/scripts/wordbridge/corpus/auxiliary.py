"""Text to learn from beside the train split: nothing that the other splits are made of.

Pairs of clauses out of parallel verses, whatever they say: more to learn from.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, product

from wordbridge.corpus.bible import Reference, SentenceOptions, clean, is_alike
from wordbridge.corpus.pairs import Pair, TokenizedPair
from wordbridge.corpus.splits import match_key
from wordbridge.errors import InputError

AUXILIARY = "auxiliary"

# Reasons in the order of the report.
READ, KEPT = "read", "kept"
GROUP, TEXT = (
    "group of the valid or test split",
    "text of the valid or test split, around or inside one",
)
TRAINED, UNKNOWN = "pair of the train split", "rare word"
REASONS = (READ, KEPT, GROUP, TEXT, TRAINED, UNKNOWN)

_LANGUAGES = ("fr", "en")
# Letters from which on a text must not stand inside another one either: shorter ones ("Pourquoi?")
# are phrases that any text may hold.
_WHOLE_TEXT = 15


def add_auxiliary(
    split: Sequence[TokenizedPair],
    others: Sequence[TokenizedPair],
    common: Mapping[str, int],
    report: Counter[str],
) -> list[TokenizedPair]:
    """Return ``split`` and behind it those of ``others`` that may be learned from.

    These are of the split "auxiliary". They share no group with the valid and the test split, and
    no French or English text of these stands in theirs or the other way round, whatever case and
    punctuation say. All their words stand in the train split or are among the ``common`` (by
    language) most common words of the others. ``report`` gets the counts by reason.
    """
    report.update(dict.fromkeys(REASONS, 0))
    held_out = [pair for pair in split if pair.split != "train"]
    trained = [pair for pair in split if pair.split == "train"]
    allowed = []
    for pair, reason in _judged(others, held_out, trained):
        report.update([READ] if reason is None else [READ, reason])
        if reason is None:
            allowed.append(pair)
    known = {name: _known(name, trained, allowed, common[name]) for name in _LANGUAGES}
    kept = [
        pair._replace(split=AUXILIARY)
        for pair in allowed
        if known["fr"].issuperset(pair.fr_tokens) and known["en"].issuperset(pair.en_tokens)
    ]
    report[KEPT], report[UNKNOWN] = len(kept), len(allowed) - len(kept)
    return [*split, *kept]


def _judged(
    others: Sequence[TokenizedPair],
    held_out: Sequence[TokenizedPair],
    trained: Sequence[TokenizedPair],
) -> Iterator[tuple[TokenizedPair, str | None]]:
    """Yield each pair with the reason to refuse it, or None."""
    groups = {pair.group for pair in held_out}
    known = set(zip(*_keys(trained), strict=True))
    keys = _keys(others)
    leaks = [_leaks(own, held) for own, held in zip(keys, _keys(held_out), strict=True)]
    for pair, fr, en in zip(others, *keys, strict=True):
        if pair.group in groups:
            yield pair, GROUP
        elif fr in leaks[0] or en in leaks[1]:
            yield pair, TEXT
        else:
            yield pair, TRAINED if (fr, en) in known else None


def _keys(pairs: Sequence[TokenizedPair]) -> list[list[str]]:
    """Return the French and the English texts without case, punctuation and spaces."""
    return [[match_key(getattr(pair, name)) for pair in pairs] for name in _LANGUAGES]


def _leaks(keys: Collection[str], held_out: Collection[str]) -> set[str]:
    """Return those of ``keys`` that are a held-out text, or a longer one inside or around one."""
    own, held = set(keys), set(held_out)
    around = {key for text in _inside(held, own) for key in own if text in key}
    return around | _inside(own, held) | held


def _inside(texts: Collection[str], others: Collection[str]) -> set[str]:
    """Return those of ``texts`` that are long and stand in one of ``others``."""
    everything = "\n".join(others)  # one search in all is many times faster than one in each
    return {text for text in texts if len(text) >= _WHOLE_TEXT and text in everything}


def _known(
    language: str, trained: Sequence[TokenizedPair], others: Sequence[TokenizedPair], common: int
) -> set[str]:
    """Return the words of the train split and the most common ones of the others."""
    column = f"{language}_tokens"
    counts = Counter(chain.from_iterable(getattr(pair, column) for pair in others))
    words = set(chain.from_iterable(getattr(pair, column) for pair in trained))
    return words | {word for word, _ in counts.most_common(common)}


# What a verse is cut into: the first kind of which both versions have the same number.
PIECES = {
    "clause": re.compile(r"[^.?!;:]*[^.?!;:\s][^.?!;:]*[.?!;:]*"),
    "sentence": re.compile(r"[^.?!]*[^.?!\s][^.?!]*[.?!]*"),
    "verse": re.compile(r".*\S"),
}

# Reasons in the order of the report.
LONG, RATIO, DUPLICATE = "too many English words", "length ratio", "duplicate"
KEPT_CLAUSES = {kind: f"kept, by {kind}" for kind in PIECES}
REASONS_CLAUSES = (LONG, RATIO, DUPLICATE, *KEPT_CLAUSES.values())

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
    report.update(dict.fromkeys(REASONS_CLAUSES, 0))
    for (book, chapter, verse), texts in verses.items():
        group = f"{book}:{chapter}:{verse}"
        cleaned = {version: clean(text, options) for version, text in texts.items()}
        seen: set[tuple[str, str]] = set()
        for fr_version, en_version in product(fr_versions, en_versions):
            kind, aligned = _aligned(cleaned.get(fr_version, ""), cleaned.get(en_version, ""))
            for index, (fr, en) in enumerate(aligned, start=1):
                reason = _fault(fr, en, longest, options) or (
                    DUPLICATE if (fr, en) in seen else KEPT_CLAUSES[kind]
                )
                report[reason] += 1
                if reason == KEPT_CLAUSES[kind]:
                    seen.add((fr, en))
                    item = f"{group}/{kind}{len(aligned)}.{index}"
                    yield Pair(item, group, fr, en, fr_version, en_version)
    if not any(report[reason] for reason in KEPT_CLAUSES.values()):
        raise InputError(
            f"expected pairs of 1 to {longest} English words in the verses, got none in "
            f"{len(verses)} verses; raise auxiliary.max_en_words or check the versions"
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
