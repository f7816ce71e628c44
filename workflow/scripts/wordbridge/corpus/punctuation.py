"""One way to write each quotation mark, apostrophe, dash and space."""

import re
import unicodedata

_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))  # soft hyphen, zero widths

_PLAIN = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛ʼ′`´", "'"),  # noqa: RUF001 (the point is that they look alike)
        **dict.fromkeys("“”„‟″", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"),  # hyphens, en dash, minus
        **dict.fromkeys("\u2014\u2015", "--"),  # as plain texts write the em dash
        "\u2026": "...",
    }
)

# French sets its quotation marks off with spaces that English and straight quotes do not have.
_GUILLEMETS = ((re.compile(r"«\s*|\s*»"), '"'), (re.compile(r"‹\s*|\s*›"), "'"))  # noqa: RUF001
_TWO_APOSTROPHES = re.compile("''")
_SPACES = re.compile(r"\s+")


def normalise(text: str) -> str:
    """Return ``text`` with straight quotes, plain dashes and single plain spaces.

    Letters and their accents stay, each as one character (Unicode NFC). Normalised text is
    not changed by a second call.
    """
    text = unicodedata.normalize("NFC", text.translate(_INVISIBLE)).translate(_PLAIN)
    for marks, quote in _GUILLEMETS:
        text = marks.sub(quote, text)
    text = _TWO_APOSTROPHES.sub('"', text)
    return _SPACES.sub(" ", text).strip()
