"""Words out of SentencePiece pieces; needs nothing of the library."""

from collections.abc import Iterable

SPACE = "\u2581"  # how SentencePiece writes the space before a word


def joined_pieces(pieces: Iterable[str]) -> list[str]:
    """Return the words that ``pieces`` spell."""
    return "".join(pieces).replace(SPACE, " ").split()
