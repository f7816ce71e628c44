"""Complete settings for tests: the defaults of the schema, changed where a test needs it."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from workflow.config import read_schema

SCHEMA = Path(__file__).resolve().parents[1] / "workflow/schemas/config.schema.yaml"

Block = dict[str, Any]


@cache
def _schema() -> Block:
    schema: Block = read_schema(SCHEMA)
    return schema


def _resolved(node: Block) -> Block:
    if "$ref" not in node:
        return node
    _, group, name = node["$ref"].split("/")
    target: Block = _schema()[group][name]
    return target


def _default(node: Block) -> Any:
    properties = _resolved(node).get("properties")
    if properties is None:
        return node.get("default", _resolved(node).get("default"))
    return {name: _default(child) for name, child in properties.items()}


def defaults(path: str, kind: str | None = None) -> Block:
    """Return the defaults of a block of the configuration, for example ``variants.*.model``.

    ``*`` is any entry of a mapping; ``kind`` selects one of several kinds of entries.
    """
    node = _schema()
    for key in path.split("."):
        node = _resolved(node)
        node = node["additionalProperties"] if key == "*" else node["properties"][key]
    node = _resolved(node)
    if kind is not None:
        branches = (_resolved(branch) for branch in node["oneOf"])
        (node,) = (b for b in branches if b["properties"]["kind"]["const"] == kind)
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
