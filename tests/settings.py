"""Complete settings for tests: the defaults of the schema, changed where a test needs it."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from workflow.config import SCHEMA, read_schema
from workflow.config_errors import resolve

Block = dict[str, Any]


@cache
def _schema() -> Block:
    return read_schema(SCHEMA)


def _default(node: Block) -> Any:
    node = resolve(node, _schema())
    if "properties" not in node:
        return node.get("default")
    return {name: _default(child) for name, child in node["properties"].items()}


def defaults(path: str, kind: str | None = None) -> Block:
    """Return the defaults of a block of the configuration, for example ``variants.*.model``.

    ``*`` is any entry of a mapping; ``kind`` selects one of several kinds of entries.
    """
    node = _schema()
    for key in path.split("."):
        node = node["additionalProperties"] if key == "*" else node["properties"][key]
        node = resolve(node, _schema())
    if kind is not None:
        (node,) = (b for b in node["oneOf"] if b["properties"]["kind"]["const"] == kind)
    block: Block = _default(node)
    return block


def changed(block: Mapping[str, Any], changes: Mapping[str, Any]) -> Block:
    """Return ``block`` with other values, block by block."""
    result = dict(block)
    for name, value in changes.items():
        inner = result.get(name)
        result[name] = changed(inner, value) if isinstance(inner, dict) else value
    return result


def variant(changes: Mapping[str, Any]) -> Block:
    """Return the block of a translator as its training gets it."""
    block = changed(defaults("variants.*"), changes)
    del block["training"]["checkpoint_seconds"]
    return block
