"""Terms of a text query such as ``king - man + woman``.

The format ``query`` of the configuration's schema (workflow/config.py) accepts the same texts.
"""

from typing import NamedTuple

EXAMPLES = "write for instance: boat, sail boat, boat + sail, king - man + woman"

_SIGNS = {"+": 1, "-": -1, "\u2212": -1}  # the last one is the minus of typesetters


class Term(NamedTuple):
    """Words after a sign (1 or -1); their mean vector counts."""

    sign: int
    words: tuple[str, ...]


def parse_terms(text: str) -> list[Term]:
    """Return the terms of a query such as ``boat``, ``sail boat`` or ``king - man + woman``.

    A sign stands alone or before a word; a hyphen inside a word belongs to the word. Raises
    ValueError with a description of the missing word for a query or sign without words.
    """
    terms: list[tuple[int, list[str]]] = [(1, [])]
    for piece in text.split():
        if piece[0] in _SIGNS:
            # Only the first term may be empty: "- cat".
            if not terms[-1][1] and len(terms) > 1:
                raise ValueError(f"a word between {piece[0]!r} and the sign before it")
            terms.append((_SIGNS[piece[0]], []))
            piece = piece[1:]
        if piece:
            terms[-1][1].append(piece)
    if not terms[0][1]:
        terms = terms[1:]
    if not terms or not terms[-1][1]:
        raise ValueError("a word" if not terms else "a word behind the last sign")
    return [Term(sign, tuple(words)) for sign, words in terms]
