"""The form of what a person asks for in words.

The workflow looks at the example searches in the same way (workflow/image_relations.py) before
anything is installed, so that only the standard library is imported here.
"""

from typing import NamedTuple

INSTANCES = "write for instance: boat, sail boat, boat + sail, king - man + woman"

_SIGNS = {"+": 1, "-": -1, "\u2212": -1}  # the last one is the printers' minus


class Term(NamedTuple):
    """Words between two signs: their mean counts, with the sign (1 or -1) before them."""

    sign: int
    words: tuple[str, ...]


def terms_of(text: str) -> list[Term]:
    """Return the terms of a query such as ``boat``, ``sail boat`` or ``king - man + woman``.

    A sign stands by itself or right before a word; a hyphen inside a word is part of it.
    Raises ValueError with the word that is missing, in a query without words or behind a sign.
    """
    terms: list[tuple[int, list[str]]] = [(1, [])]
    for piece in text.split():
        if piece[0] in _SIGNS:
            # Only at the very beginning may a sign follow nothing: "- cat".
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
