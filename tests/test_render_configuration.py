"""The tables of docs/configuration.md."""

import re
from pathlib import Path

import pytest

from docs.render_configuration import MARKER, render
from workflow.config import SCHEMA, read_schema
from workflow.config_errors import schema_keys

PAGE = Path(__file__).resolve().parents[1] / "docs/configuration.md"
SCHEMA_OF_FEW = {
    "required": ["words"],
    "properties": {
        "words": {"type": "array", "items": {"type": "string", "entryOf": "sets"}},
        "sets": {
            "type": "object",
            "description": "Sets by name.",
            "additionalProperties": {"$ref": "#/$defs/set"},
        },
        "rate": {"type": "number", "minimum": 0, "unit": "1", "default": 0.5, "description": "R."},
        "other": {"$ref": "#/$defs/set", "default": {}, "description": "One more set."},
    },
    "$defs": {
        "set": {
            "oneOf": [
                {
                    "required": ["kind", "file"],
                    "properties": {
                        "kind": {"const": "a|b", "description": "A file."},
                        "file": {"type": "string", "pattern": "x", "description": "Path."},
                        "size": {
                            "type": ["integer", "null"],
                            "unit": "bytes",
                            "default": None,
                            "description": "Its size.",
                        },
                    },
                }
            ]
        }
    },
}


def test_the_page_is_current_and_has_every_key():
    schema, text = read_schema(SCHEMA), PAGE.read_text(encoding="utf-8")
    assert render(text, schema) == text, "run `make docs`"
    sections = text.partition(MARKER)[2]
    names = {path.split(".")[-1] for path, _ in schema_keys(schema, schema)} - {"*", "kind"}
    missing = {name for name in names if not re.search(rf"\.{name}[.`]", sections)}
    assert missing <= schema["properties"].keys()


def test_a_row_has_key_values_unit_default_and_description():
    page = render(f"Above\n{MARKER}\nold", SCHEMA_OF_FEW)
    assert page.startswith(f"Above\n{MARKER}\n\n## words\n")
    assert "old" not in page
    assert "| `rate` | a number at least 0 |  | `0.5` | R. |" in page
    assert "## sets\n\nSets by name.\n\n| key |" in page
    assert "| **`sets.NAME` with `kind: a\\|b`** |  |  |  | A file. |" in page
    assert "| `sets.NAME.file` | text |  | required | Path. |" in page
    assert "| `sets.NAME.size` | an integer or null | bytes | `null` | Its size. |" in page
    assert "| `other` | mapping |  |  | One more set. Keys as in `sets.NAME`. |" in page


def test_a_page_without_the_marker_is_an_error():
    with pytest.raises(SystemExit, match="add it"):
        render("Above", SCHEMA_OF_FEW)
