"""Alternative spellings of words without a vector."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

# The words whose mean vector replaces that of a missing word; mostly a single word.
Candidate: TypeAlias = tuple[str, ...]

_APOSTROPHES = re.compile("[‘’ʼ′´`]")  # noqa: RUF001
_HYPHENS = re.compile("[\u2010\u2011]")

# The word before the apostrophe, in full.
_ELIDED = {
    **{"l": "le", "d": "de", "j": "je", "m": "me", "t": "te", "s": "se", "n": "ne", "c": "ce"},
    **{"qu": "que", "jusqu": "jusque", "lorsqu": "lorsque", "puisqu": "puisque"},
    **{"quoiqu": "quoique", "quelqu": "quelque", "presqu": "presque", "entr": "entre"},
}
# English endings that tokenizers separate, in full; 's has none (is, has or the genitive).
_CLITICS = {
    **{"n't": "not", "'ll": "will", "'re": "are", "'ve": "have", "'m": "am", "'d": "would"},
    **{"'em": "them", "'tis": "it", "'s": "s"},
}


def case(token: str) -> Iterator[Candidate]:
    """Yield the token in lower case, capitalized, with each part capitalized, in upper case."""
    yield from ((token.lower(),), (token.capitalize(),), (token.title(),), (token.upper(),))


def apostrophe(token: str) -> Iterator[Candidate]:
    """Yield the token with straight, then with curly apostrophes."""
    straight = _APOSTROPHES.sub("'", token)
    yield (straight,)
    yield (straight.replace("'", "’"),)  # noqa: RUF001


def elision(token: str) -> Iterator[Candidate]:
    """Yield the full word of an elided one (qu' -> que), else the word without its clitic.

    So l'eau becomes eau and john's becomes john: the clitic adds little to the meaning.
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


def hyphen(token: str) -> Iterator[Candidate]:
    """Yield the token without outer hyphens, its parts (-t-il -> il), then the parts joined."""
    plain = _HYPHENS.sub("-", token)
    if "-" not in plain:
        return
    yield (plain.strip("-"),)
    parts = tuple(part for part in plain.split("-") if part)
    yield tuple(part for part in parts if part != "t") or parts
    yield ("".join(parts),)


SPELLINGS: Mapping[str, Callable[[str], Iterator[Candidate]]] = {
    function.__name__: function for function in (case, apostrophe, elision, hyphen)
}
SUBWORDS = "subwords"  # no spelling: a fastText .bin composes a vector of n-grams


def candidates(token: str, fallback: str) -> list[Candidate]:
    """Return the spellings that ``fallback`` tries, in order, for the token and in lower case.

    The token itself is not among them; ``SUBWORDS`` has no spellings.
    """
    if fallback == SUBWORDS:
        return []
    forms = (form for text in (token, token.lower()) for form in SPELLINGS[fallback](text))
    return [form for form in dict.fromkeys(forms) if form not in ((token,), (), ("",))]
