"""The figures of one run as a JSON file."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from wordbridge.atomic import replacing
from wordbridge.json_file import read_object


def write_record(path: str | Path, record: Mapping[str, Any]) -> None:
    """Write ``record`` as JSON, one key a line in the order of the mapping.

    Raises ValueError for a figure that is not finite, since JSON has no word for it.
    """
    lines = (
        f" {json.dumps(key)}: {json.dumps(value, ensure_ascii=False, allow_nan=False)}"
        for key, value in record.items()
    )
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")


def read_records(paths: Iterable[str | Path]) -> list[dict[str, Any]]:
    """Return the records at ``paths``, in their order.

    Raises InputError when a file is missing or holds anything but a JSON object.
    """
    return [read_object(path, "the figures of a run", "score the run again") for path in paths]
