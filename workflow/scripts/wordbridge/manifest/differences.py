"""Two nested values compared: which keys differ, from what to what."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

ABSENT = "none"


class Difference(NamedTuple):
    """A key with dots between the levels, and its value on either side."""

    key: str
    old: Any
    new: Any

    def __str__(self) -> str:
        return f"{self.key}: {shown(self.old)} -> {shown(self.new)}"


def differences(old: Any, new: Any, key: str = "") -> Iterator[Difference]:
    """Yield what differs between two values, of mappings the single keys.

    A key that one side lacks has ABSENT there.
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in sorted({*old, *new}, key=str):
            inner = f"{key}.{name}".lstrip(".")
            yield from differences(old.get(name, ABSENT), new.get(name, ABSENT), inner)
    elif old != new:
        yield Difference(key, old, new)


def shown(value: Any, most: int = 60) -> str:
    """Return a value as short text: what is long is cut."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= most else f"{text[: most - 3]}..."
