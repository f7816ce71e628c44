"""Keys by which the words of a vector file are compared with those of the corpus."""

import sys
from pathlib import Path

from wordbridge.errors import InputError
from wordbridge.text import clean

_MAX_SHARE = 0.01  # of the accented words: fastText cuts a few words inside a character


def word_key(word: str) -> str:
    """Return the form of ``word`` that is compared: clean, and without spaces around it.

    A word of spaces alone keeps them.
    """
    return clean(word).strip() or word


class WordKeys:
    """The keys of the words of a file, and the number of words that are not UTF-8."""

    def __init__(self, path: str | Path, unit: str) -> None:
        self._path, self._unit = path, unit
        self._accented = self._invalid = 0
        self._first = ""

    def key(self, word: bytes, number: int) -> str | None:
        """Return the key of the word in a line or entry (from 1), None if it is not UTF-8."""
        if word.isascii():
            return word.decode().strip() or " "
        self._accented += 1
        try:
            return word_key(word.decode())
        except UnicodeDecodeError:
            self._first = self._first or f"{self._unit} {number}: expected UTF-8, got {word!r}"
            self._invalid += 1
            return None

    def check(self) -> None:
        """Raise InputError unless nearly all words were UTF-8; the others are a warning."""
        problem = (
            f"{self._path}, {self._first} ({self._invalid} of {self._accented} accented words)"
        )
        if self._invalid > _MAX_SHARE * self._accented:
            raise InputError(
                f"{problem}; convert the file, for example with iconv -f WINDOWS-1252 -t UTF-8, or "
                "fetch it again"
            )
        if self._invalid:
            print(f"warning: {problem}; these are ignored", file=sys.stderr)
