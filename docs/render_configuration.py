"""Tables of the configuration's keys: ``python -m docs.render_configuration FILE``.

Everything below the line MARKER of the Markdown file is replaced; the text above it is kept.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from workflow.config import SCHEMA, read_schema
from workflow.config_errors import Schema, allowed_values, resolve

MARKER = (
    "<!-- Below this line: rendered from workflow/schemas/config.schema.yaml by `make docs`. -->"
)
HEAD = ["key", "values", "unit", "default", "description"]
OMITTED = ("unit", "pattern", "minLength")


def render(text: str, root: Schema) -> str:
    """Return a page with a section for each key at the top of the schema below its marker."""
    before, marker, _ = text.partition(MARKER)
    if not marker:
        raise SystemExit(f"error: expected the line {MARKER!r}, got none; add it")
    seen: dict[str, str] = {}
    sections = [_section(name, root, seen) for name in root["properties"]]
    return f"{before}{marker}\n\n" + "\n\n".join(sections) + "\n"


def _section(name: str, root: Schema, seen: dict[str, str]) -> str:
    rows = list(_rows(name, root["properties"][name], root, seen, name in root["required"]))
    lines = [f"## {name}", ""]
    if len(rows) > 1:  # a mapping
        _, _, _, default, description = rows.pop(0)
        about = description + " Required." * (default == "required")
        lines += [about.lstrip(), ""] if about else []
    for row in (HEAD, ["---"] * len(HEAD), *rows):
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |")
    return "\n".join(lines)


def _rows(
    path: str, node: Schema, root: Schema, seen: dict[str, str], required: bool = False
) -> Iterator[list[str]]:
    """Yield the rows of a key and of those below; ``seen`` has the path of each definition."""
    reference, node = node.get("$ref", ""), resolve(node, root)
    text = node.get("description", "")
    children = [key for key in ("properties", "oneOf", "additionalProperties") if node.get(key)]
    if children and reference in seen:
        text = f"{text} Keys as in `{seen[reference]}`.".lstrip()
        children = []
    elif children:
        seen[reference or path] = path
    unit = "" if node.get("unit", "1") == "1" else node["unit"]
    default = "required" if required else _default(node)
    if text or not children or "." not in path:
        yield [f"`{path}`", _values(node, root), unit, default, text]
    if children:
        yield from _children(path, node, root, seen)
    items = node.get("items", {})
    if "oneOf" in resolve(items, root):
        yield from _children(f"{path}[]", resolve(items, root), root, seen)


def _children(path: str, node: Schema, root: Schema, seen: dict[str, str]) -> Iterator[list[str]]:
    for branch in node.get("oneOf", []):
        kind = branch["properties"].get("kind")
        name = f"kind: {kind['const']}" if kind else branch["required"][0]
        yield [f"**`{path}` with `{name}`**", "", "", "", kind["description"] if kind else ""]
        rest = {key: child for key, child in branch["properties"].items() if key != "kind"}
        yield from _children(path, {**branch, "properties": rest}, root, seen)
    for name, child in node.get("properties", {}).items():
        yield from _rows(f"{path}.{name}", child, root, seen, name in node.get("required", []))
    if entries := node.get("additionalProperties"):
        yield from _rows(f"{path}.NAME", entries, root, seen)


def _values(node: Schema, root: Schema) -> str:
    """Return a description of the values that a key may have."""
    if "entryOf" in node:
        several = ", a list of names" * ("array" in node["type"])
        return f"a name in `{node['entryOf']}`{several}" + " or null" * ("null" in node["type"])
    if node.get("type") == "array" and isinstance(node.get("items"), dict):
        return f"list: {_values(resolve(node['items'], root), root)}"
    if node.get("type") == "object" or node.keys() & {"properties", "oneOf"}:
        return "mapping"
    return allowed_values({key: node[key] for key in node if key not in OMITTED}, root)


def _default(node: Schema) -> str:
    if node.get("default", {}) == {}:  # the defaults of its keys
        return ""
    return f"`{json.dumps(node['default'], ensure_ascii=False)}`"


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(render(page.read_text(encoding="utf-8"), read_schema(SCHEMA)), encoding="utf-8")
