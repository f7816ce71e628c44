"""Auxiliary training text: clauses of the verses that share no text with valid and test."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain, product

from wordbridge.corpus.bible import capitalize, count_words, similar_length, strip_marks
from wordbridge.corpus.pairs import Pair, TokenizedPair, token_lists
from wordbridge.corpus.splits import match_key
from wordbridge.errors import InputError

# Units of a verse, the finest first.
UNITS = {
    "clause": re.compile(r"[^.?!;:]*[^.?!;:\s][^.?!;:]*[.?!;:]*"),
    "sentence": re.compile(r"[^.?!]*[^.?!\s][^.?!]*[.?!]*"),
    "verse": re.compile(r".*\S"),
}

# Reasons in the order of the report of ``pair_clauses``.
LONG, RATIO, DUPLICATE = "too many English words", "length ratio", "duplicate"
KEPT_BY_UNIT = {unit: f"kept, by {unit}" for unit in UNITS}
CLAUSE_REASONS = (LONG, RATIO, DUPLICATE, *KEPT_BY_UNIT.values())

# Reasons in the order of the report of ``add_auxiliary``.
READ, KEPT = "read", "kept"
GROUP = "group of the valid or test split"
TEXT = "equals, contains or is inside a text of the valid or test split"
IN_TRAIN, RARE = "pair of the train split", "rare word"
REASONS = (READ, KEPT, GROUP, TEXT, IN_TRAIN, RARE)

_LANGUAGES = ("fr", "en")
# Shorter texts ("Pourquoi?") are phrases that any other text may contain.
_MIN_CONTAINED = 15  # letters


def pair_clauses(
    verses: Mapping[str, Mapping[str, str]],
    fr_versions: Sequence[str],
    en_versions: Sequence[str],
    max_en_words: int,
    report: Counter[str],
) -> Iterator[Pair]:
    """Yield pairs of clauses of all combinations of versions, in the order of ``verses``.

    The group is the key of the verse; the item adds "/", the kind of unit, the number of units in
    the verse and the index of this one. A text pair occurs once per verse. ``report`` gets the
    counts by reason. Raises InputError at the end when there is no pair.
    """
    report.update(dict.fromkeys(CLAUSE_REASONS, 0))
    for group, texts in verses.items():
        cleaned = {version: strip_marks(text) for version, text in texts.items()}
        seen: set[tuple[str, str]] = set()
        for fr_version, en_version in product(fr_versions, en_versions):
            unit, aligned = _align(cleaned.get(fr_version, ""), cleaned.get(en_version, ""))
            for index, (fr, en) in enumerate(aligned, start=1):
                if count_words(en) > max_en_words:
                    reason = LONG
                elif not similar_length(fr, en):
                    reason = RATIO
                else:
                    reason = DUPLICATE if (fr, en) in seen else KEPT_BY_UNIT[unit]
                report[reason] += 1
                if reason == KEPT_BY_UNIT[unit]:
                    seen.add((fr, en))
                    item = f"{group}/{unit}{len(aligned)}.{index}"
                    yield Pair(item, group, fr, en, fr_version, en_version)
    if not any(report[reason] for reason in KEPT_BY_UNIT.values()):
        raise InputError(
            f"expected pairs of 1 to {max_en_words} English words in the verses, got none in "
            f"{len(verses)} verses; raise auxiliary.max_en_words or check the versions"
        )


def _align(fr: str, en: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the finest unit of which both texts have the same number, and its pairs."""
    for name, pattern in UNITS.items():
        fr_units, en_units = (
            [capitalize(unit.strip()) for unit in pattern.findall(text)] for text in (fr, en)
        )
        if len(fr_units) == len(en_units):
            return name, list(zip(fr_units, en_units, strict=True))
    return name, []


def add_auxiliary(
    pairs: Sequence[TokenizedPair],
    candidates: Sequence[TokenizedPair],
    common_words: Mapping[str, int],
    report: Counter[str],
) -> list[TokenizedPair]:
    """Return ``pairs`` followed by the accepted ``candidates``, which get the split "auxiliary".

    An accepted pair shares no group with the valid and test splits, and no French or English
    text of it equals, contains or is contained in one of theirs, case and punctuation aside. All
    its words are in the train split or among the ``common_words`` (a number by language) most
    common words of the candidates. ``report`` gets the counts by reason.
    """
    report.update(dict.fromkeys(REASONS, 0))
    allowed = []
    for pair, reason in _check_leaks(candidates, pairs):
        report.update([READ] if reason is None else [READ, reason])
        if reason is None:
            allowed.append(pair)
    words = {}
    for name in _LANGUAGES:
        common = Counter(chain.from_iterable(token_lists(allowed, name, "all")))
        words[name] = {word for word, _ in common.most_common(common_words[name])}
        words[name].update(*token_lists(pairs, name, "train"))
    kept = [
        pair._replace(split="auxiliary")
        for pair in allowed
        if words["fr"].issuperset(pair.fr_tokens) and words["en"].issuperset(pair.en_tokens)
    ]
    report[KEPT], report[RARE] = len(kept), len(allowed) - len(kept)
    return [*pairs, *kept]


def _check_leaks(
    candidates: Sequence[TokenizedPair], pairs: Sequence[TokenizedPair]
) -> Iterator[tuple[TokenizedPair, str | None]]:
    """Yield each candidate with the reason to reject it, or None."""
    held_out = [pair for pair in pairs if pair.split != "train"]
    groups = {pair.group for pair in held_out}
    train_keys = set(zip(*_keys([p for p in pairs if p.split == "train"]), strict=True))
    keys = _keys(candidates)
    fr_leaks, en_leaks = map(_leaks, keys, _keys(held_out))
    for pair, fr, en in zip(candidates, *keys, strict=True):
        if pair.group in groups:
            yield pair, GROUP
        elif fr in fr_leaks or en in en_leaks:
            yield pair, TEXT
        else:
            yield pair, IN_TRAIN if (fr, en) in train_keys else None


def _keys(pairs: Sequence[TokenizedPair]) -> list[list[str]]:
    """Return the match keys of the French and of the English texts."""
    return [[match_key(getattr(pair, name)) for pair in pairs] for name in _LANGUAGES]


def _leaks(keys: Collection[str], held_out: Collection[str]) -> set[str]:
    """Return the ``keys`` that equal or contain a held-out text or are contained in one."""
    candidates, held = set(keys), set(held_out)
    contained = _contained(held, candidates)
    containing = {key for text in contained for key in candidates if text in key}
    return containing | _contained(candidates, held) | held


def _contained(texts: Collection[str], containers: Collection[str]) -> set[str]:
    """Return the long ``texts`` that one of ``containers`` contains."""
    joined = "\n".join(containers)  # one search in all is many times faster than one in each
    return {text for text in texts if len(text) >= _MIN_CONTAINED and text in joined}
