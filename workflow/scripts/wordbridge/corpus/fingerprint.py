"""What two texts share that differ only in case, punctuation and spaces."""

import unicodedata


def fingerprint(text: str) -> str:
    """Return the letters, accents and digits of ``text``, case folded, without anything else."""
    folded = unicodedata.normalize("NFC", text).casefold()
    return unicodedata.normalize("NFC", folded.translate(_WORDS_ONLY))


class _WordsOnly(dict[int, int | None]):
    """A translation table that fills itself: characters that are no part of words go."""

    def __missing__(self, code: int) -> int | None:
        is_kept = unicodedata.category(chr(code))[0] in "LMN"
        self[code] = code if is_kept else None
        return self[code]


_WORDS_ONLY = _WordsOnly()
