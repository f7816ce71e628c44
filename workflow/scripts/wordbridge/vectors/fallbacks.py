"""Other spellings under which a word without a vector may have one."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import TypeAlias

from wordbridge.errors import InputError

# The words whose mean stands for the missing one: mostly just one word.
Form: TypeAlias = tuple[str, ...]

_APOSTROPHES = re.compile("[‘’ʼ′´`]")  # noqa: RUF001
_HYPHENS = re.compile("[\u2010\u2011]")

# The word before the apostrophe, in full.
_ELIDED = {
    **{"l": "le", "d": "de", "j": "je", "m": "me", "t": "te", "s": "se", "n": "ne", "c": "ce"},
    **{"qu": "que", "jusqu": "jusque", "lorsqu": "lorsque", "puisqu": "puisque"},
    **{"quoiqu": "quoique", "quelqu": "quelque", "presqu": "presque", "entr": "entre"},
}
# English endings that tokenizers cut off, in full; 's has none (is, has or the genitive).
_CLITICS = {
    **{"n't": "not", "'ll": "will", "'re": "are", "'ve": "have", "'m": "am", "'d": "would"},
    **{"'em": "them", "'tis": "it", "'s": "s"},
}


def case(token: str) -> Iterator[Form]:
    """Yield the token in lower case, with a capital (at each part too), in capitals."""
    for spelling in (token.lower(), token.capitalize(), token.title(), token.upper()):
        yield (spelling,)


def apostrophe(token: str) -> Iterator[Form]:
    """Yield the token with straight, then with curly apostrophes."""
    straight = _APOSTROPHES.sub("'", token)
    yield (straight,)
    yield (straight.replace("'", "’"),)  # noqa: RUF001


def elision(token: str) -> Iterator[Form]:
    """Yield the full word of an elided one (qu' -> que), else what the apostrophe is joined to.

    So l'eau becomes eau and john's becomes john: the small word has little to say.
    """
    straight = _APOSTROPHES.sub("'", token)
    if "'" not in straight:
        return
    if straight in _CLITICS:
        yield (_CLITICS[straight],)
        return
    head, _, tail = straight.partition("'")
    if head in _ELIDED:
        yield (tail or _ELIDED[head],)
    for clitic in _CLITICS:
        if straight.endswith(clitic):
            yield (straight.removesuffix(clitic),)
    yield (straight.strip("'"),)


def hyphen(token: str) -> Iterator[Form]:
    """Yield the token without hyphens at its ends, its parts (-t-il -> il), then all in one."""
    plain = _HYPHENS.sub("-", token)
    if "-" not in plain:
        return
    yield (plain.strip("-"),)
    parts = tuple(part for part in plain.split("-") if part)
    yield tuple(part for part in parts if part != "t") or parts
    yield ("".join(parts),)


def accents(token: str) -> Iterator[Form]:
    """Yield the token with composed characters, with or without ligature, without accents."""
    composed = unicodedata.normalize("NFC", token)
    yield (composed,)
    yield (composed.replace("oe", "œ"),)
    apart = composed.replace("œ", "oe").replace("æ", "ae")
    yield (apart,)
    marked = unicodedata.normalize("NFD", apart)
    yield ("".join(sign for sign in marked if not unicodedata.combining(sign)),)


SPELLINGS: Mapping[str, Callable[[str], Iterator[Form]]] = {
    "case": case,
    "apostrophe": apostrophe,
    "elision": elision,
    "hyphen": hyphen,
    "accents": accents,
}
SUBWORDS = "subwords"  # not a spelling: the vectors themselves make one (fastText .bin only)
FALLBACKS = (*SPELLINGS, SUBWORDS)


def forms(token: str, fallback: str) -> list[Form]:
    """Return what ``fallback`` tries for a token, in order, as written and in lower case.

    The token itself is not among them; ``SUBWORDS`` has no forms.
    """
    if fallback == SUBWORDS:
        return []
    tried = (form for spelled in (token, token.lower()) for form in SPELLINGS[fallback](spelled))
    return [form for form in dict.fromkeys(tried) if form not in ((token,), (), ("",))]


def check_fallbacks(names: Sequence[str]) -> None:
    """Raise InputError when a fall-back is unknown or named twice."""
    for place, name in enumerate(names):
        if name not in FALLBACKS:
            near = get_close_matches(name, FALLBACKS, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]}?" if near else "choose among them"
            raise InputError(
                f"unknown fall-back {name!r}: expected some of {', '.join(FALLBACKS)}; {hint}"
            )
        if name in names[:place]:
            raise InputError(f"fall-back {name} is named twice: expected each once; remove one")
