"""Defaults of the configuration, for settings that tests build without a whole configuration."""

from functools import reduce
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text("utf-8"))


def defaults(*path: str | int) -> dict[str, Any]:
    """Return the defaults of the block at ``path`` of the schema, such as "$defs", "sentences"."""
    block = reduce(lambda node, key: node[key], path, SCHEMA)
    return {key: node["default"] for key, node in block["properties"].items() if "default" in node}


SENTENCES = defaults("$defs", "sentences")
TOKEN_RULES = defaults("properties", "tokens", "properties", "rules")
TRAINED_VECTORS = defaults("$defs", "vectors", "oneOf", 4)
