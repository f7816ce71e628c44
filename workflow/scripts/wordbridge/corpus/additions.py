"""Text to learn from beside the train part: nothing that the other parts are made of."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain

from wordbridge.corpus.fingerprint import fingerprint
from wordbridge.corpus.tokenized import TokenizedPair

AUXILIARY = "auxiliary"

# Reasons in the order of the report.
READ, KEPT = "read", "kept"
GROUP, TEXT = (
    "group of the valid or test part",
    "text of the valid or test part, around or inside one",
)
TRAINED, UNKNOWN = "pair of the train part", "rare word"
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

    These are of the part "auxiliary". They share no group with the valid and the test part, and
    no French or English text of these stands in theirs or the other way round, whatever case and
    punctuation say. All their words stand in the train part or are among the ``common`` (by
    language) most common words of the others. ``report`` gets the counts by reason.
    """
    report.update(dict.fromkeys(REASONS, 0))
    held_out = [pair for pair in split if pair.part != "train"]
    trained = [pair for pair in split if pair.part == "train"]
    allowed = []
    for pair, reason in _judged(others, held_out, trained):
        report.update([READ] if reason is None else [READ, reason])
        if reason is None:
            allowed.append(pair)
    known = {name: _known(name, trained, allowed, common[name]) for name in _LANGUAGES}
    kept = [
        pair._replace(part=AUXILIARY)
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
    return [[fingerprint(getattr(pair, name)) for pair in pairs] for name in _LANGUAGES]


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
    """Return the words of the train part and the most common ones of the others."""
    column = f"{language}_tokens"
    counts = Counter(chain.from_iterable(getattr(pair, column) for pair in others))
    words = set(chain.from_iterable(getattr(pair, column) for pair in trained))
    return words | {word for word, _ in counts.most_common(common)}
