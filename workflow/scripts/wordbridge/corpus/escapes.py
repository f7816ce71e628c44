"""Token lists as one line of text, whatever the tokens hold."""

import re
from collections.abc import Sequence

from wordbridge.errors import InputError

_NAMED = {"\\": "\\\\", " ": "\\s", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_PLAIN = {escape[1]: character for character, escape in _NAMED.items()}
_EMPTY = "\\e"  # without a sign of its own, an empty token would vanish between two spaces

# Controls and odd spaces too: some readers end a line at U+0085 or U+2028.
_UNSAFE = re.compile(r"[\\\s\x00-\x1f\x7f-\x9f]")
_ESCAPED = re.compile(r"\\(u[0-9a-f]{4}|[^u]|u|$)", re.DOTALL)


def escape_token(token: str) -> str:
    """Return ``token`` without spaces, tabs, line ends or controls, never empty.

    ``unescape_token`` gives the token back.
    """
    return _UNSAFE.sub(_escape, token) if token else _EMPTY


def unescape_token(field: str) -> str:
    """Return the token that ``escape_token`` wrote as ``field``.

    Raises InputError for an escape that is never written.
    """
    if field == _EMPTY:
        return ""
    return _ESCAPED.sub(_unescape, field) if "\\" in field else field


def join_tokens(tokens: Sequence[str]) -> str:
    """Return ``tokens`` as one line, with a space between each two."""
    return " ".join(map(escape_token, tokens))


def split_tokens(line: str) -> list[str]:
    """Return the tokens that ``join_tokens`` wrote as ``line``."""
    return [unescape_token(field) for field in line.split(" ")] if line else []


def _escape(match: re.Match[str]) -> str:
    character = match.group()
    return _NAMED.get(character) or f"\\u{ord(character):04x}"


def _unescape(match: re.Match[str]) -> str:
    code = match.group(1)
    if len(code) == 5:
        return chr(int(code[1:], 16))
    if code not in _PLAIN:
        raise InputError(
            f"unknown escape {match.group()!r} in a token: expected one of "
            f"{' '.join([*_NAMED.values(), _EMPTY])} \\uXXXX; "
            "write a backslash that stands for itself as \\\\"
        )
    return _PLAIN[code]
