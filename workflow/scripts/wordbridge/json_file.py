"""Objects in JSON files."""

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from wordbridge.atomic import replacing
from wordbridge.errors import InputError, brief


def write_object(path: str | Path, value: Mapping[str, Any]) -> None:
    """Write an object with sorted keys: equal ones give equal bytes.

    Raises ValueError for a figure that is not finite, since JSON has no word for it.
    """
    with replacing(path) as partial:
        text = json.dumps(value, indent=1, sort_keys=True, allow_nan=False)
        partial.write_text(text + "\n", encoding="utf-8", newline="\n")


def read_object(
    path: str | Path, expected: str, remedy: str, keys: Collection[str] = ()
) -> dict[str, Any]:
    """Return the object in a JSON file, which has at least ``keys``.

    ``expected`` says what the file should be, ``remedy`` what to do when it is not. Raises
    InputError when it is missing, damaged or something else.
    """
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path}: expected {expected} in JSON, got none ({brief(error)}); {remedy}"
        ) from error
    if not isinstance(found, dict):
        got = type(found).__name__
        raise InputError(f"{path}: expected {expected} as a JSON object, got {got}; {remedy}")
    lacking = sorted(set(keys) - found.keys())
    if lacking:
        raise InputError(
            f"{path}: expected {expected} with {', '.join(keys)}, got none with "
            f"{', '.join(lacking)}; {remedy}"
        )
    return found
